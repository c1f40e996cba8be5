"""Feetech STS servos, as in the SO-100 and SO-101 arms."""
