"""What goes out: one serialiser per kind, the only one (spec per-resource files). They know values, nothing else."""
