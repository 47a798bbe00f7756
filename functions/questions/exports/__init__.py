"""Question sets as files that other programs import, one module a format."""
