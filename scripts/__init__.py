"""What developers run; nothing here is deployed."""
