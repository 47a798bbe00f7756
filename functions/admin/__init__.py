"""What administrators see and change: the key pool, and how the system performs."""
