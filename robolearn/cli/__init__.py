"""The commands: read configuration, assemble, call the loops."""
