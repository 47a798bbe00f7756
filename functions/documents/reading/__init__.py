"""Reads an uploaded PDF into pages of text, in a child process that cannot hurt the worker."""
