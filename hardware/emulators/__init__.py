"""The device end of each protocol, on a pseudo-terminal, with a plant behind it."""
