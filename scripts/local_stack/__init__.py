"""The whole system on this machine: PostgreSQL, Valkey, the emulators, and the stack on them."""
