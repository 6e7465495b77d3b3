"""What mappers of resources with a unique name share: the resource and the guard of its name."""

from __future__ import annotations

from typing import NamedTuple

from chalicelib.store.fetch import Plan, need
from chalicelib.store.keys import Key
from chalicelib.store.table import Item


class Named(NamedTuple):
    """What is stored under an id, and who has the name that the line gives."""

    item: Item | None
    guard: Item | None

    def taken(self, identifier: str) -> bool:
        """Whether another resource has the name."""
        return self.guard is not None and self.guard["target"] != identifier


def named(own: Key, guard: Key | None) -> Plan[Named]:
    """Both in one round; None is no name."""
    found = yield need(own, guard)
    return Named(found[own], None if guard is None else found[guard])
