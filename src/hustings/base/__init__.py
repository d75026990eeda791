"""The ground floor: clock, ids, sealing, bounded channels, task scopes, state graphs, errors, settings."""
