"""Policies, one file per family of operations."""
