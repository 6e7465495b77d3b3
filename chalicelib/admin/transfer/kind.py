"""What a kind of resource says about itself, so that imports and exports need not know it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from chalicelib.admin.bootstrap import Tools
from chalicelib.admin.transfer.document import Resource, Sent, Shape
from chalicelib.admin.transfer.report import Rejected
from chalicelib.crypto import keys as key_pairs
from chalicelib.crypto.secrets import UnwrapCache
from chalicelib.store import fetch
from chalicelib.store.database import Database
from chalicelib.store.fetch import Entry, Listing, Plan
from chalicelib.store.items import hint
from chalicelib.store.items.hint import Listed
from chalicelib.store.keys import slot
from chalicelib.store.table import Item
from chalicelib.store.unit import Write

T = TypeVar("T")

PAGE = 100
REMEMBERED_SECONDS = 300.0

GONE = "was deleted a short while ago, its id cannot be used again yet"


class Place:
    """The account that is imported into or exported, and what mappers work with."""

    def __init__(self, tools: Tools, account_id: str) -> None:
        self.tools, self.account_id = tools, account_id
        self._secrets = UnwrapCache(tools.vault, key_pairs.deserialize, 4, REMEMBERED_SECONDS)

    @property
    def database(self) -> Database:
        """The store."""
        return self.tools.database

    def secrets(self, wrapped: bytes) -> key_pairs.Secrets:
        """The private keys and the token secret of the account, as they are wrapped in its row."""
        return self._secrets.get(wrapped, {"account": self.account_id}, self.tools.now().timestamp())

    def read(self, plan: Plan[T]) -> T:
        """Carry out a plan."""
        return fetch.run(self.database, plan)


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What a line asks to write, nothing when all is as it says.

    `before` and `after` are a changed resource as lists find it by its metadata, where its kind is found so; of a new
    one there is no `before`, and most of its rows are among its writes.
    """

    writes: tuple[Write, ...] = ()
    created: bool = False
    before: Listed | None = None
    after: Listed | None = None


UNCHANGED = Decision()


def new(place: Place, writes: Iterable[Write], listed: Listed) -> Decision:
    """A new resource, with the rows lists find it by."""
    return Decision(writes=(*writes, *hint.creation(place.account_id, listed)), created=True, after=listed)


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of resource.

    `load` reads what a line needs to be decided, without raising for what is not there; `decide` raises Rejected or
    a Refusal. `resources` are all of an account, ascending by creation and id.
    """

    shape: Shape
    load: Callable[[Place, Sent], Plan[Any]]
    decide: Callable[[Place, Sent, Any, datetime], Decision]
    resources: Callable[[Place], Iterator[Resource]]


def there(item: Item | None, kind: str) -> Item | None:
    """The item if it is of `kind`, None if there is none. Raises Rejected for what is left of a deleted one."""
    if item is not None and item["kind"] != kind:
        raise Rejected(GONE)
    return item


def expected(found: T | None, word: str, identifier: str) -> T:
    """What a line refers to. Raises Rejected when it does not exist."""
    if found is None:
        raise Rejected(f"{word} {identifier} does not exist")
    return found


def pages(place: Place, kind: str) -> Iterator[list[Entry]]:
    """All resources of a kind in pages, oldest first; resources that come meanwhile may be among them."""
    after: str | None = None
    partition = slot(place.account_id, kind)
    while page := fetch.listing(place.database, Listing(1, partition, newest_first=False, after=after, limit=PAGE)):
        yield page
        if len(page) < PAGE:
            return
        after = page[-1].position


def each(place: Place, kind: str, load: Callable[[list[Entry]], Plan[Any]]) -> Iterator[Any]:
    """What `load` finds of all resources of a kind, without what is gone."""
    for page in pages(place, kind):
        yield from (one for one in place.read(load(page)) if one is not None)
