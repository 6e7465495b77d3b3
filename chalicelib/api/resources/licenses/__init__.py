"""Licenses, one file per family of operations."""
