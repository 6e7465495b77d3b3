"""The operations of the fault tests, one file per family."""
