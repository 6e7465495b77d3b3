"""Releases, one file per family of operations."""
