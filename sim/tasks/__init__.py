"""Tasks in simulation, one file per family."""
