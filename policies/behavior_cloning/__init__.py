"""Behaviour cloning with action chunks, from images, states, or both."""
