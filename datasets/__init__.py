"""Demonstrations in Zarr: store, recorder, loader, checks."""
