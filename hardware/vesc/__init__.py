"""The VESC motor controller: motor and steering servo of a car over one serial line."""
