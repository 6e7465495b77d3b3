"""Who listens to what, so that nothing is written for nobody (STORE §5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chalicelib.api.operation import Operation
from chalicelib.api.service import Service
from chalicelib.store.fetch import Plan
from chalicelib.store.loads import resources

FRESH_SECONDS = 10.0
EVERYTHING = "*"
NOBODY: frozenset[str] = frozenset()


class Subscriptions:
    """The event names anybody subscribed to: read with every mutation, remembered 10 s for validations."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._remembered: dict[str, tuple[float, Sequence[dict[str, Any]]]] = {}

    def plan(self, account_id: str, operation: Operation) -> Plan[Sequence[dict[str, Any]]]:
        """Load the summary, unless the operation emits nothing or may use what is remembered."""
        if not operation.events:
            return ()
        if operation.cached_subscriptions:
            until, subscribers = self._remembered.get(account_id, (0.0, ()))
            if until > self._service.seconds():
                return subscribers
        subscribers = yield from resources.subscribers(account_id)
        self._remembered[account_id] = (self._service.seconds() + FRESH_SECONDS, subscribers)
        return subscribers


def names(operation: Operation, subscribers: Sequence[dict[str, Any]]) -> frozenset[str]:
    """Those of the operation's events that somebody subscribed to."""
    wanted = {name for subscriber in subscribers for name in subscriber["events"]}
    if not wanted:
        return NOBODY
    return frozenset(operation.events) if EVERYTHING in wanted else frozenset(operation.events) & wanted
