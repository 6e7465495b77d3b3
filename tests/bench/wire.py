"""DynamoDB inside the process, below both clients: answers as bytes, from the local engine or from memory.

The service sends through its own transport, the floor through a plain botocore client. Below either one the wire takes
the place of urllib3, so what is compared is the CPU each spends above it on the same calls.
"""

from __future__ import annotations

import base64
import json
import os
import threading
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from botocore.awsrequest import AWSResponse
from urllib3 import HTTPResponse

from chalicelib.store.direct import DirectTransport
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
    """Takes the place of botocore's HTTP session and of the direct transport's pool.

    Live, the engine answers and every answer is kept as the bytes the service would send. Replaying, a read is
    answered by what the same bytes were answered before, and a write, whose request holds a random id, by the last
    answer of its operation. Nothing but a dictionary look-up is then left below botocore.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._answers: dict[tuple[str, bytes], bytes] = {}
        self._known: dict[tuple[str, bytes], bytes] = {}
        self._latest: dict[str, bytes] = {}
        self._live = True

    def record(self) -> None:
        """Forget what was kept and let the engine answer."""
        self._answers, self._known, self._latest, self._live = {}, {}, {}, True

    def replay(self) -> None:
        """Answer from memory from now on."""
        self._live = False

    def send(self, request: Any) -> AWSResponse:
        """Answer one prepared request of botocore."""
        target = request.headers["X-Amz-Target"]
        name = (target.decode() if isinstance(target, bytes) else target).partition(".")[2]
        content = self._answer(name, request.body) if self._live else self._kept(name, request.body)
        return AWSResponse(request.url, 200, _HEADERS, _Raw(content))

    def request(self, method: str, url: str, body: bytes, headers: Mapping[str, str], **options: Any) -> HTTPResponse:
        """Answer one request of the direct transport."""
        name = headers["X-Amz-Target"].partition(".")[2]
        content = self._answer(name, body) if self._live else self._kept(name, body)
        return HTTPResponse(content, _HEADERS, 200)

    def _answer(self, name: str, body: bytes) -> bytes:
        reply = self._engine.call(name, json.loads(body, object_hook=_with_bytes))
        reply.pop("ResponseMetadata")
        content = json.dumps(reply, separators=(",", ":"), default=_as_text).encode()
        with self._lock:
            self._answers[name, _canonical(body)] = self._latest[name] = content
        return content

    def _kept(self, name: str, body: bytes) -> bytes:
        if name not in _READS:
            return self._latest[name]
        content = self._known.get((name, body))
        if content is None:  # once for each client, which write the same request in other bytes
            content = self._known[name, body] = self._answers[name, _canonical(body)]
        return content


def _canonical(body: bytes) -> bytes:
    return json.dumps(json.loads(body), sort_keys=True).encode()


def _with_bytes(value: dict[str, Any]) -> dict[str, Any]:
    text = value.get("B")
    return {"B": base64.b64decode(text)} if isinstance(text, str) and len(value) == 1 else value


def _as_text(value: object) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(f"{type(value).__name__} is no part of an answer")


class Recorder:
    """The service's own transport over a `Wire`; notes its calls while `calls` is a list."""

    def __init__(self, wire: Wire) -> None:
        _credentials()
        self._inner = DirectTransport(ENDPOINT, REGION)
        self._inner.__dict__["_pool"] = wire
        self.calls: list[Call] | None = None

    def call(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Pass the call on."""
        if self.calls is not None:
            self.calls.append((operation, deepcopy(dict(parameters))))
        return self._inner.call(operation, parameters)


def plain_client(wire: Wire) -> Any:
    """A botocore client of one attempt a call, its HTTP session replaced."""
    _credentials()
    client = BotocoreTransport(ENDPOINT, REGION)._connect()
    client._endpoint.http_session = wire
    return client


def _credentials() -> None:
    os.environ.update(AWS_ACCESS_KEY_ID="bench", AWS_SECRET_ACCESS_KEY="bench")
