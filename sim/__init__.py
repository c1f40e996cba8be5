"""Simulation: MuJoCo worlds, the robots in them, tasks and scripted experts."""
