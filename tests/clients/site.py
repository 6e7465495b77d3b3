"""A whole service on a loopback port, with its data in a file, and somebody on the line who can alter its answers."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from app import app
from chalicelib.licensing.clock import cut
from infra.local.engine import Engine, EngineTransport
from infra.local.events import RouteTable
from infra.local.server import Context, Running, serve
from tests.world import Clock, World

SECONDS = 20

Response = dict[str, Any]
Alter = Callable[[Response], Response]


@dataclass
class RunningClock(Clock):
    """The clock on the wall, or that far ahead of it: clients compare dates with their own clock."""

    ahead: timedelta = timedelta()

    def now(self) -> datetime:
        return cut(datetime.now(UTC) + self.ahead)

    def seconds(self) -> float:
        return self.now().timestamp()

    def advance(self, **duration: float) -> None:
        self.ahead += timedelta(**duration)


@dataclass
class Site:
    """A running service and its account. `alter` is what happens to answers on their way."""

    world: World
    url: str = ""
    alter: Alter = field(default=lambda response: response)

    @property
    def account(self) -> str:
        """The account's id."""
        return str(self.world.account["account"])

    @property
    def public_key(self) -> str:
        """The Ed25519 key that clients are configured with."""
        return str(self.world.account["publicKey"])

    @property
    def host(self) -> str:
        """What clients send as Host."""
        return self.url.removeprefix("http://")

    @property
    def admin_token(self) -> str:
        """The token alone."""
        return str(self.world.account["adminToken"])

    def handle(self, event: Any, context: Context) -> Response:
        """The handler of the server."""
        return self.alter(dict(self.world.app(event, context)))


class Server:
    """The server in front: it outlives the sites, which come and go behind it."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self.site: Site | None = None

    def handle(self, event: Any, context: Context) -> Response:
        """Whatever site there is answers."""
        assert self.site is not None
        return self.site.handle(event, context)

    @contextmanager
    def opened(self, folder: Path, **environment: str) -> Iterator[Site]:
        """A service with one account and its data in `folder`."""
        engine = Engine(folder / "licensing.sqlite")
        try:
            world = World(EngineTransport(engine), environment, clock=RunningClock())
            self.site = Site(world, self.running.url)
            yield self.site
        finally:
            self.site = None
            engine.close()


@contextmanager
def serving() -> Iterator[Server]:
    """A server on a free port, in a thread of its own."""
    made: list[Server] = []
    accepts = threading.Event()

    def on_ready(running: Running) -> None:
        made.append(Server(running))
        accepts.set()

    def handle(event: Any, context: Context) -> Response:
        return made[0].handle(event, context)

    options: Mapping[str, Any] = {"port": 0, "threads": 4, "on_ready": on_ready}
    routes = RouteTable(app.routes)
    thread = threading.Thread(target=serve, args=(handle, routes), kwargs=options, daemon=True)
    thread.start()
    assert accepts.wait(SECONDS)
    try:
        yield made[0]
    finally:
        made[0].running.stop()
        thread.join(SECONDS)
        assert not thread.is_alive()


def without(*names: str) -> Alter:
    """Drop headers."""
    dropped = {name.lower() for name in names}

    def alter(response: Response) -> Response:
        kept = {name: value for name, value in response["headers"].items() if name.lower() not in dropped}
        return {**response, "headers": kept}

    return alter


def with_headers(**changed: Callable[[str], str]) -> Alter:
    """Change headers, named with underscores for dashes."""
    changes = {name.lower().replace("_", "-"): change for name, change in changed.items()}

    def alter(response: Response) -> Response:
        headers = dict(response["headers"])
        for name in headers:
            if name.lower() in changes:
                headers[name] = changes[name.lower()](headers[name])
        return {**response, "headers": headers}

    return alter


def with_body(old: str, new: str) -> Alter:
    """Change the body."""

    def alter(response: Response) -> Response:
        assert old in response["body"]
        return {**response, "body": response["body"].replace(old, new)}

    return alter


def flipped(signature: str) -> str:
    """A signature header with one bit of the signature changed, still well-formed."""
    before, _, rest = signature.partition('signature="')
    encoded, _, after = rest.partition('"')
    raw = bytearray(base64.b64decode(encoded))
    raw[0] ^= 1
    return f'{before}signature="{base64.b64encode(raw).decode()}"{after}'
