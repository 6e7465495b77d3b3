"""What the operations cost: `python -m tests.bench`."""
