"""What is about the system as a whole: its health, its description, its documentation."""
