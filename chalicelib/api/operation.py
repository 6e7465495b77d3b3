"""Operations as records, and the values that pass between the road and what an operation declares."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import Enum
from typing import Any, TypeVar

import msgspec

from chalicelib.api.accounts import Tenant
from chalicelib.api.credentials import Presented
from chalicelib.api.document import home
from chalicelib.api.request import Query, RawRequest
from chalicelib.api.schema import Member
from chalicelib.api.service import Service
from chalicelib.licensing.access import Bearer
from chalicelib.licensing.errors import Problem
from chalicelib.licensing.rates import Rate
from chalicelib.store import fetch, tasks
from chalicelib.store.fetch import Plan
from chalicelib.store.loads.credentials import Identity
from chalicelib.store.table import Item
from chalicelib.store.unit import Change, Write

T = TypeVar("T")

CONFLICT = Problem("The request could not be completed because of a conflict")

Command = dict[str, Any]
"""A checked document, keys in snake_case, absent members left out."""


class Credentials(Enum):
    """Whether an operation needs somebody, is open to anybody, or does not even look at who asks."""

    REQUIRED = "required"
    OPTIONAL = "optional"
    IGNORED = "ignored"


class Order(Enum):
    """Which comes first, the document's 400 or the authorization's 403 (spec http.md §5.2)."""

    AUTHORIZE_FIRST = "authorize first"
    BODY_FIRST = "body first"


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """What the road needs to know of one operation.

    `name` is the row of `access.RULES`, the operation in logs and the id in descriptions. `load` reads what the
    operation is about and `extra` what else its decision needs, `find` raises its 404,
    `authorize` its 403, `decide` answers. `relate` reads, once bearer and subject are known, what ties the two
    where that takes more than their own attributes; it may answer at once.
    `open` answers without account,
    credentials or store. `events` are the names it may emit; whether anybody listens is then known to `decide`.
    `login`: an email with a password is a credential here. `limit` is how often it may be tried.
    """

    name: str
    methods: tuple[str, ...]
    path: str
    decide: Callable[[Scene, Command], Outcome]
    open: Callable[[], Outcome] | None = None
    load: Callable[[Arrival], Plan[Any]] | None = None
    extra: Callable[[Arrival], Plan[Any]] | None = None
    relate: Callable[[Arrival, Bearer, Any], Plan[Any]] | None = None
    find: Callable[[Scene], Any] | None = None
    authorize: Callable[[Scene], None] | None = None
    credentials: Credentials = Credentials.REQUIRED
    body: Member | None = None
    order: Order = Order.AUTHORIZE_FIRST
    events: tuple[str, ...] = ()
    cached_subscriptions: bool = False
    login: bool = False
    limit: Limit | None = None


class Limit(msgspec.Struct, frozen=True):
    """A rate, and whom it counts besides account and address; None of a request that does not count."""

    rate: Rate
    who: Callable[[Arrival], str | None]


class Arrival(msgspec.Struct):
    """A request that found its operation and its account; `document` is unchecked, keys in snake_case; `version` is
    that of the API.
    """

    service: Service
    tenant: Tenant
    operation: Operation
    ids: Mapping[str, str]
    query: Query
    document: Mapping[str, Any]
    raw: RawRequest
    presented: Presented | None
    now: datetime
    version: str

    @property
    def account_id(self) -> str:
        """The tenant's id."""
        return self.tenant.account.id


class Scene(msgspec.Struct):
    """An arrival with everything loaded: the bearer (None is anonymous), what `load`, `extra` and `relate` found, and
    who listens.
    """

    arrival: Arrival
    bearer: Bearer | None
    identity: Identity
    loaded: Any
    extra: Any
    subscribed: frozenset[str]
    relation: Any = None

    @property
    def account_id(self) -> str:
        """The tenant's id."""
        return self.arrival.account_id

    @property
    def now(self) -> datetime:
        """The instant of this decision."""
        return self.arrival.now

    @property
    def host(self) -> str:
        """The host that clients reach this service at, with its port if it has one."""
        return self.arrival.service.settings.public_host or self.arrival.raw.header("host") or ""

    @property
    def origin(self) -> str:
        """Where this service is, as its clients see it."""
        return f"https://{self.host}"

    def url(self, plural: str, identifier: str) -> str:
        """The full URL of a resource, for `Location`."""
        return f"{self.origin}{home(self.account_id)}/{plural}/{identifier}"

    def read(self, plan: Plan[T]) -> T:
        """What a decision about a list, or about what hangs on a resource, has to look up."""
        return fetch.run(self.arrival.service.database, plan)

    def new_id(self) -> str:
        """A fresh UUID."""
        return self.arrival.service.new_id()

    def begin(self, task_id: str) -> Callable[[], None]:
        """What begins a task that was announced, for `Outcome.then`."""
        database = self.arrival.service.database
        return lambda: tasks.start(database, self.account_id, task_id, self.new_id, self.now)


class Outcome(msgspec.Struct, kw_only=True):
    """What a decision leads to. `download` is answered as it is, instead of a document.

    `writes` are committed together with the event. `touch` is tried once and may be lost. `settle` makes the body of
    the item that the only write returned. `before` writes hints for lists ahead of the commit; `then` rolls forward
    what did not fit the transaction. An `event` is rendered from the resource in the body, `payload` replaces it;
    `secret` is the `meta` of its payload, only for subscribers.
    """

    body: Any = None
    download: bytes | None = None
    status: int = 200
    writes: tuple[Write, ...] = ()
    touch: Change | None = None
    settle: Callable[[Item], Any] | None = None
    event: str | None = None
    payload: Any = None
    secret: dict[str, str] | None = None
    location: str | None = None
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    conflict: Problem = CONFLICT
    before: Callable[[], None] | None = None
    then: Callable[[], None] | None = None
