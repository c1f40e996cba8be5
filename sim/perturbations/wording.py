"""The instruction in other words."""

from __future__ import annotations

import re

import numpy as np

from robolearn.sim.perturbations.perturbation import Perturbation

# Of each row any word may stand for the others in an instruction for a robot at a table.
SYNONYMS = (
    ("put", "place", "set"),
    ("pick up", "take", "grab"),
    ("open", "pull open"),
    ("close", "shut"),
    ("turn on", "switch on"),
    ("turn off", "switch off"),
    ("press", "push down"),
    ("bowl", "dish"),
    ("mug", "cup"),
    ("stove", "cooker"),
    ("cabinet", "cupboard"),
    ("red", "crimson"),
    ("block", "cube"),
    ("drive", "go"),
    ("laps", "rounds"),
)
FRAMES = (
    "{}",
    "please {}",
    "could you {}?",
    "I would like you to {}",
    "your task: {}",
    "when you are ready, {}, and nothing else",
)
FRAMES_FROM = 0.34  # from this strength on the sentence around it changes
ALL_FROM = 0.67  # from here on every word that has a synonym is replaced


class Wording(Perturbation):
    """Says the same in other words; nothing but the instruction changes.

    Up to strength 0.33 one word is replaced by a synonym; up to 0.66 the sentence around it changes
    too; above, every word that has a synonym is replaced.
    """

    def reword(self, instruction: str, rng: np.random.Generator) -> str:
        """Returns the instruction in words drawn for this episode."""
        text = instruction.rstrip(".")
        present = [row for row in SYNONYMS if _find(row, text)]
        if present and self.strength < ALL_FROM:
            present = [present[rng.integers(len(present))]]
        for row in present:
            text = _replace(row, text, rng)
        if self.strength >= FRAMES_FROM:
            frame = FRAMES[rng.integers(1, len(FRAMES))]
            text = frame.format(text[:1].lower() + text[1:])
        return text


def _find(row: tuple[str, ...], text: str) -> re.Match[str] | None:
    """Finds the first of these words; the longest of those that begin at one place."""
    words = "|".join(re.escape(word) for word in sorted(row, key=len, reverse=True))
    return re.search(rf"\b(?:{words})\b", text, re.IGNORECASE)


def _replace(row: tuple[str, ...], text: str, rng: np.random.Generator) -> str:
    """Replaces every one of these words by another of the row, the same throughout."""
    match = _find(row, text)
    assert match is not None
    present = match.group().lower()
    others = [word for word in row if word != present]
    other = others[rng.integers(len(others))]
    return re.sub(rf"\b{re.escape(present)}\b", other, text, flags=re.IGNORECASE)
