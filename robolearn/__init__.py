"""Robot learning from demonstrations: one policy code for simulated and physical robots.

This package is the ground floor: specs, interfaces, the step loop, the training loop and maths.
Importing it loads neither torch, mujoco, zarr nor serial.
"""
