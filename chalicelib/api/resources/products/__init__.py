"""Products, one file per family of operations."""
