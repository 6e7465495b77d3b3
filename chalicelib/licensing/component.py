"""Components: parts of a machine (spec machines.md §1.2, §4.7, §8)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from chalicelib.licensing import embedded
from chalicelib.licensing import fields as rules
from chalicelib.licensing import uniqueness as names
from chalicelib.licensing.errors import Problem, check
from chalicelib.licensing.fields import invalid, unrelated
from chalicelib.licensing.uniqueness import Scope

if TYPE_CHECKING:
    from chalicelib.licensing.machine import Machine


class Component(msgspec.Struct, frozen=True, kw_only=True):
    """A component of a machine."""

    id: str
    machine_id: str
    license_id: str
    fingerprint: str
    name: str
    metadata: dict[str, Any] = msgspec.field(default_factory=dict)
    created: datetime
    updated: datetime
    revision: int = 0


class Inline(msgspec.Struct, frozen=True):
    """A component that comes with its machine: its new id and the attributes sent, snake_case."""

    id: str
    fields: Mapping[str, Any]


def create(
    component_id: str, fields: Mapping[str, Any], *, machine: Machine | None, taken: Scope | None, now: datetime
) -> Component:
    """A new component of `machine`, which is None when no such machine exists. Raises InvalidFields.

    `taken`: see `uniqueness.taken`.
    """
    missing = unrelated("machine", "NOT_FOUND", "must exist") if machine is None else None
    check([missing, *_problems(fields, taken)])
    assert machine is not None
    return _made(component_id, fields, machine, now)


def update(component: Component, changes: Mapping[str, Any], now: datetime) -> Component:
    """`component` with what was sent of name and metadata; null changes nothing. Raises InvalidFields."""
    check(_attributes(changes))
    return replace(component, **_given(changes), updated=now)


def inline(machine: Machine, sent: Sequence[Inline], now: datetime) -> tuple[Component, ...]:
    """The components that come with a new machine, which was judged with them."""
    return tuple(_made(one.id, one.fields, machine, now) for one in sent)


def inline_problems(sent: Sequence[Inline], taken: Mapping[str, Scope]) -> Iterator[Problem]:
    """What is wrong with them, each at its own place; `taken` tells of their fingerprints, absent ones are free."""
    counts = Counter(one.fields["fingerprint"] for one in sent)
    for index, one in enumerate(sent):
        fingerprint = one.fields["fingerprint"]
        duplicated = invalid("fingerprint", "CONFLICT", "is duplicated") if counts[fingerprint] > 1 else None
        yield from embedded.inside("components", index, [duplicated, *_problems(one.fields, taken.get(fingerprint))])


def _made(component_id: str, fields: Mapping[str, Any], machine: Machine, now: datetime) -> Component:
    return Component(
        **_given(fields),
        id=component_id,
        machine_id=machine.id,
        license_id=machine.license_id,
        created=now,
        updated=now,
    )


def _given(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _problems(fields: Mapping[str, Any], taken: Scope | None) -> Iterator[Problem | None]:
    yield names.taken_problem("component", taken)
    yield from names.name_problems("fingerprint", fields["fingerprint"])
    yield from _attributes(fields)


def _attributes(values: Mapping[str, Any]) -> Iterator[Problem | None]:
    yield rules.text_length("name", values.get("name"))
    yield rules.metadata(values.get("metadata"))
