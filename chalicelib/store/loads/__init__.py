"""Load plans by operation: which items are read, in which rounds (STORE §3, §4.1)."""
