"""Runs all checks and tests, several at a time."""
