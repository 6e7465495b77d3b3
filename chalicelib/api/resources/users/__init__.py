"""Users, one file per family of operations."""
