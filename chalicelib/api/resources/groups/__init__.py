"""Groups, one file per family of operations."""
