"""Machines, one file per family of operations."""
