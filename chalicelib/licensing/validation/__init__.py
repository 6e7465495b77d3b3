"""May this license be used, here and now? One ordered table of checks over loaded values (spec validation.md)."""
