"""Other people's environments behind our own interface: one file per package, imported late."""
