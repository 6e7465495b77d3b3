"""Limits on machines, their sizes and processes, and on what a token may activate (spec machines.md §4.5, §4.8, §9).

One table says what is counted; a decision on loaded counts and the condition of the write are read from it alike.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from chalicelib.licensing import limits
from chalicelib.licensing.buckets import EMPTY_BUCKET, Bucket, added
from chalicelib.licensing.errors import Problem
from chalicelib.licensing.fields import invalid
from chalicelib.licensing.license import License, limit
from chalicelib.licensing.policy import Policy
from chalicelib.licensing.token import Token

if TYPE_CHECKING:
    from chalicelib.licensing.machine import Machine

Lessor = Literal["license", "user", "machine", "token"]
"""Whose counters are bounded: the license's meter, the bucket of the machine's owner, the machine, the token."""

Quota = Literal["activations", "deactivations"]
"""What a token counts."""


class Bound(msgspec.Struct, frozen=True, kw_only=True):
    """The write is allowed while `counter` of `lessor`, as stored before it, is at most `highest`, which may be
    negative, or, with `or_zero`, while it is 0.
    """

    lessor: Lessor
    counter: str
    highest: int
    or_zero: bool = False


class _Limited(NamedTuple):
    """A counter (a name of `Bucket`) and its limit (a name of `License`); the first machine always gets in."""

    counter: str
    maximum: str
    code: str
    words: str
    first_is_free: bool = False


_MACHINES = _Limited("machines", "max_machines", "MACHINE_LIMIT_EXCEEDED", "machine count", first_is_free=True)
_SIZES = (
    _Limited("cores", "max_cores", "MACHINE_CORE_LIMIT_EXCEEDED", "machine core count"),
    _Limited("memory", "max_memory", "MACHINE_MEMORY_LIMIT_EXCEEDED", "machine memory"),
    _Limited("disk", "max_disk", "MACHINE_DISK_LIMIT_EXCEEDED", "machine disk"),
)
_PROCESSES = _Limited("processes", "max_processes", "MACHINE_PROCESS_LIMIT_EXCEEDED", "process count")

_LESSORS: dict[str, Lessor] = {"PER_LICENSE": "license", "PER_USER": "user", "PER_MACHINE": "machine"}


class _Asked(NamedTuple):
    """One limit a write is held against: `maximum` as shown, `highest` with overage, `adds` what the write brings."""

    limited: _Limited
    lessor: Lessor
    maximum: int | None
    highest: int
    adds: int

    def problem(self, count: int) -> Problem | None:
        """What is said when `count` is stored before the write."""
        if count + self.adds <= self.highest or (self.limited.first_is_free and count == 0):
            return None
        detail = f"{self.limited.words} has exceeded maximum allowed for {self.lessor} ({self.maximum})"
        return Problem(detail, code=self.limited.code, pointer="/data")

    def bound(self) -> Bound:
        """The same as a condition."""
        free = self.limited.first_is_free
        highest = self.highest - self.adds
        return Bound(lessor=self.lessor, counter=self.limited.counter, highest=highest, or_zero=free)


def machine_problems(
    before: Machine | None, after: Machine, license: License, policy: Policy, bucket: Bucket
) -> Iterator[Problem | None]:
    """What a new machine (`before` is None) or a changed one exceeds.

    `bucket` is that of the owner the machine has `after`, as stored; only policies that lease per user look at it.
    """
    for asked in _asked(before, after, license, policy):
        yield asked.problem(getattr(bucket if asked.lessor == "user" else license, asked.limited.counter))


def machine_bounds(before: Machine | None, after: Machine, license: License, policy: Policy) -> tuple[Bound, ...]:
    """The conditions of the same write; `user` is the owner the machine has `after`. None is unlimited and absent."""
    return tuple(asked.bound() for asked in _asked(before, after, license, policy))


def process_limit(machine: Machine, license: License, policy: Policy) -> int | None:
    """The shown `maxProcesses` of a machine: its override unless null or 0, else its license's (§1.1)."""
    return machine.max_processes or limit(license, policy, "max_processes")


def process_problem(machine: Machine, license: License, policy: Policy, bucket: Bucket) -> Problem | None:
    """What one more process on `machine` exceeds (§9); `bucket` is that of its owner."""
    asked = _asked_process(machine, license, policy)
    if asked is None:
        return None
    counted = {"license": license.processes, "user": bucket.processes, "machine": machine.processes}
    return asked.problem(counted[asked.lessor])


def process_bound(machine: Machine, license: License, policy: Policy) -> Bound | None:
    """The condition of the same write, None when there is no limit."""
    asked = _asked_process(machine, license, policy)
    return None if asked is None else asked.bound()


def quota_problem(token: Token, counter: Quota) -> Problem | None:
    """What is said when a license token has spent what it may (§4.8, §6.4)."""
    bound = quota_bound(token, counter)
    if bound is None or getattr(token, counter) <= bound.highest:
        return None
    return invalid(counter, "LIMIT_EXCEEDED", f"exceeds maximum allowed ({_maximum(token, counter)})")


def quota_bound(token: Token, counter: Quota) -> Bound | None:
    """The condition under which one more is counted, None for any number; it is counted either way."""
    maximum = _maximum(token, counter)
    return None if maximum is None else Bound(lessor="token", counter=counter, highest=maximum - 1)


def _maximum(token: Token, counter: Quota) -> int | None:
    return token.max_activations if counter == "activations" else token.max_deactivations


def _asked(before: Machine | None, after: Machine, license: License, policy: Policy) -> Iterator[_Asked]:
    lessor: Lessor = "user" if policy.machine_leasing_strategy == "PER_USER" else "license"
    change = added(before, after)
    adds = change.owners.get(after.owner_id, EMPTY_BUCKET) if lessor == "user" else change.license
    for limited in _evaluated(before, after):
        maximum = limit(license, policy, limited.maximum)
        highest = limits.highest(maximum, policy.overage_strategy)
        if highest is not None:
            yield _Asked(limited, lessor, maximum, highest, getattr(adds, limited.counter))


def _evaluated(before: Machine | None, after: Machine) -> tuple[_Limited, ...]:
    """A change of anything else must not fail because a limit was lowered since (§4.5)."""
    if before is None:
        return (_MACHINES, *_SIZES)
    names = ("cores", "memory", "disk", "owner_id")
    return _SIZES if any(getattr(before, name) != getattr(after, name) for name in names) else ()


def _asked_process(machine: Machine, license: License, policy: Policy) -> _Asked | None:
    lessor = _LESSORS.get(policy.process_leasing_strategy, "machine")
    per_machine = lessor == "machine"
    maximum = process_limit(machine, license, policy) if per_machine else limit(license, policy, "max_processes")
    highest = limits.highest(maximum, policy.overage_strategy)
    return None if highest is None else _Asked(_PROCESSES, lessor, maximum, highest, 1)
