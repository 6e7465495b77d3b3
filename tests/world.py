"""A whole service in one process for tests: its store, a clock that stands still, and a way to send it requests."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import quote

from chalicelib import runtime
from chalicelib.admin.bootstrap import Tools, bootstrap, subscribe
from chalicelib.api.application import application
from chalicelib.api.service import Service
from chalicelib.composition import compose, stream, sweep
from chalicelib.crypto import keys as key_pairs
from chalicelib.jobs.sweep import Report
from chalicelib.store.database import Database
from chalicelib.store.transport import Transport
from infra.local.events import HttpRequest, RouteTable, build_event

START = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
JSON_API = "application/vnd.api+json"
HOST = "licenses.test:8443"


class PlainVault:
    """A vault that hides nothing; the real ones have tests of their own."""

    def wrap(self, plain: bytes, context: Mapping[str, str]) -> bytes:
        return json.dumps(dict(context)).encode() + b"\0" + plain

    def unwrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        prefix, _, plain = wrapped.partition(b"\0")
        assert json.loads(prefix) == dict(context)
        return plain


@dataclass
class Clock:
    """Time as an argument."""

    instant: datetime = START

    def now(self) -> datetime:
        return self.instant

    def seconds(self) -> float:
        return self.instant.timestamp()

    def advance(self, **duration: float) -> None:
        """Let time pass."""
        self.instant += timedelta(**duration)


@dataclass
class Answer:
    """A response: `data` and `errors` of its document, headers by lower-case name."""

    status: int
    raw: bytes
    headers: dict[str, str]

    @property
    def document(self) -> dict[str, Any]:
        parsed: dict[str, Any] = json.loads(self.raw)
        return parsed

    @property
    def data(self) -> Any:
        return self.document["data"]

    @property
    def attributes(self) -> dict[str, Any]:
        found: dict[str, Any] = self.data["attributes"]
        return found

    @property
    def errors(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.document["errors"]
        return found

    @property
    def error(self) -> tuple[int, str | None, str | None]:
        """Status, code and place of the first error: what clients act on."""
        first = self.errors[0]
        source = first.get("source", {})
        return self.status, first.get("code"), next(iter(source.values()), None)


@dataclass
class World:
    """A service over `transport` with one account."""

    transport: Transport
    environment: Mapping[str, str] = field(default_factory=dict)
    slug: str = "acme"
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.database: Database = runtime.database({}, self.transport, pause=lambda seconds: None)
        self.database.create_tables()
        self.vault = PlainVault()
        self.tools = Tools(self.database, self.vault, self.clock.now, runtime.new_id, runtime.random_hex)
        self.account = bootstrap(self.tools, self.slug, f"admin@{self.slug}.example", pairs=known_pairs())
        self.admin = f"Bearer {self.account['adminToken']}"
        self.service = self.serve()

    def serve(self, **environment: str) -> Service:
        """(Re)start the service: caches are empty again."""
        values = {"LICENSING_ACCOUNT": self.slug, "LICENSING_LOG_REQUESTS": "false", **self.environment, **environment}
        clock = {"now": self.clock.now, "exact_now": self.clock.now, "seconds": self.clock.seconds}
        self.service = compose(values, self.database, self.vault, **clock)
        self.app = application(self.service)
        self.routes = RouteTable(self.app.routes)
        return self.service

    def send(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        as_: str | None = "admin",
        headers: Mapping[str, str] | None = None,
        raw: bytes | None = None,
    ) -> Answer:
        """Send one request. `as_` is `admin`, an Authorization header or None; `path` is as on the wire."""
        sent = {"host": HOST, "accept": JSON_API}
        content = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        if content:
            sent["content-type"] = JSON_API
        if as_ is not None:
            sent["authorization"] = self.admin if as_ == "admin" else as_
        sent |= {name.lower(): value for name, value in (headers or {}).items()}
        target, _, query = path.partition("?")
        pairs = [(name.encode(), value.encode()) for name, value in sent.items()]
        request = HttpRequest(method, target.encode(), query.encode(), pairs, content, "127.0.0.1")
        response = self.app(build_event(request, self.routes, "test", self.clock.seconds()), None)
        found = {name.lower(): value for name, value in response["headers"].items()}
        return Answer(response["statusCode"], response["body"].encode(), found)

    def get(self, path: str, **options: Any) -> Answer:
        """GET."""
        return self.send("GET", path, **options)

    def post(self, path: str, body: object = None, **options: Any) -> Answer:
        """POST."""
        return self.send("POST", path, body, **options)

    def create(self, kind: str, attributes: Mapping[str, Any] | None = None, **relationships: tuple[str, str]) -> Any:
        """A resource made by the admin; its resource object."""
        answer = self.post(f"/v1/{kind}", resource(kind, attributes or {}, **relationships))
        assert answer.status == 201, answer.raw
        return answer.data

    def product(self, **attributes: Any) -> Any:
        """A product."""
        return self.create("products", {"name": "App", **attributes})

    def policy(self, product: str | None = None, **attributes: Any) -> Any:
        """A policy, of a new product unless one is named by id."""
        product_id = product or self.product()["id"]
        return self.create("policies", {"name": "Policy", **attributes}, product=("products", product_id))

    def license(self, policy: str | None = None, **attributes: Any) -> Any:
        """A license, of a new policy unless one is named by id."""
        policy_id = policy or self.policy()["id"]
        return self.create("licenses", attributes, policy=("policies", policy_id))

    def token(self, path: str, body: object = None) -> str:
        """The Authorization header of a new token of what `path` names, such as `/v1/products/<id>`."""
        answer = self.post(f"{path}/tokens", body)
        assert answer.status == 200, answer.raw
        return f"Bearer {answer.attributes['token']}"

    def listen(self, *events: str) -> None:
        """Subscribe the log to events; what was remembered about subscriptions is forgotten."""
        subscribe(self.tools, self.account["account"], "log", list(events) or ["*"])
        self.serve()

    def sweep(self) -> Report:
        """Run the deadline sweep now."""
        return sweep(self.service).run()

    def stream(self) -> Any:
        """The handler of the outbox's stream."""
        return stream(self.service)


def resource(kind: str, attributes: Mapping[str, Any], **relationships: tuple[str, str]) -> dict[str, Any]:
    """A request document."""
    linked = {name: {"data": {"type": type_, "id": id_}} for name, (type_, id_) in relationships.items()}
    data = {"type": kind, "attributes": dict(attributes), **({"relationships": linked} if linked else {})}
    return {"data": data}


def segment(text: str) -> str:
    """`text` as one path segment."""
    return quote(text, safe="")


known_pairs = cache(key_pairs.generate)
"""Key pairs made once a process: making RSA keys would take most of a test's time."""
