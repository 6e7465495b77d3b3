"""HTTP to API Gateway and back: REST proxy events (payload version 1.0) from raw request parts.

The gateway hands a function decoded maps and an undecoded path. Ours adds two members, `rawPath` and `rawQueryString`:
the bytes as received (as Latin-1 text), like payload version 2.0 carries them, because a signature covers the target
as it was sent.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote

GREEDY = "/v1/{proxy+}"
STAGE = "local"

Event = dict[str, Any]
Route = tuple[str, dict[str, str]]

# Hop-by-hop and framing headers belong to the server that writes the bytes, never to the function behind it.
FRAMING = frozenset({"connection", "content-length", "keep-alive", "transfer-encoding"})


class HttpRequest(NamedTuple):
    """One request as read from the wire: `path` and `query` undecoded, names in any case, `client` an address."""

    method: str
    path: bytes
    query: bytes
    headers: Sequence[tuple[bytes, bytes]]
    body: bytes
    client: str


class HttpResponse(NamedTuple):
    """What goes back to the wire: header order kept, one entry per value, no framing headers."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


class MalformedResponseError(ValueError):
    """The function answered something the gateway would turn into a 502."""


@dataclass
class _Node:
    """One position of the route tree: literal children, one parameter child, patterns ending here."""

    literals: dict[str, _Node] = field(default_factory=dict)
    parameter: _Node | None = None
    ends: list[tuple[str, tuple[str, ...], frozenset[str]]] = field(default_factory=list)
    greedy: list[tuple[str, str, frozenset[str]]] = field(default_factory=list)


class RouteTable:
    """Patterns such as `/v1/accounts/{account}/licenses/{id}` with their methods; Chalice's `app.routes` is such a map.

    The most specific pattern wins, position by position: a literal before a parameter before a greedy `{name+}`. A
    pattern without the request's method does not match; what nothing matches goes to `/v1/{proxy+}`, where the
    application answers its own 404.
    """

    def __init__(self, routes: Mapping[str, Collection[str]]) -> None:
        self._root = _Node()
        for pattern, methods in routes.items():
            self._add(pattern, frozenset(methods))

    def _add(self, pattern: str, methods: frozenset[str]) -> None:
        node, names = self._root, []
        for part in _segments(pattern):
            if part.startswith("{") and part.endswith("+}"):
                node.greedy.append((pattern, part[1:-2], methods))
                return
            if part.startswith("{"):
                names.append(part[1:-1])
                node.parameter = node.parameter or _Node()
                node = node.parameter
            else:
                node = node.literals.setdefault(part, _Node())
        node.ends.append((pattern, tuple(names), methods))

    def match(self, method: str, path: str) -> Route:
        """The pattern for a request and its path parameters, still percent-encoded as the gateway leaves them."""
        parts = _segments(path)
        found = next(_walk(self._root, parts, (), method), None)
        return found or (GREEDY, {"proxy": path.removeprefix("/v1/").removeprefix("/")})


def _segments(path: str) -> list[str]:
    return path.removeprefix("/").split("/")


def _walk(node: _Node, parts: Sequence[str], values: tuple[str, ...], method: str) -> Iterator[Route]:
    """Every matching route, most specific first."""
    if not parts:
        yield from ((p, dict(zip(names, values, strict=True))) for p, names, methods in node.ends if method in methods)
        return
    literal = node.literals.get(unquote(parts[0]))
    if literal is not None:
        yield from _walk(literal, parts[1:], values, method)
    if node.parameter is not None and parts[0]:
        yield from _walk(node.parameter, parts[1:], (*values, parts[0]), method)
    for pattern, name, methods in node.greedy:
        if method in methods and parts != [""]:
            yield pattern, {name: "/".join(parts)}


def build_event(request: HttpRequest, routes: RouteTable, request_id: str, now: float) -> Event:
    """The REST proxy event for `request`; `now` in Unix seconds. Absent maps and bodies are None, as at the gateway."""
    path = request.path.decode("latin-1")
    resource, parameters = routes.match(request.method, path)
    query = _grouped(parse_qsl(request.query.decode("utf-8", "replace"), keep_blank_values=True, errors="replace"))
    headers = _grouped([(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers])
    body, encoded = _body(request.body)
    return {
        "version": "1.0",
        "resource": resource,
        "path": path,
        "httpMethod": request.method,
        "headers": _last(headers),
        "multiValueHeaders": headers,
        "queryStringParameters": _last(query) or None,
        "multiValueQueryStringParameters": query or None,
        "pathParameters": parameters or None,
        "stageVariables": None,
        "requestContext": _context(request, path, resource, request_id, now),
        "body": body,
        "isBase64Encoded": encoded,
        "rawPath": path,
        "rawQueryString": request.query.decode("latin-1"),
    }


def _context(request: HttpRequest, path: str, resource: str, request_id: str, now: float) -> Event:
    agent = next((value.decode("latin-1") for name, value in request.headers if name.lower() == b"user-agent"), None)
    return {
        "accountId": "000000000000",
        "apiId": STAGE,
        "stage": STAGE,
        "protocol": "HTTP/1.1",
        "httpMethod": request.method,
        "path": path,
        "resourcePath": resource,
        "requestId": request_id,
        "requestTime": datetime.fromtimestamp(now, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000"),
        "requestTimeEpoch": int(now * 1000),
        "identity": {"sourceIp": request.client, "userAgent": agent},
    }


def _grouped(pairs: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for name, value in pairs:
        grouped.setdefault(name, []).append(value)
    return grouped


def _last(grouped: Mapping[str, list[str]]) -> dict[str, str]:
    return {name: values[-1] for name, values in grouped.items()}


def _body(body: bytes) -> tuple[str | None, bool]:
    """Text when it is UTF-8, base64 with its flag otherwise, None when there is none."""
    if not body:
        return None, False
    try:
        return body.decode("utf-8"), False
    except UnicodeDecodeError:
        return base64.b64encode(body).decode("ascii"), True


def parse_response(response: object) -> HttpResponse:
    """A proxy response as an HTTP response. Raises MalformedResponseError where the gateway would answer 502."""
    if not isinstance(response, Mapping):
        raise MalformedResponseError("the response is no mapping")
    status = response.get("statusCode")
    if not isinstance(status, int) or not 200 <= status <= 599:
        raise MalformedResponseError(f"statusCode {status!r} is not a final HTTP status")
    headers = list(_headers(response.get("headers") or {}, response.get("multiValueHeaders") or {}))
    return HttpResponse(status, headers, _response_body(response.get("body"), bool(response.get("isBase64Encoded"))))


def _headers(single: Mapping[str, Any], multiple: Mapping[str, Sequence[Any]]) -> Iterator[tuple[str, str]]:
    """Both maps as one list; a pair named in both appears once, as the gateway merges them."""
    listed = [(name, _text(value)) for name, values in multiple.items() for value in values]
    known = {(name.lower(), value) for name, value in listed}
    ours = [(name, _text(value)) for name, value in single.items()]
    for name, value in [pair for pair in ours if (pair[0].lower(), pair[1]) not in known] + listed:
        if name.lower() not in FRAMING:
            yield name, value


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    if not text.isascii() or not text.isprintable():
        raise MalformedResponseError(f"header value {text!r} is not printable ASCII")
    return text


def _response_body(body: object, encoded: bool) -> bytes:
    if body is None:
        return b""
    if not isinstance(body, str):
        raise MalformedResponseError("the body is no text")
    if not encoded:
        return body.encode("utf-8")
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedResponseError("the body is flagged base64 but is not") from error
