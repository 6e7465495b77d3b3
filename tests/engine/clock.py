"""A clock for tests."""


class Clock:
    """Epoch seconds that change only by `move`."""

    def __init__(self, now: float = 1_700_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def move(self, seconds: float) -> None:
        """Lets time pass."""
        self.now += seconds
