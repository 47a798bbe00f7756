"""What is run by deployments and operators, not by users."""
