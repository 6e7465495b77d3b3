"""The edge: a gateway event becomes a typed request (spec http.md §1, §3-5, §8, §12; clients.md §4)."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote_plus, unquote

import msgspec

from chalicelib.api import query
from chalicelib.licensing.errors import BadRequest, Problem
from chalicelib.licensing.metadata import normal_keys

JSON_API = "application/vnd.api+json"
JSON = "application/json"
_SERVED = {JSON_API: JSON_API, "application/vnd.keygen+json": JSON_API, JSON: JSON}
_ANYTHING = frozenset({"*/*", "*", "application/octet-stream"})
_MEDIA_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]+/[a-z0-9!#$&^_.+*-]+$|\*$|\*/\*$")
_PARSED = frozenset(
    {
        JSON_API,
        "application/vnd.keygen+json",
        JSON,
        "",
        "text/plain",
        "multipart/form-data",
        "application/x-www-form-urlencoded",
    }
)
_UNKNOWN_VENDOR = re.compile(r"application/vnd\.(api|keygen)\+(?!json$)")
_BODY_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class RawRequest(msgspec.Struct):
    """An event's parts as the client sent them, byte for byte where the gateway tells.

    `path` is what is routed; `shown_path` is what the client sees, which has the gateway's stage in front of it.
    """

    method: str
    path: str
    shown_path: str
    raw_query: str
    headers: Mapping[str, str]
    body: bytes
    address: str

    @property
    def target(self) -> str:
        """What a response signature covers."""
        return f"{self.shown_path}?{self.raw_query}" if self.raw_query else self.shown_path

    def header(self, name: str) -> str | None:
        """A header by its lower-case name."""
        return self.headers.get(name)


def from_event(event: Mapping[str, Any]) -> RawRequest:
    """The parts of a proxy event: of a REST API, or of an HTTP API or function URL, which tell them otherwise."""
    context = event.get("requestContext") or {}
    http = context.get("http") or {}
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items() if value is not None}
    raw_path = event.get("rawPath")
    path = raw_path or event.get("path") or context.get("path") or "/"
    return RawRequest(
        method=str(http.get("method") or context.get("httpMethod") or event.get("httpMethod") or "").upper(),
        path=_without_stage(path, context.get("stage")) if http else path,
        shown_path=raw_path or context.get("path") or path,
        raw_query=event["rawQueryString"] if "rawQueryString" in event else _rebuilt_query(event),
        headers=headers,
        body=_bytes(event.get("body") or b"", encoded=bool(event.get("isBase64Encoded"))),
        address=(http or context.get("identity") or {}).get("sourceIp") or "",
    )


def _without_stage(path: str, stage: str | None) -> str:
    """The raw path of an HTTP API has the stage in front, unless it is the default one."""
    return path.removeprefix(f"/{stage}") if path.startswith(f"/{stage}/") else path


def _bytes(body: str | bytes, *, encoded: bool) -> bytes:
    """The body as sent. `chalice local` hands it over as bytes, the gateway as text."""
    if encoded:
        return base64.b64decode(body)
    return body if isinstance(body, bytes) else body.encode("utf-8", "surrogatepass")


def _rebuilt_query(event: Mapping[str, Any]) -> str:
    """REST events carry decoded maps only: encode again as the client SDKs do, keys sorted."""
    many = event.get("multiValueQueryStringParameters") or {
        name: [value] for name, value in (event.get("queryStringParameters") or {}).items()
    }
    return "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name in sorted(many) for value in many[name])


class Query(msgspec.Struct):
    """Query parameters: `flat` in order, `tree` nested."""

    flat: list[tuple[str, str]] = msgspec.field(default_factory=list)
    tree: Mapping[str, Any] = msgspec.field(default_factory=dict)

    def text(self, name: str) -> str | None:
        """A scalar parameter."""
        value = self.tree.get(name)
        return value if isinstance(value, str) else None


def parse_query(raw: RawRequest) -> Query:
    """Raises BadRequest `PARAMETERS_INVALID` or `ENCODING_INVALID`."""
    flat = query.pairs(raw.raw_query)
    return Query(flat, query.nested(flat))


def check_path(raw: RawRequest) -> None:
    """Raises BadRequest `URI_INVALID` or `ENCODING_INVALID` for a path that cannot be decoded."""
    if query.BAD_ESCAPE.search(raw.path) or not raw.target.isprintable():
        raise BadRequest(Problem("The request URI is malformed", code="URI_INVALID"))
    try:
        decoded = unquote(raw.path, errors="strict")
    except UnicodeDecodeError as error:
        raise BadRequest(Problem("invalid byte sequence in UTF-8", code="ENCODING_INVALID")) from error
    if "\0" in decoded:
        raise BadRequest(Problem("string contains null byte", code="ENCODING_INVALID"))


def response_type(raw: RawRequest) -> str:
    """The media type to answer in; raises BadRequest `MIME_TYPE_INVALID` (spec http.md §4)."""
    accept = raw.header("accept")
    if accept is None or not accept.strip():
        return JSON_API
    offered = [part.partition(";")[0].strip().lower() for part in accept.split(",")]
    if any(not _MEDIA_TYPE.match(name) or _UNKNOWN_VENDOR.match(name) for name in offered):
        raise _mime_type_invalid()
    named = next((name for name in offered if name in _SERVED), None)
    if named is not None:
        return _SERVED[named]
    if _ANYTHING.intersection(offered):
        return JSON_API
    raise _mime_type_invalid()


def parse_document(raw: RawRequest) -> dict[str, Any]:
    """The body as a document with snake_case keys; `{}` when there is none to read (spec http.md §5.1)."""
    content_type = (raw.header("content-type") or "").partition(";")[0].strip().lower()
    if content_type and (not _MEDIA_TYPE.match(content_type) or _UNKNOWN_VENDOR.match(content_type)):
        raise _mime_type_invalid()
    if raw.method not in _BODY_METHODS or not raw.body or content_type not in _PARSED:
        return {}
    try:
        value = normal_keys(_decoded(raw.body))
    except RecursionError as error:
        raise _json_invalid() from error
    return value if isinstance(value, dict) else {"data": value}


def _decoded(body: bytes) -> Any:
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _json_invalid() from error
    if b"\\u0000" in body and _has_null_byte(value):
        raise BadRequest(Problem("string contains null byte", code="ENCODING_INVALID"))
    return value


def _has_null_byte(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any("\0" in key or _has_null_byte(child) for key, child in value.items())
    return isinstance(value, list) and any(_has_null_byte(child) for child in value)


def _json_invalid() -> BadRequest:
    return BadRequest(
        Problem("The request body could not be parsed because it contains invalid JSON", code="JSON_INVALID")
    )


def _mime_type_invalid() -> BadRequest:
    detail = "The mime type of the request is not acceptable (check the content-type and accept headers)"
    return BadRequest(Problem(detail, code="MIME_TYPE_INVALID"))


__all__ = [
    "JSON",
    "JSON_API",
    "METHODS",
    "Query",
    "RawRequest",
    "from_event",
    "parse_document",
    "parse_query",
    "response_type",
]
