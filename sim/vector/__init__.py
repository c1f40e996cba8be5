"""Many worlds at once, behind `gymnasium.vector.VectorEnv`."""
