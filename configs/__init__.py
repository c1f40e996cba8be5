"""Hydra configuration: one small YAML file per choice, naming classes by `_target_`."""
