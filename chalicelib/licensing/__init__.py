"""The pure domain: values in, decisions out. No clock, no randomness, no I/O; `now` and ids are arguments."""
