"""Tasks as files: LIBERO's dialect of BDDL, read and written. Needs nothing of MuJoCo."""
