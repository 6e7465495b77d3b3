"""One mapper for each kind of resource: between the lines of a file and what is stored."""
