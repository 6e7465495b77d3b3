"""The one road of every request: edge, load, decide, commit, answer (DESIGN).

`handle` never raises: what is refused becomes an error document, what breaks becomes a 500 without internals.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from chalicelib.api import headers, limits, log, problems
from chalicelib.api.authenticate import bearer_of, identity_plan, require_bearer
from chalicelib.api.credentials import presented
from chalicelib.api.operation import CONFLICT, Arrival, Command, Credentials, Order, Outcome, Scene
from chalicelib.api.reply import Reply, Trace
from chalicelib.api.request import (
    METHODS,
    Query,
    check_path,
    from_event,
    parse_document,
    parse_query,
    response_type,
)
from chalicelib.api.route import Match, Router, split_account
from chalicelib.api.schema import check
from chalicelib.api.service import Service
from chalicelib.api.subscriptions import Subscriptions, names
from chalicelib.crypto.sealing import seal
from chalicelib.licensing.errors import BadRequest, Conflicting, NotFound, Problem, Refusal, Unavailable
from chalicelib.licensing.rates import TooManyAttempts
from chalicelib.store import fetch, meter, retry
from chalicelib.store.items import outbox
from chalicelib.store.meter import Ledger
from chalicelib.store.unit import Changed, Locked, Write, attempt, commit

DECISIONS = 12
"""How often a request is decided until it gives up; 50 that want the same seat at once never needed more."""
DOWNLOAD = "application/octet-stream"
NO_ENDPOINT = Problem(
    "The requested endpoint was not found (check your HTTP method, Accept header, and URL path)", code="NOT_FOUND"
)


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
            return self._refused(trace, status, title, refusal.problems, headers.of_refusal(refusal, trace.raw))
        except Exception:
            log.line({"level": "error", "requestId": trace.request_id, "traceback": traceback.format_exc()})
            status, title, detail = problems.INTERNAL
            return self._refused(trace, status, title, (Problem(detail),), {})

    def _refused(
        self, trace: Trace, status: int, title: str, found: tuple[Problem, ...], extra: dict[str, str]
    ) -> Reply:
        body = problems.error_document(title, found, trace.request_id if trace.routed else None)
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
        self._count(trace, arrival)
        outcome, body = self._decide(trace, arrival)
        return _answered(outcome, body, trace.media_type)

    def _edge(self, trace: Trace) -> tuple[Mapping[str, Any], Query]:
        """What is wrong before routing; errors have no request id yet (spec http.md §12)."""
        raw = trace.raw
        self._recognise(trace)
        if raw.method not in METHODS:
            raise BadRequest(Problem("The HTTP method for the request is not valid", code="HTTP_METHOD_INVALID"))
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
        ignored = match.operation.credentials is Credentials.IGNORED
        return Arrival(
            self._service,
            tenant,
            match.operation,
            match.ids,
            query,
            document,
            trace.raw,
            None if ignored else presented(trace.raw, query, login=match.operation.login),
            self._service.now(),
            trace.version,
        )

    def _count(self, trace: Trace, arrival: Arrival) -> None:
        """Refuse an attempt too many, as if it had not reached its operation (spec http.md §11, §12)."""
        try:
            limits.count(arrival)
        except TooManyAttempts:
            trace.routed = False
            raise

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
        database, known = self._service.database, dict[Any, Any]()
        plan = fetch.together(identity_of, load, more, listening)
        identity, loaded, extra, subscribers = fetch.run(database, plan, known)
        bearer = trace.bearer = bearer_of(arrival.presented, identity, arrival.now, arrival.version)
        if operation.credentials is Credentials.REQUIRED:
            require_bearer(bearer)
        scene = Scene(arrival, bearer, identity, loaded, extra, names(operation, subscribers))
        if operation.relate is not None and bearer is not None:
            scene.relation = fetch.run(database, operation.relate(arrival, bearer, loaded), known)
        return scene

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
        if outcome.before is not None:
            outcome.before()
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
    extra = dict(outcome.headers)
    if outcome.download is not None:
        return Reply(outcome.status, outcome.download, DOWNLOAD, extra)
    encoded = b"" if body is None else msgspec.json.encode(body)
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
    event_id, sealed = scene.arrival.service.new_event_id(), _sealed(scene, outcome)
    return outbox.event(scene.account_id, event_id, outcome.event, text, scene.now, sealed)


def _sealed(scene: Scene, outcome: Outcome) -> str | None:
    """What nobody may read who only reads the store."""
    if outcome.secret is None or outcome.event is None:
        return None
    return seal(scene.arrival.tenant.secret, msgspec.json.encode(outcome.secret), outcome.event)


def _nothing() -> fetch.Plan[None]:
    return None
    yield
