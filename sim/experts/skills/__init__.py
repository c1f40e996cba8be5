"""What an expert can do with an arm: each skill is a generator of actions with a checked outcome."""
