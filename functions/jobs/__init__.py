"""The jobs service: state, events and the end of jobs of every kind."""
