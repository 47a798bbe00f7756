"""What the stand-in does in place of a model, one module a task."""
