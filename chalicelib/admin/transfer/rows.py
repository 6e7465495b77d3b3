"""Rows through which lists find resources by their metadata (`store/items/hint.py`), as an import writes them."""

from __future__ import annotations

from chalicelib.admin.transfer.kind import Decision
from chalicelib.store import keys
from chalicelib.store.items.hint import HintRow, Listed
from chalicelib.store.unit import Put


def of_new(account_id: str, listed: Listed) -> tuple[Put, ...]:
    """The rows of a new resource, as part of its own transaction: fewer calls, and none is left of one that fails.

    Whatever is there under these keys is of an earlier life of the resource, or of an attempt that came to nothing.
    """
    anything = HintRow.pk.does_not_exist() | HintRow.pk.exists()
    position = keys.position(listed.created, listed.identifier)
    return tuple(
        Put(HintRow(pk=keys.listed_metadata(account_id, listed.kind, text), sk=position, revision=0), anything)
        for text in listed.texts
    )


def coming(decision: Decision) -> list[Listed]:
    """The rows a changed resource gets, one each; they are those of its next revision."""
    if decision.before is None or decision.after is None:
        return []
    return _each(decision.after._replace(revision=decision.before.revision + 1), decision.before)


def going(decision: Decision) -> list[Listed]:
    """The rows a changed resource does not need any more."""
    return [] if decision.before is None else _each(decision.before, decision.after)


def _each(listed: Listed, other: Listed | None) -> list[Listed]:
    known = frozenset(() if other is None else other.texts)
    return [listed._replace(texts=(text,)) for text in listed.texts if text not in known]
