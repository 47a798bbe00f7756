"""What a grade is worth and when two answers are the same: decisions without I/O."""
