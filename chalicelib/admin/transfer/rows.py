"""Rows through which lists find resources by their metadata (`store/items/hint.py`), as an import writes them."""

from __future__ import annotations

from chalicelib.admin.transfer.kind import Decision
from chalicelib.store.items.hint import Listed, ahead_of_creation


def coming(decision: Decision) -> list[Listed]:
    """The rows that are put first, one each: of a change those of its next revision, of a new one what is left."""
    if decision.after is None:
        return []
    if decision.before is None:
        return _each(ahead_of_creation(decision.after), None)
    return _each(decision.after._replace(revision=decision.before.revision + 1), decision.before)


def going(decision: Decision) -> list[Listed]:
    """The rows a changed resource does not need any more."""
    return [] if decision.before is None else _each(decision.before, decision.after)


def _each(listed: Listed, other: Listed | None) -> list[Listed]:
    known = frozenset(() if other is None else other.texts)
    return [listed._replace(texts=(text,)) for text in listed.texts if text not in known]
