"""Servos of the Dynamixel X series, protocol 2.0: Koch v1.1, OMX, ViperX."""
