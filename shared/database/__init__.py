"""PostgreSQL: the tables, the engine and the schema's migrations."""
