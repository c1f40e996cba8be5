"""Scripted experts that solve the tasks and feed recording."""
