"""What a query asks of a list, and whether a resource answers it (spec licenses.md §8): one table per list."""
