"""Physical devices: teleoperation, cameras, drivers. Needs neither torch nor mujoco."""
