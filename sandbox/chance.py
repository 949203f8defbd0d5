"""Seeded chance: one stream of random numbers per subject, so parts do not disturb each other."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def stream(seed: int, subject: str) -> random.Random:
    """Return the random stream of a subject; same seed and subject, same numbers."""
    return random.Random(f"{seed}:{subject}")  # noqa: S311 - invented data, not a secret


def one_in(rng: random.Random, basis_points: int) -> bool:
    """Return True with the given chance in basis points."""
    return rng.randrange(10_000) < basis_points


def weighted(rng: random.Random, choices: Sequence[tuple[T, int]]) -> T:
    """Pick one value; each comes with a whole-number weight."""
    point = rng.randrange(sum(weight for _, weight in choices))
    for value, weight in choices:
        point -= weight
        if point < 0:
            return value
    raise ValueError("no choices")


def days_near(rng: random.Random, mean: int, spread: int, least: int) -> int:
    """Draw a whole number of days around a mean, never below the least."""
    return max(least, round(rng.gauss(mean, spread)))
