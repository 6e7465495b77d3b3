"""Choices at random."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import TypeVar

T = TypeVar("T")


class Chance:
    """Choices by some source of random numbers."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def happens(self, probability: float) -> bool:
        """True with this probability."""
        return self._random.random() < probability

    def pick(self, options: Sequence[T]) -> T:
        """One of them, each as likely as the others."""
        return options[int(self._random.random() * len(options))]

    def some(self, options: Sequence[T], probability: float) -> list[T]:
        """Those for which it happens, in their order."""
        return [one for one in options if self.happens(probability)]
