"""How often something may be tried: fixed windows of time (spec http.md §11)."""

from __future__ import annotations

from datetime import datetime

import msgspec

from chalicelib.licensing.errors import Problem, Refusal


class Rate(msgspec.Struct, frozen=True, kw_only=True):
    """At most `most` attempts in each window of `seconds`; the window is shown by its `name`."""

    name: str
    most: int
    seconds: int


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """One window of a rate; `start` in Unix seconds, a multiple of the rate's seconds."""

    rate: Rate
    start: int

    @property
    def end(self) -> int:
        """When attempts count from nothing again, in Unix seconds."""
        return self.start + self.rate.seconds


class TooManyAttempts(Refusal):
    """429: the window is used up; `wait` is how many seconds of it are left, at least one."""

    def __init__(self, window: Window, now: datetime) -> None:
        detail = "Throttle limit has been reached, please try again later"
        super().__init__(Problem(detail, code="TOO_MANY_REQUESTS"))
        self.window = window
        self.wait = max(1, window.end - int(now.timestamp()))


def window_at(rate: Rate, now: datetime) -> Window:
    """The window that `now` is in."""
    seconds = int(now.timestamp())
    return Window(rate=rate, start=seconds - seconds % rate.seconds)
