"""Accounts and sessions: who may sign in, and with which tokens."""
