"""Attempts of somebody in one window of time (STORE §2, rate window)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from chalicelib.licensing.rates import Window
from chalicelib.store import keys
from chalicelib.store.table import IntegerAttribute, Row
from chalicelib.store.unit import Change

KIND = "rate"
KEPT = timedelta(hours=1)


class RateRow(Row, discriminator=KIND):
    """How many attempts there were."""

    attempts = IntegerAttribute()


def attempt(account_id: str, who: str, window: Window) -> Change:
    """The write that counts one attempt more; its condition fails when none is left."""
    end = datetime.fromtimestamp(window.end, UTC)
    attempts = RateRow.attempts
    return Change(
        RateRow,
        keys.rate(account_id, window.rate.name, who, window.start),
        (RateRow.kind.set(RateRow), attempts.set((attempts | 0) + 1), RateRow.ttl.set(end + KEPT)),
        RateRow.pk.does_not_exist() | (attempts < window.rate.most),
        counter=True,
        creates=True,
    )
