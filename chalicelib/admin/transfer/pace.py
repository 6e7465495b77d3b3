"""How fast an import writes: an index partition takes 1,000 writes a second, and others want some (STORE §4)."""

from __future__ import annotations

import time
from collections.abc import Callable

import msgspec

PER_SECOND = 500.0


class Pace(msgspec.Struct, frozen=True):
    """At most `rate` resources written a second. `seconds` is a monotonic clock, `sleep` waits that many seconds."""

    rate: float = PER_SECOND
    seconds: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


class Bucket:
    """A pace from now on. What was not used stays good for one second."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._filled = pace.seconds()
        self._tokens = pace.rate

    def take(self, count: int) -> None:
        """Wait until `count` more resources may be written."""
        now = self._pace.seconds()
        self._tokens = min(self._pace.rate, self._tokens + (now - self._filled) * self._pace.rate) - count
        self._filled = now
        if self._tokens < 0:
            self._pace.sleep(-self._tokens / self._pace.rate)
