"""What an expert can do with an arm: skills are generators of actions with a checked outcome."""
