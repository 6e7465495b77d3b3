"""DynamoDB behind botocore, inside the process: an HTTP session that answers from the local engine or from memory."""

from __future__ import annotations

import base64
import json
import os
import threading
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from botocore.awsrequest import AWSResponse

from chalicelib.store.transport import BotocoreTransport
from infra.local.engine.engine import Engine

Call = tuple[str, dict[str, Any]]

ENDPOINT, REGION = "http://127.0.0.1:1", "us-east-1"
_READS = frozenset({"GetItem", "BatchGetItem", "Query"})
_HEADERS = {"content-type": "application/x-amz-json-1.0", "x-amzn-requestid": "0" * 52}


class _Raw:
    """A response body in one piece."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self) -> Iterator[bytes]:
        """What urllib3 would read from the socket."""
        yield self._content


class Wire:
    """Takes the place of botocore's HTTP session.

    Live, the engine answers and every answer is kept as the bytes the service would send. Replaying, a read is
    answered by what the same bytes were answered before, and a write, whose request holds a random id, by the last
    answer of its operation. Nothing but a dictionary look-up is then left below botocore.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._answers: dict[tuple[str, bytes], bytes] = {}
        self._latest: dict[str, bytes] = {}
        self._live = True

    def record(self) -> None:
        """Forget what was kept and let the engine answer."""
        self._answers, self._latest, self._live = {}, {}, True

    def replay(self) -> None:
        """Answer from memory from now on."""
        self._live = False

    def send(self, request: Any) -> AWSResponse:
        """Answer one prepared request of botocore."""
        target = request.headers["X-Amz-Target"]
        name = (target.decode() if isinstance(target, bytes) else target).partition(".")[2]
        content = self._answer(name, request.body) if self._live else self._kept(name, request.body)
        return AWSResponse(request.url, 200, _HEADERS, _Raw(content))

    def _answer(self, name: str, body: bytes) -> bytes:
        reply = self._engine.call(name, json.loads(body, object_hook=_with_bytes))
        reply.pop("ResponseMetadata")
        content = json.dumps(reply, separators=(",", ":"), default=_as_text).encode()
        with self._lock:
            self._answers[name, body] = self._latest[name] = content
        return content

    def _kept(self, name: str, body: bytes) -> bytes:
        if name in _READS:
            return self._answers[name, body]
        return self._latest[name]


def _with_bytes(value: dict[str, Any]) -> dict[str, Any]:
    text = value.get("B")
    return {"B": base64.b64decode(text)} if isinstance(text, str) and len(value) == 1 else value


def _as_text(value: object) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(f"{type(value).__name__} is no part of an answer")


class Recorder:
    """The service's own botocore transport over a `Wire`; notes its calls while `calls` is a list."""

    def __init__(self, wire: Wire) -> None:
        self._inner, self.client = connected(wire)
        self.calls: list[Call] | None = None

    def call(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Pass the call on."""
        if self.calls is not None:
            self.calls.append((operation, deepcopy(dict(parameters))))
        return self._inner.call(operation, parameters)


def connected(wire: Wire) -> tuple[BotocoreTransport, Any]:
    """The service's transport and the botocore client inside it, its HTTP session replaced."""
    os.environ.update(AWS_ACCESS_KEY_ID="bench", AWS_SECRET_ACCESS_KEY="bench")
    transport = BotocoreTransport(ENDPOINT, REGION)
    client = transport._connect()
    client._endpoint.http_session = wire
    return transport, client
