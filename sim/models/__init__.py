"""Bodies built from primitives."""
