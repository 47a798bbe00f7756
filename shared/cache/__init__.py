"""Valkey: what may be lost."""
