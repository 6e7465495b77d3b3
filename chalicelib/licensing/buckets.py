"""What machines sum up to: on their license, and on each owner's bucket of it (spec machines.md §4.5, §11).

Both sums are kept whatever the leasing strategy is, so that a change of it is right at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from chalicelib.licensing.machine import Machine


class Bucket(msgspec.Struct, frozen=True, kw_only=True):
    """Sums over some machines of a license, or what a write adds to them. Memory and disk in bytes."""

    machines: int = 0
    cores: int = 0
    memory: int = 0
    disk: int = 0
    processes: int = 0

    def plus(self, other: Bucket, times: int = 1) -> Bucket:
        """The sums together with `times` what `other` holds."""
        names = self.__struct_fields__
        return Bucket(**{name: getattr(self, name) + times * getattr(other, name) for name in names})


EMPTY_BUCKET = Bucket()


class Added(msgspec.Struct, frozen=True, kw_only=True):
    """What a write adds to the sums of the license, and to those of owners by their id; None is nobody's bucket.

    Only buckets that change are in `owners`.
    """

    license: Bucket
    owners: Mapping[str | None, Bucket]


def weight(machine: Machine) -> Bucket:
    """What one machine counts, its processes too; what it does not tell counts 0."""
    return Bucket(
        machines=1,
        cores=machine.cores or 0,
        memory=machine.memory or 0,
        disk=machine.disk or 0,
        processes=machine.processes,
    )


def added(before: Machine | None, after: Machine | None) -> Added:
    """What a change of a machine adds to the sums; `before` is None for a new machine, `after` for one that goes."""
    total = EMPTY_BUCKET
    owners: dict[str | None, Bucket] = {}
    for machine, sign in ((before, -1), (after, 1)):
        if machine is not None:
            total = total.plus(weight(machine), sign)
            owners[machine.owner_id] = owners.get(machine.owner_id, EMPTY_BUCKET).plus(weight(machine), sign)
    return Added(license=total, owners={owner: sums for owner, sums in owners.items() if sums != EMPTY_BUCKET})
