"""The one road of every request: edge, load, decide, commit, answer (DESIGN).

`handle` never raises: what is refused becomes an error document, what breaks becomes a 500 without internals.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from chalicelib.api import headers, log, problems
from chalicelib.api.accounts import Tenant
from chalicelib.api.authenticate import bearer_of, identity_plan, require_bearer
from chalicelib.api.credentials import Presented, presented
from chalicelib.api.document import Resource, home
from chalicelib.api.request import (
    METHODS,
    Query,
    RawRequest,
    check_path,
    from_event,
    parse_document,
    parse_query,
    response_type,
)
from chalicelib.api.route import Credentials, Match, Operation, Order, Router, split_account
from chalicelib.api.schema import check
from chalicelib.api.service import Service
from chalicelib.api.subscriptions import Subscriptions, names
from chalicelib.licensing.access import Bearer
from chalicelib.licensing.errors import BadRequest, Conflicting, NotFound, Problem, Refusal, Unavailable
from chalicelib.store import fetch, meter, retry
from chalicelib.store.items import outbox
from chalicelib.store.loads.credentials import Identity
from chalicelib.store.meter import Ledger
from chalicelib.store.table import Item
from chalicelib.store.unit import Change, Changed, Locked, Write, attempt, commit

DECISIONS = 6
CONFLICT = Problem("The request could not be completed because of a conflict")
NO_ENDPOINT = Problem(
    "The requested endpoint was not found (check your HTTP method, Accept header, and URL path)", code="NOT_FOUND"
)

Command = dict[str, Any]
"""A checked document, keys in snake_case, absent members left out."""


class Arrival(msgspec.Struct):
    """A request that found its operation and its account; `document` is unchecked, keys in snake_case."""

    service: Service
    tenant: Tenant
    operation: Operation
    ids: Mapping[str, str]
    query: Query
    document: Mapping[str, Any]
    raw: RawRequest
    presented: Presented | None
    now: datetime

    @property
    def account_id(self) -> str:
        """The tenant's id."""
        return self.tenant.account.id


class Scene(msgspec.Struct):
    """An arrival with everything loaded: the bearer (None is anonymous), what `load` and `extra` found, who listens."""

    arrival: Arrival
    bearer: Bearer | None
    identity: Identity
    loaded: Any
    extra: Any
    subscribed: frozenset[str]

    @property
    def account_id(self) -> str:
        """The tenant's id."""
        return self.arrival.account_id

    @property
    def now(self) -> datetime:
        """The instant of this decision."""
        return self.arrival.now

    def url(self, plural: str, identifier: str) -> str:
        """The full URL of a resource, for `Location`."""
        host = self.arrival.service.settings.public_host or self.arrival.raw.header("host") or ""
        return f"https://{host}{home(self.account_id)}/{plural}/{identifier}"

    def new_id(self) -> str:
        """A fresh UUID."""
        return self.arrival.service.new_id()


class Outcome(msgspec.Struct, kw_only=True):
    """What a decision leads to.

    `writes` are committed together with the event. `touch` is tried once and may be lost. `settle` makes the body of
    the item that the only write returned. `then` rolls forward what did not fit the transaction. An `event` is
    rendered from the resource in the body, `payload` replaces it.
    """

    body: Any = None
    status: int = 200
    writes: tuple[Write, ...] = ()
    touch: Change | None = None
    settle: Callable[[Item], Any] | None = None
    event: str | None = None
    payload: Any = None
    location: str | None = None
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    conflict: Problem = CONFLICT
    then: Callable[[], None] | None = None


class Reply(msgspec.Struct):
    """A response before it is signed."""

    status: int
    body: bytes
    media_type: str
    headers: dict[str, str]
    error_code: str | None = None


class Trace(msgspec.Struct):
    """What is known of a request so far, for its headers and its log line."""

    raw: RawRequest
    request_id: str
    operation: str = ""
    tenant: Tenant | None = None
    bearer: Bearer | None = None
    version: str | None = None
    media_type: str = "application/vnd.api+json"
    routed: bool = False


class Road:
    """Carries requests from a gateway event to a proxy response."""

    def __init__(self, service: Service, router: Router) -> None:
        self._service, self._router = service, router
        self._subscriptions = Subscriptions(service)

    def handle(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Answer one event; logs one line."""
        started = self._service.seconds()
        with meter.counting() as ledger:
            raw = from_event(event)
            trace = Trace(raw, self._service.new_request_id())
            reply = self._reply(trace)
            response = headers.finish(self._service, trace, reply)
        self._log(trace, reply, ledger, self._service.seconds() - started)
        return response

    def _reply(self, trace: Trace) -> Reply:
        if trace.raw.method == "OPTIONS":
            return headers.preflight(trace.raw)
        try:
            return self._answer(trace)
        except Refusal as refusal:
            status, title = problems.status_and_title(refusal)
            return self._refused(trace, status, title, refusal.problems)
        except Exception:
            log.line({"level": "error", "requestId": trace.request_id, "traceback": traceback.format_exc()})
            status, title, detail = problems.INTERNAL
            return self._refused(trace, status, title, (Problem(detail),))

    def _refused(self, trace: Trace, status: int, title: str, found: tuple[Problem, ...]) -> Reply:
        body = problems.error_document(title, found, trace.request_id if trace.routed else None)
        extra = headers.of_refusal(status, trace.raw)
        code = found[0].code if found else None
        return Reply(status, msgspec.json.encode(body), trace.media_type, extra, code)

    def _answer(self, trace: Trace) -> Reply:
        match = self._router.match(trace.raw.method, trace.raw.path)
        if match is not None and match.operation.open is not None:
            trace.operation = match.operation.name
            self._recognise(trace, needed=False)
            return _answered(match.operation.open(), None, trace.media_type)
        document, query = self._edge(trace)
        arrival = self._arrive(trace, match, document, query)
        outcome, body = self._decide(trace, arrival)
        return _answered(outcome, body, trace.media_type)

    def _edge(self, trace: Trace) -> tuple[Mapping[str, Any], Query]:
        """What is wrong before routing; errors have no request id yet (spec http.md §12)."""
        raw = trace.raw
        if raw.method not in METHODS:
            raise BadRequest(Problem("The HTTP method for the request is not valid", code="HTTP_METHOD_INVALID"))
        self._recognise(trace)
        media_type = response_type(raw)
        document, query = parse_document(raw), parse_query(raw)
        check_path(raw)
        trace.media_type, trace.routed = media_type, True
        return document, query

    def _recognise(self, trace: Trace, *, needed: bool = True) -> None:
        """Errors before routing are signed too where the account is known: SDKs verify before they read errors.

        Liveness is answered without an account, and while the store is down.
        """
        account, _ = split_account(trace.raw.path)
        try:
            trace.tenant = self._service.accounts.find(account)
        except NotFound:
            trace.tenant = None
        except Unavailable:
            if needed:
                raise

    def _arrive(self, trace: Trace, match: Match | None, document: Mapping[str, Any], query: Query) -> Arrival:
        if match is None:
            raise NotFound(NO_ENDPOINT)
        trace.operation = match.operation.name
        trace.version = headers.version(trace.raw, None if trace.tenant is None else trace.tenant.account)
        tenant = trace.tenant or self._service.accounts.find(match.account)
        headers.refuse_accept_signature(trace.raw, tenant)
        headers.refuse_environment(trace.raw, query)
        return Arrival(
            self._service,
            tenant,
            match.operation,
            match.ids,
            query,
            document,
            trace.raw,
            presented(trace.raw, query),
            self._service.now(),
        )

    def _decide(self, trace: Trace, arrival: Arrival) -> tuple[Outcome, Any]:
        """Load, decide, commit; when the world changed meanwhile, again, a bounded number of times."""
        conflict = CONFLICT
        for number in range(DECISIONS):
            if number:
                self._service.database.pause(retry.delay(number))
                arrival.now = self._service.now()
            scene = self._load(arrival, trace)
            outcome = self._outcome(scene)
            conflict = outcome.conflict
            try:
                return outcome, self._commit(scene, outcome)
            except (Changed, Locked):
                continue
        raise Conflicting(conflict)

    def _load(self, arrival: Arrival, trace: Trace) -> Scene:
        operation = arrival.operation
        identity_of = identity_plan(arrival.tenant, arrival.presented)
        listening = self._subscriptions.plan(arrival.account_id, operation)
        load = operation.load(arrival) if operation.load is not None else _nothing()
        more = operation.extra(arrival) if operation.extra is not None else _nothing()
        identity, loaded, extra, subscribers = fetch.run(
            self._service.database, fetch.together(identity_of, load, more, listening)
        )
        bearer = trace.bearer = bearer_of(arrival.presented, identity, arrival.now)
        if operation.credentials is Credentials.REQUIRED:
            require_bearer(bearer)
        return Scene(arrival, bearer, identity, loaded, extra, names(operation, subscribers))

    def _outcome(self, scene: Scene) -> Outcome:
        operation = scene.arrival.operation
        if operation.find is not None:
            operation.find(scene)
        if operation.order is Order.BODY_FIRST:
            command = _command(scene)
            _authorize(scene)
        else:
            _authorize(scene)
            command = _command(scene)
        return operation.decide(scene, command)

    def _commit(self, scene: Scene, outcome: Outcome) -> Any:
        database, writes = self._service.database, outcome.writes
        if outcome.event is not None and outcome.event in scene.subscribed:
            writes = (*writes, _event(scene, outcome))
        item = commit(database, writes) if writes else None
        if outcome.then is not None:
            _roll_forward(outcome.then)
        if outcome.touch is not None:
            attempt(database, outcome.touch)
        return outcome.settle(item) if outcome.settle is not None and item is not None else outcome.body

    def _log(self, trace: Trace, reply: Reply, ledger: Ledger, seconds: float) -> None:
        if not self._service.settings.log_requests:
            return
        log.line(
            {
                "level": "info",
                "requestId": trace.request_id,
                "account": None if trace.tenant is None else trace.tenant.id,
                "operation": trace.operation,
                "method": trace.raw.method,
                "status": reply.status,
                "code": reply.error_code,
                "bearer": None if trace.bearer is None else f"{trace.bearer.kind}:{trace.bearer.id}",
                "roundTrips": ledger.round_trips,
                "sequential": ledger.sequential,
                "readUnits": ledger.read_units,
                "writeUnits": ledger.write_units,
                "milliseconds": round(seconds * 1000, 2),
            }
        )


def _answered(outcome: Outcome, body: Any, media_type: str) -> Reply:
    encoded = b"" if body is None else msgspec.json.encode(body)
    extra = dict(outcome.headers)
    if outcome.location is not None:
        extra["Location"] = outcome.location
    return Reply(outcome.status, encoded, media_type, extra)


def _roll_forward(then: Callable[[], None]) -> None:
    """What is announced is done now if it can be; what cannot is the task's, and the answer stands either way."""
    try:
        then()
    except (Changed, Locked, Unavailable) as error:
        log.line({"level": "warning", "postponed": repr(error)})


def _authorize(scene: Scene) -> None:
    if scene.arrival.operation.authorize is not None:
        scene.arrival.operation.authorize(scene)


def _command(scene: Scene) -> Command:
    schema = scene.arrival.operation.body
    role = None if scene.bearer is None else scene.bearer.role
    return {} if schema is None else check(schema, scene.arrival.document, role)


def _event(scene: Scene, outcome: Outcome) -> Write:
    assert outcome.event is not None
    payload = outcome.payload if outcome.payload is not None else outcome.body
    text = msgspec.json.encode(payload).decode()
    return outbox.event(scene.account_id, scene.arrival.service.new_event_id(), outcome.event, text, scene.now)


def _nothing() -> fetch.Plan[None]:
    return None
    yield


__all__ = ["Arrival", "Command", "Outcome", "Reply", "Resource", "Road", "Scene"]
