"""Between stored items and domain values: fields and attributes share their names."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace
from pynamodb.expressions.update import Action
from pynamodb.models import Model

from chalicelib.store.table import Item, attributes_of
from chalicelib.store.unit import assign

T = TypeVar("T", bound=msgspec.Struct)


@cache
def _shared(value_type: type[msgspec.Struct], model: type[Model]) -> tuple[str, ...]:
    stored = attributes_of(model)
    return tuple(name for name in value_type.__struct_fields__ if name in stored)


@cache
def _names(value_type: type[msgspec.Struct]) -> frozenset[str]:
    return frozenset(value_type.__struct_fields__)


def to_value(value_type: type[T], *items: Item, **more: Any) -> T:
    """A domain value from the attributes of `items` that it knows; `more` wins."""
    known = _names(value_type)
    found: dict[str, Any] = {}
    for item in items:
        found.update((name, value) for name, value in item.items() if name in known)
    found.update(more)
    return value_type(**found)


def to_attributes(value: msgspec.Struct, model: type[Model]) -> Mapping[str, Any]:
    """The attributes of `value` that `model` stores, without those that are None."""
    found = ((name, getattr(value, name)) for name in _shared(type(value), model))
    return {name: attribute for name, attribute in found if attribute is not None}


def raised(value: T, before: Any) -> T:
    """`value` as the next revision of `before`: an update proves the revision it was decided on."""
    return replace(value, revision=before.revision + 1)


def difference(before: msgspec.Struct, after: msgspec.Struct, model: type[Model]) -> tuple[Action, ...]:
    """Update actions that turn the stored `before` into `after`; nothing for what stays the same."""
    stored = attributes_of(model)
    return tuple(
        assign(stored[name], getattr(after, name))
        for name in _shared(type(after), model)
        if getattr(before, name) != getattr(after, name)
    )


def relisted(before: Mapping[str, Any], after: Mapping[str, Any], model: type[Model]) -> tuple[Action, ...]:
    """Update actions for listing slots: `before` and `after` are slot names with their partitions."""
    stored = attributes_of(model)
    names = [name for name in sorted({*before, *after}) if before.get(name) != after.get(name)]
    return tuple(assign(stored[name], after.get(name)) for name in names)
