"""The server over real sockets: targets byte for byte, threads, limits, ports and signals."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from infra.local.events import RouteTable
from infra.local.server import BODY_LIMIT, Context, Running, _listen, serve

ROUTES = RouteTable({"/v1/{proxy+}": ("GET", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE")})
ROOT = Path(__file__).parents[2]
SECONDS = 20

Handle = Callable[[dict[str, Any], Context], Any]


@contextmanager
def serving(handle: Handle, threads: int = 4) -> Iterator[Running]:
    """A server on a free port, in a thread of its own."""
    ready: list[Running] = []
    started = threading.Event()

    def on_ready(running: Running) -> None:
        ready.append(running)
        started.set()

    options = {"port": 0, "threads": threads, "on_ready": on_ready}
    thread = threading.Thread(target=serve, args=(handle, ROUTES), kwargs=options, daemon=True)
    thread.start()
    assert started.wait(SECONDS)
    try:
        yield ready[0]
    finally:
        ready[0].stop()
        thread.join(SECONDS)
        assert not thread.is_alive()


def echo(event: dict[str, Any], context: Context) -> dict[str, Any]:
    return {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": json.dumps(event)}


@contextmanager
def connected(running: Running) -> Iterator[http.client.HTTPConnection]:
    connection = http.client.HTTPConnection(running.host, running.port, timeout=SECONDS)
    try:
        yield connection
    finally:
        connection.close()


def raw(running: Running, request: bytes) -> bytes:
    """Everything the server says to these exact bytes until it closes."""
    with linked(running) as link:
        link.sendall(request)
        return everything(link)


def linked(running: Running) -> socket.socket:
    return socket.create_connection((running.host, running.port), timeout=SECONDS)


def everything(link: socket.socket) -> bytes:
    parts = []
    while part := link.recv(65536):
        parts.append(part)
    return b"".join(parts)


@pytest.fixture(scope="module")
def echoing() -> Iterator[Running]:
    with serving(echo) as running:
        yield running


@pytest.mark.parametrize(
    "target",
    [
        "/v1/licenses/a%2Fb",
        "/v1/licenses/a+b%2B.c..d",
        "/v1/../v1/./x",
        "/v1/x?page[size]=1&page%5Bnumber%5D=2",
        "/v1/x?algorithm=aes-256-gcm%2Bed25519&include=a%2Cb&c=d+e",
        "/v1/x?a=b?c&&d",
        "/v1//x//",
        "/",
    ],
)
def test_the_target_survives_byte_for_byte(echoing: Running, target: str) -> None:
    answer = raw(echoing, f"GET {target} HTTP/1.1\r\nHost: api.test:81\r\nConnection: close\r\n\r\n".encode())
    event = json.loads(answer.partition(b"\r\n\r\n")[2])
    path, _, query = target.partition("?")
    assert (event["rawPath"], event["rawQueryString"]) == (path, query)
    assert event["headers"]["host"] == "api.test:81"
    assert event["requestContext"]["identity"]["sourceIp"] == "127.0.0.1"


def test_a_running_handler_delays_nobody() -> None:
    entered, release = threading.Event(), threading.Event()

    def handle(event: dict[str, Any], context: Context) -> dict[str, Any]:
        if event["rawPath"] == "/v1/slow":
            entered.set()
            assert release.wait(SECONDS)
        return {"statusCode": 200, "body": event["rawPath"]}

    with serving(handle) as running, connected(running) as slow, connected(running) as quick:
        slow.request("GET", "/v1/slow")
        assert entered.wait(SECONDS)
        quick.request("GET", "/v1/quick")
        assert quick.getresponse().read() == b"/v1/quick"
        release.set()
        assert slow.getresponse().read() == b"/v1/slow"


def test_a_client_that_sends_slowly_holds_no_thread() -> None:
    with serving(echo, threads=1) as running, connected(running) as quick, linked(running) as slow:
        slow.sendall(b"POST /v1/x HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nConnection: close\r\n\r\na")
        quick.request("GET", "/v1/quick")
        assert quick.getresponse().status == 200
        slow.sendall(b"b")
        assert b'"body": "ab"' in everything(slow)


def test_a_connection_is_kept_and_carries_bodies(echoing: Running) -> None:
    with connected(echoing) as connection:
        connection.connect()
        link = connection.sock
        for number in range(3):
            connection.request("POST", "/v1/x", body=f"body {number} é".encode())
            response = connection.getresponse()
            assert json.loads(response.read())["body"] == f"body {number} é"
            assert connection.sock is link


def test_pipelined_requests_are_answered_in_order(echoing: Running) -> None:
    first = b"GET /v1/1 HTTP/1.1\r\nHost: h\r\n\r\n"
    answer = raw(echoing, first + b"GET /v1/2 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
    assert 0 < answer.index(b'"rawPath": "/v1/1"') < answer.index(b'"rawPath": "/v1/2"')


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PATCH", "PUT", "DELETE"])
def test_every_method_reaches_the_handler(echoing: Running, method: str) -> None:
    with connected(echoing) as connection:
        connection.request(method, "/v1/x")
        response = connection.getresponse()
        body = response.read()
        assert response.status == 200
        assert (body == b"") == (method == "HEAD")
        assert int(response.getheader("Content-Length", "0")) > 0


def test_headers_are_the_handlers_own() -> None:
    def handle(event: dict[str, Any], context: Context) -> dict[str, Any]:
        headers = {"Date": "Wed, 09 Jun 2021 16:08:15 GMT", "Content-Length": "99", "Connection": "upgrade"}
        return {"statusCode": 200, "headers": headers, "multiValueHeaders": {"X-A": ["1", "2"]}, "body": "é"}

    with serving(handle) as running, connected(running) as connection:
        connection.request("GET", "/v1/x")
        response = connection.getresponse()
        assert response.read() == "é".encode()
        assert sorted(response.getheaders()) == [
            ("content-length", "2"),
            ("date", "Wed, 09 Jun 2021 16:08:15 GMT"),
            ("x-a", "1"),
            ("x-a", "2"),
        ]


def test_a_response_without_body_or_date() -> None:
    with serving(lambda event, context: {"statusCode": 204}) as running, connected(running) as connection:
        connection.request("DELETE", "/v1/x")
        response = connection.getresponse()
        assert (response.status, response.read()) == (204, b"")
        assert [name for name, _ in response.getheaders()] == ["date"]


def error_of(response: http.client.HTTPResponse) -> tuple[int, str, str]:
    kind = response.getheader("Content-Type", "")
    return response.status, json.loads(response.read())["errors"][0]["title"], kind


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_over_the_limit_is_refused(echoing: Running, chunked: bool) -> None:
    block = b"x" * (BODY_LIMIT // 10)
    body: Any = iter([block] * 11) if chunked else block * 10 + b"x"
    with connected(echoing) as connection:
        connection.request("POST", "/v1/x", body=body, encode_chunked=chunked, headers=_chunked(chunked))
        response = connection.getresponse()
        assert error_of(response) == (413, "Payload too large", "application/vnd.api+json; charset=utf-8")
        assert response.getheader("Connection") == "close"


def _chunked(chunked: bool) -> dict[str, str]:
    return {"Transfer-Encoding": "chunked"} if chunked else {}


def test_a_body_at_the_limit_is_taken() -> None:
    def length(event: dict[str, Any], context: Context) -> dict[str, Any]:
        return {"statusCode": 200, "body": str(len(event["body"]))}

    with serving(length) as running, connected(running) as connection:
        connection.request("POST", "/v1/x", body=b"x" * BODY_LIMIT)
        assert connection.getresponse().read() == str(BODY_LIMIT).encode()


def test_a_client_that_asks_first_is_refused_before_it_sends(echoing: Running) -> None:
    head = b"POST /v1/x HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n" % (BODY_LIMIT + 1)
    assert raw(echoing, head).startswith(b"HTTP/1.1 413 ")


def test_a_handler_that_fails_is_a_500_and_one_line(caplog: pytest.LogCaptureFixture) -> None:
    answers: list[Any] = [None, {"statusCode": 200, "body": 1}]

    def handle(event: dict[str, Any], context: Context) -> Any:
        return answers.pop() if answers else 1 // 0

    with serving(handle) as running, connected(running) as connection:
        for count in (1, 2, 3):
            connection.request("GET", "/v1/x")
            assert error_of(connection.getresponse())[:2] == (500, "Internal server error")
            assert len(caplog.records) == count
    assert "ZeroDivisionError" in json.loads(caplog.records[-1].message)["error"]


def test_what_is_no_http_is_refused(echoing: Running) -> None:
    assert raw(echoing, b"nonsense\r\n\r\n").startswith(b"HTTP/1.1 400 ")


def test_accepted_connections_send_at_once() -> None:
    with _listen("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname()):
        link, _ = listener.accept()
        with link:
            assert link.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_the_context_counts_down() -> None:
    assert 0 < Context().get_remaining_time_in_millis() <= 29_000
    assert Context(deadline=0.0).get_remaining_time_in_millis() == 0


PROGRAM = """
import sys
from infra.local import server
from infra.local.events import RouteTable

server.STOP_SECONDS = float(sys.argv[2])
def handle(event, context):
    print("entered", flush=True)
    if event["rawPath"] == "/v1/wait":
        sys.stdin.readline()
    return {"statusCode": 200, "body": "done"}

server.serve(handle, RouteTable({}), "127.0.0.1", int(sys.argv[1]), 2, lambda running: print(running.port, flush=True))
print("cleaned up", flush=True)
"""


@contextmanager
def process(port: int, stop_seconds: float = 30) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-W", "error", "-c", PROGRAM, str(port), str(stop_seconds)]
    pipe = subprocess.PIPE
    child = subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
    with child:
        try:
            yield child
        finally:
            child.kill()


def line(child: subprocess.Popen[str]) -> str:
    assert child.stdout is not None
    return child.stdout.readline().strip()


def test_a_taken_port_is_one_plain_sentence() -> None:
    with _listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with process(port) as child:
            out, err = child.communicate(timeout=SECONDS)
    assert (child.returncode, out) == (1, "")
    assert err == f"port {port} is already in use; choose another with PORT=...\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_finishes_the_request_in_flight_and_returns(number: signal.Signals) -> None:
    with process(0) as child:
        port = int(line(child))
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
        link.request("GET", "/v1/wait")
        assert line(child) == "entered"
        os.kill(child.pid, number)
        _until_refused(port)
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
        assert link.getresponse().read() == b"done"
        link.close()
        out, err = child.communicate(timeout=SECONDS)
    assert (child.returncode, out, err) == (0, "cleaned up\n", "")


def test_a_stop_does_not_wait_for_a_handler_that_hangs() -> None:
    with process(0, stop_seconds=0) as child:
        link = http.client.HTTPConnection("127.0.0.1", int(line(child)), timeout=SECONDS)
        link.request("GET", "/v1/wait")
        assert line(child) == "entered"
        os.kill(child.pid, signal.SIGTERM)
        assert error_of(link.getresponse())[:2] == (503, "Service unavailable")
        link.close()
        assert child.wait(SECONDS) == 0
        assert line(child) == "cleaned up"


def _until_refused(port: int) -> None:
    """Returns once new connections are refused, which is when the stop has begun."""
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as link:
                link.recv(1)
        except OSError:
            return
