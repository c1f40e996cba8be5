"""Policies whose actions no robot may follow; a module of their own, as processes import it."""

import numpy as np
from chunk_policies import RampPolicy


class NanPolicy(RampPolicy):
    """Turns for a while, then knows no more what to do."""

    def predict_chunk(self, history):
        chunk = super().predict_chunk(history)
        chunk[4:] = np.nan
        return chunk


class BeyondPolicy(RampPolicy):
    """Turns for a while, then asks for what the joint cannot do."""

    def predict_chunk(self, history):
        chunk = super().predict_chunk(history)
        chunk[4:, 0] = 40.0
        return chunk
