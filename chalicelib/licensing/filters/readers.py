"""What each parameter of a list of licenses means (spec licenses.md §8.2, §8.3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from chalicelib.licensing.filters import kinds as kinds
from chalicelib.licensing.filters import metadata as metadata_filters
from chalicelib.licensing.filters import times as times
from chalicelib.licensing.filters import values as values
from chalicelib.licensing.filters.kinds import LicenseFilter, Nothing
from chalicelib.licensing.filters.times import TextReader

Reader = Callable[[str, Any, datetime], LicenseFilter | None]
"""The filter of a parameter's name and value at an instant, None when it is to be skipped."""


def _texts(read: TextReader) -> Reader:
    """The reader of a parameter that is one text."""

    def reader(name: str, sent: Any, now: datetime) -> LicenseFilter | None:
        text = values.text(sent)
        return None if text is None else read(name, text, now)

    return reader


def _members(readers: Mapping[str, TextReader]) -> Reader:
    """The reader of an object of which one member counts, the first of `readers`; others mean nothing."""

    def reader(name: str, sent: Any, now: datetime) -> LicenseFilter | None:
        chosen = values.member(sent, readers)
        if chosen is None:
            return None
        return readers[chosen[0]](name, chosen[1], now) if chosen[0] in readers else Nothing(name=name)

    return reader


def _belongs(name: str, sent: str, now: datetime) -> LicenseFilter:
    identifier = values.uuid(sent)
    return Nothing(name=name) if identifier is None else kinds.Belongs(name=name, identifier=identifier)


def _holds(name: str, sent: str, now: datetime) -> LicenseFilter:
    machine_id = values.uuid(sent)
    return Nothing(name=name) if machine_id is None else kinds.Holds(machine_id=machine_id)


def _of_user(kind: type[kinds.Owned]) -> TextReader:
    """What is no id is an email, compared as it was sent."""

    def read(name: str, sent: str, now: datetime) -> LicenseFilter:
        identifier = values.uuid(sent)
        return kind(identifier=identifier, email=sent if identifier is None else None)

    return read


def _suspended(name: str, sent: str, now: datetime) -> LicenseFilter:
    return kinds.Suspended(name=name, value=values.boolean(sent))


def _assigned(name: str, sent: str, now: datetime) -> LicenseFilter:
    return kinds.Assigned(name=name, value=values.boolean(sent))


def _unassigned(name: str, sent: str, now: datetime) -> LicenseFilter:
    return kinds.Assigned(name=name, value=not values.boolean(sent))


def _activated(name: str, sent: str, now: datetime) -> LicenseFilter:
    comparison, number = ("gte", 1) if values.boolean(sent) else ("eq", 0)
    return kinds.Activations(name=name, comparison=comparison, number=number)


def _counted(comparison: str) -> TextReader:
    def read(name: str, sent: str, now: datetime) -> LicenseFilter:
        return kinds.Activations(name=name, comparison=comparison, number=values.count(sent))

    return read


def _expired_text_or_object(name: str, sent: Any, now: datetime) -> LicenseFilter | None:
    """An object of unknown members is as good as `true`."""
    if not isinstance(sent, dict):
        return _texts(times.expired)(name, sent, now)
    chosen = values.member(sent, times.EXPIRED)
    if chosen is None:
        return None
    member, text = chosen
    return times.EXPIRED[member](name, text, now) if member in times.EXPIRED else times.expired(name, "true", now)


def _status(name: str, sent: str, now: datetime) -> LicenseFilter:
    found: dict[str, LicenseFilter] = {
        "BANNED": kinds.Banned(name=name),
        "SUSPENDED": kinds.Suspended(name=name, value=True),
        "EXPIRED": times.expired(name, "true", now),
        "EXPIRING": times.expiring(name, "true", now),
        "INACTIVE": times.lately_active(name, now, False),
        "ACTIVE": times.lately_active(name, now, True),
    }
    return found.get(sent.upper(), Nothing(name=name))


def _metadata(name: str, sent: Any, now: datetime) -> LicenseFilter | None:
    return metadata_filters.parse(sent)


READERS: Mapping[str, Reader] = {
    **dict.fromkeys(("product", "policy", "group"), _texts(_belongs)),
    "machine": _texts(_holds),
    "owner": _texts(_of_user(kinds.Owned)),
    "user": _texts(_of_user(kinds.Used)),
    "status": _texts(_status),
    "suspended": _texts(_suspended),
    "expiring": _texts(times.expiring),
    "expired": _expired_text_or_object,
    "expires": _members(times.EXPIRES),
    "activity": _members(times.ACTIVITY),
    "assigned": _texts(_assigned),
    "unassigned": _texts(_unassigned),
    "activated": _texts(_activated),
    "activations": _members({name: _counted(name) for name in ("eq", "gt", "gte", "lt", "lte")}),
    "metadata": _metadata,
}
"""How each parameter is read, by its name."""
