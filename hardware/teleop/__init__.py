"""Devices a person steers with."""
