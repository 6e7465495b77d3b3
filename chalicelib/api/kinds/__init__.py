"""The kinds of resources: how each is found, shown, listed and hidden. Operations on them are in `resources/`."""
