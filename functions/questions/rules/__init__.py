"""Decisions about questions, without I/O."""
