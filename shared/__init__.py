"""What several services share: settings, errors, web conventions and the adapters at the edge."""
