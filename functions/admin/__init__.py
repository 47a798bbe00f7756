"""What administrators see and change: how the system performs."""
