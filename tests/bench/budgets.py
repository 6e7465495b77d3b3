"""Every budget of `make bench`, and how a row is held against it.

Counts (round trips, units) are exact and must hold. Times are ratios to a floor of the same run and only warn: they
move with the machine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

HANDLER_RATIO = 1.5
COLD_RATIO = 1.3


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. Units and rounds as the service's own log line tells them; times in CPU milliseconds."""

    operation: str
    round_trips: int
    sequential: int
    read_units: float
    write_units: float
    cpu_ms: float
    floor_ms: float

    @property
    def ratio(self) -> float:
        """How many floors the operation takes."""
        return self.cpu_ms / self.floor_ms

    def as_json(self) -> dict[str, object]:
        """The row as it is stored."""
        return {**asdict(self), "ratio": round(self.ratio, 3)}


@dataclass(frozen=True, slots=True)
class Budget:
    """The most an operation may cost; None is not limited. `like` names a row of a smaller table that costs the same.

    Index pages and batches may cut a few units differently, hence the `slack` of that comparison.
    """

    sequential: int | None = None
    read_units: float | None = None
    write_units: float | None = None
    ratio: float = HANDLER_RATIO
    like: str | None = None
    slack: float = 0.05


def _lists(*words: str) -> dict[str, Budget]:
    """Lists by a filter: their pages cost what those without one do, and half a unit for each partition more."""
    few = {f"list {word} of 1,000": Budget(6, 125, 0) for word in words}
    many = {f"list {word} of 100,000": Budget(6, 125, 0, like=f"list {word} of 1,000") for word in words}
    return few | many


SIGNATURES = ("ed25519", "ecdsa-p256", "rsa-pss-sha256", "rsa-sha256")

# Reads: a listing page costs its keys (4), 1 for each license, and whoever asks, policies and owners.
# Writes of a creation: its 3 items in a transaction at 2 each, their 8 index entries (2 each in a transaction too), and
# a row for each of the two values of its metadata, 2 each. Those of a deactivation hold a task and its deadline.
BUDGETS: Mapping[str, Budget] = {
    "validate key": Budget(2, 3.5, 0),
    "validate key, touch due": Budget(3, 3.5, 1),
    "validate id": Budget(2, 5, 0),
    "increment": Budget(3, 6, 1),
    "create license": Budget(3, 6, 26),
    "retrieve": Budget(2, 5, 0),
    "list 100 of 1,000": Budget(5, 110, 0),
    "list 100 of 100,000": Budget(5, 110, 0, like="list 100 of 1,000"),
    **_lists("metadata", "owner", "policy", "expiring", "active", "expired"),
    "sweep 100 due of 1,000": Budget(),
    "sweep 100 due of 100,000": Budget(like="sweep 100 due of 1,000"),
    **{f"retrieve, {algorithm}": Budget(2, 5, 0) for algorithm in SIGNATURES},
    **{
        f"check out, {encoding}+{algorithm}": Budget(3, 7, 1)
        for encoding in ("base64", "aes-256-gcm")
        for algorithm in SIGNATURES
    },
    "activate": Budget(3, 8, 18),
    "deactivate": Budget(6, 12, 24),
    "ping": Budget(4, 9, 3),
    "validate fingerprint": Budget(2, 5, 0),
    "validate everything": Budget(5, 20, 0),
    "sweep 1,000 dead of 2,000": Budget(),
    "sweep 1,000 dead of 100,000": Budget(like="sweep 1,000 dead of 2,000"),
    "cold import": Budget(0, 0, 0, COLD_RATIO),
}
COUNTED = ("sequential", "read_units", "write_units")


def missed(row: Row, rows: Sequence[Row]) -> list[str]:
    """The counted budgets that `row` misses."""
    budget = BUDGETS[row.operation]
    found = []
    for name in COUNTED:
        limit, measured = getattr(budget, name), getattr(row, name)
        if limit is not None and measured > limit:
            found.append(f"{name} {measured:g} > {limit:g}")
    other = next((one for one in rows if one.operation == budget.like), None)
    if other is not None:
        found += _grown(row, other, budget.slack)
    return found


def _grown(row: Row, other: Row, slack: float) -> list[str]:
    return [
        f"{name} {getattr(row, name):g}, but {getattr(other, name):g} for {other.operation}"
        for name in COUNTED
        if getattr(row, name) > getattr(other, name) * (1 + slack)
    ]


def slow(row: Row) -> str | None:
    """What to say when the time is over budget."""
    limit = BUDGETS[row.operation].ratio
    return f"ratio {row.ratio:.2f} > {limit:g}" if row.ratio > limit else None
