"""Between stored items and domain values: fields and attributes share their names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from typing import Any, TypeVar

from pynamodb.expressions.update import Action
from pynamodb.models import Model

from chalicelib.store.table import Item, attributes_of
from chalicelib.store.unit import assign

T = TypeVar("T")


@cache
def _shared(value_type: type, model: type[Model]) -> tuple[str, ...]:
    stored = attributes_of(model)
    return tuple(field.name for field in fields(value_type) if field.name in stored)


@cache
def _names(value_type: type) -> frozenset[str]:
    return frozenset(field.name for field in fields(value_type))


def to_value(value_type: type[T], *items: Item, **more: Any) -> T:
    """A domain value from the attributes of `items` that it knows; `more` wins."""
    known = _names(value_type)  # type: ignore[arg-type]
    found: dict[str, Any] = {}
    for item in items:
        found.update((name, value) for name, value in item.items() if name in known)
    found.update(more)
    return value_type(**found)


def to_attributes(value: Any, model: type[Model]) -> Mapping[str, Any]:
    """The attributes of `value` that `model` stores, without those that are None."""
    found = ((name, getattr(value, name)) for name in _shared(type(value), model))  # type: ignore[arg-type]
    return {name: attribute for name, attribute in found if attribute is not None}


def difference(before: Any, after: Any, model: type[Model]) -> tuple[Action, ...]:
    """Update actions that turn the stored `before` into `after`; nothing for what stays the same."""
    stored = attributes_of(model)
    return tuple(
        assign(stored[name], getattr(after, name))
        for name in _shared(type(after), model)  # type: ignore[arg-type]
        if getattr(before, name) != getattr(after, name)
    )
