"""The local HTTP server: uvicorn in front, a thread per running handler behind, API Gateway events in between.

Reading and writing sockets happens on one event loop, so a slow client costs a buffer and never a thread; handlers run
on a bounded pool of daemon threads. The application writes its own log line and its own `Date`; the server adds a date
only where there is none.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import logging
import queue
import signal
import socket
import sys
import threading
import time
import traceback
import uuid
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any, NamedTuple

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from infra.local.events import Event, HttpRequest, HttpResponse, RouteTable, build_event, parse_response

BODY_LIMIT = 10 * 1024 * 1024
DRAIN_LIMIT = 4 * BODY_LIMIT
STOP_SECONDS = 5
FUNCTION_SECONDS = 29.0
JSON_API = "application/vnd.api+json; charset=utf-8"
BODILESS = frozenset({204, 304})

log = logging.getLogger(__name__)

Scope = Mapping[str, Any]
Receive = Callable[[], Any]
Send = Callable[[dict[str, Any]], Any]
Pairs = list[tuple[bytes, bytes]]


@dataclass(frozen=True)
class Context:
    """The part of a Lambda context the application may use."""

    aws_request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    function_name: str = "local"
    deadline: float = field(default_factory=lambda: time.monotonic() + FUNCTION_SECONDS)

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the function would be stopped in the cloud; never negative."""
        return max(0, int((self.deadline - time.monotonic()) * 1000))


Handler = Callable[[Event, Context], Any]


@dataclass(frozen=True)
class Running:
    """A server that accepts connections: where, and how to stop it (from any thread; returns at once)."""

    host: str
    port: int
    stop: Callable[[], None]

    @property
    def url(self) -> str:
        """The base URL without a trailing slash."""
        return f"http://[{self.host}]:{self.port}" if ":" in self.host else f"http://{self.host}:{self.port}"


class _Work(NamedTuple):
    future: Future[HttpResponse]
    call: Callable[[], HttpResponse]


class _Pool:
    """Daemon threads taking calls from one queue.

    The standard executor joins its threads when the interpreter exits, so one stuck handler would hold a stopped server
    open for ever; these threads end with the process.
    """

    def __init__(self, threads: int) -> None:
        self._queue: queue.SimpleQueue[_Work | None] = queue.SimpleQueue()
        self._threads = threads
        for number in range(threads):
            threading.Thread(target=self._run, name=f"handler-{number}", daemon=True).start()

    def submit(self, call: Callable[[], HttpResponse]) -> Future[HttpResponse]:
        future: Future[HttpResponse] = Future()
        self._queue.put(_Work(future, call))
        return future

    def close(self) -> None:
        for _ in range(self._threads):
            self._queue.put(None)

    def _run(self) -> None:
        while (work := self._queue.get()) is not None:
            # A call whose client has gone is cancelled while it waits; one that runs always runs to its end.
            if work.future.set_running_or_notify_cancel():
                try:
                    work.future.set_result(work.call())
                except BaseException as error:
                    work.future.set_exception(error)


class _Application:
    """The ASGI side: bounded body in, one handler call, one response out."""

    def __init__(self, handle: Handler, routes: RouteTable, pool: _Pool) -> None:
        self._handle = handle
        self._routes = routes
        self._pool = pool

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            body = await _read(scope, receive)
        except ConnectionAbortedError:
            return
        if body is None:
            await _write(send, _error(413, "Payload too large", f"the body exceeds {BODY_LIMIT} bytes"), close=True)
            return
        client = scope["client"][0] if scope["client"] else ""
        request = HttpRequest(scope["method"], scope["raw_path"], scope["query_string"], scope["headers"], body, client)
        try:
            response = await asyncio.wrap_future(self._pool.submit(lambda: self._answer(request)))
        except asyncio.CancelledError:
            # The stop has waited long enough; the call itself goes on until the process ends.
            await _write(send, _error(503, "Service unavailable", "the server is stopping"), close=True)
        else:
            await _write(send, response)

    def _answer(self, request: HttpRequest) -> HttpResponse:
        """Runs on a pool thread. A handler that raises or answers nonsense is a 500 and one log line."""
        context = Context()
        try:
            event = build_event(request, self._routes, context.aws_request_id, time.time())
            return parse_response(self._handle(event, context))
        except Exception:
            line = {"event": "handler.failed", "request": context.aws_request_id, "error": traceback.format_exc()}
            log.error(json.dumps(line))
            return _error(500, "Internal server error", "the request could not be completed")


async def _read(scope: Scope, receive: Receive) -> bytes | None:
    """The whole body, or None when it is over the limit. Raises ConnectionAbortedError when the client left early.

    What a client is still sending is read and dropped (up to DRAIN_LIMIT) before the refusal: closing a socket with
    unread bytes resets it, and the client would see a broken pipe instead of the answer.
    """
    announced = _announced(scope["headers"])
    if announced > BODY_LIMIT and any(name == b"expect" for name, _ in scope["headers"]):
        return None
    if announced > DRAIN_LIMIT:
        return None
    body, size = bytearray(), 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionAbortedError
        part = message.get("body", b"")
        size += len(part)
        if size <= BODY_LIMIT:
            body += part
        if not message.get("more_body", False) or size > DRAIN_LIMIT:
            return bytes(body) if size <= BODY_LIMIT else None


def _announced(headers: Pairs) -> int:
    """The Content-Length the client sent, 0 without one (the parser has refused anything but digits)."""
    return next((int(value) for name, value in headers if name == b"content-length"), 0)


async def _write(send: Send, response: HttpResponse, *, close: bool = False) -> None:
    headers = [(name.encode("ascii"), value.encode("ascii")) for name, value in response.headers]
    if not any(name.lower() == b"date" for name, _ in headers):
        headers.append((b"Date", formatdate(usegmt=True).encode("ascii")))
    if response.status not in BODILESS:
        headers.append((b"Content-Length", b"%d" % len(response.body)))
    if close:
        headers.append((b"Connection", b"close"))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    body = b"" if response.status in BODILESS else response.body
    await send({"type": "http.response.body", "body": body, "more_body": False})


def _error(status: int, title: str, detail: str) -> HttpResponse:
    body = json.dumps({"errors": [{"title": title, "detail": detail}]}, separators=(",", ":")).encode("utf-8")
    return HttpResponse(status, [("Content-Type", JSON_API)], body)


class _Server(uvicorn.Server):
    """uvicorn without its signal handling, which ends the process by the signal before the caller can clean up."""

    on_started: Callable[[], None]

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self.on_started()

    def stop(self) -> None:
        """End after the requests in flight, at most STOP_SECONDS later."""
        self.should_exit = True


def _listen(host: str, port: int) -> socket.socket:
    """A bound socket without Nagle's delay; asyncio only switches it off where the protocol is named."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        listener.bind((host, port))
        listener.listen(2048)
    except OSError:
        listener.close()
        raise
    return listener


def _refusal(host: str, port: int, error: OSError) -> str:
    """Why a port could not be had, in one sentence a person can act on."""
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is already in use; choose another with PORT=..."
    if error.errno == errno.EACCES:
        return f"port {port} may not be opened by this user; choose one above 1023 with PORT=..."
    return f"cannot listen on {host} port {port}: {error.strerror or error}"


def serve(
    handle: Handler,
    routes: RouteTable,
    host: str = "127.0.0.1",
    port: int = 8000,
    threads: int = 16,
    on_ready: Callable[[Running], None] = lambda running: None,
) -> None:
    """Serve `handle(event, context) -> proxy response` until SIGINT, SIGTERM or `Running.stop()`; then return.

    `port` 0 takes a free one. `on_ready` is called once connections are accepted. Requests in flight are finished, for
    at most STOP_SECONDS. When the port cannot be had, prints one sentence on stderr and raises SystemExit(1).
    """
    try:
        listener = _listen(host, port)
    except OSError as error:
        print(_refusal(host, port, error), file=sys.stderr)
        raise SystemExit(1) from None
    pool = _Pool(threads)
    try:
        server = _Server(_config(_Application(handle, routes, pool)))
        running = Running(host, listener.getsockname()[1], server.stop)
        server.on_started = lambda: on_ready(running)
        asyncio.run(server.serve(sockets=[listener]))
    finally:
        pool.close()
        listener.close()


def _config(application: _Application) -> uvicorn.Config:
    return uvicorn.Config(
        application,
        http=HttpToolsProtocol,
        ws="none",
        loop="asyncio",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        log_level="error",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=STOP_SECONDS,
    )
