"""Deletion of objects, noted in PostgreSQL until it is done."""
