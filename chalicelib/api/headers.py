"""Request headers that steer, response headers of every answer, and the signature as the last act (spec http.md §8)."""

from __future__ import annotations

import base64
from typing import Any

from chalicelib.api.accounts import Tenant
from chalicelib.api.reply import Reply, Trace
from chalicelib.api.request import JSON_API, Query, RawRequest
from chalicelib.api.service import REVISION, Service
from chalicelib.crypto import responses
from chalicelib.licensing.account import Account
from chalicelib.licensing.errors import BadRequest, Problem, Refusal, Unauthenticated, Unavailable
from chalicelib.licensing.rates import TooManyAttempts

VERSIONS = frozenset(f"1.{minor}" for minor in range(9))
CURRENT_VERSION = "1.8"
RETRY_AFTER_SECONDS = 1
REALM = "keygen"

_EXPOSED = (
    "keygen-accept-signature, keygen-signature, keygen-date, keygen-digest, keygen-account, keygen-account-id, "
    "keygen-bearer, keygen-bearer-id, keygen-token, keygen-token-id, keygen-environment, keygen-license, "
    "keygen-edition, keygen-mode, keygen-revision, keygen-version, x-ratelimit-window, x-ratelimit-count, "
    "x-ratelimit-limit, x-ratelimit-remaining, x-ratelimit-reset, x-request-id, x-signature, date, digest"
)
_CORS = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": _EXPOSED}
_ALWAYS = {
    **_CORS,
    "Cache-Control": "no-transform, no-store, max-age=0",
    "Keygen-Edition": "CE",
    "Keygen-Mode": "singleplayer",
    "Keygen-Revision": REVISION,
}
_SCHEMES = ("Bearer", "Token", "Basic", "License")


def version(raw: RawRequest, account: Account | None) -> str:
    """The API version of the request; raises BadRequest `INVALID_API_VERSION` (spec http.md §9)."""
    sent = (raw.header("keygen-version") or "").strip()
    usual = CURRENT_VERSION if account is None else account.api_version
    wanted = sent.removeprefix("v") if sent else usual
    if wanted not in VERSIONS:
        raise BadRequest(Problem("unsupported API version requested", code="INVALID_API_VERSION"))
    return wanted


def refuse_environment(raw: RawRequest, query: Query) -> None:
    """Environments are not part of this release: asking for one is an error, never silently global."""
    if raw.header("keygen-environment") is not None:
        raise BadRequest(Problem("is unsupported", code="ENVIRONMENT_NOT_SUPPORTED", header="Keygen-Environment"))
    if "environment" in query.tree:
        raise BadRequest(Problem("is unsupported", code="ENVIRONMENT_NOT_SUPPORTED", parameter="environment"))


def preflight(raw: RawRequest) -> Reply:
    """The answer to a browser that asks before it sends."""
    allowed = {
        "Access-Control-Allow-Methods": "GET, POST, PUT, PATCH, DELETE, OPTIONS, HEAD",
        "Access-Control-Max-Age": "86400",
    }
    requested = raw.header("access-control-request-headers")
    if requested and requested.isascii() and requested.isprintable():
        allowed["Access-Control-Allow-Headers"] = requested
    return Reply(200, b"", JSON_API, allowed)


def of_refusal(refusal: Refusal, raw: RawRequest) -> dict[str, str]:
    """Headers only refusals carry: the challenge of a 401, when to come back after a 429 or 503."""
    if isinstance(refusal, Unauthenticated):
        scheme = (raw.header("authorization") or "").partition(" ")[0].capitalize()
        return {"WWW-Authenticate": f'{scheme if scheme in _SCHEMES else "Bearer"} realm="{REALM}"'}
    if isinstance(refusal, TooManyAttempts):
        return _used_up(refusal)
    return {"Retry-After": str(RETRY_AFTER_SECONDS)} if isinstance(refusal, Unavailable) else {}


def _used_up(refusal: TooManyAttempts) -> dict[str, str]:
    window = refusal.window
    return {
        "Retry-After": str(refusal.wait),
        "X-RateLimit-Window": window.rate.name,
        "X-RateLimit-Count": str(window.rate.most),
        "X-RateLimit-Limit": str(window.rate.most),
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": str(window.end),
    }


def finish(service: Service, trace: Trace, reply: Reply) -> dict[str, Any]:
    """The proxy response: every header, the signature over the final bytes."""
    found = {**_ALWAYS, **reply.headers, **_of_trace(trace)}
    if reply.body or reply.status not in (204, 304):
        found["Content-Type"] = _content_type(reply.media_type)
    if trace.tenant is not None:
        found.update(_signature(service, trace, trace.tenant, reply.body))
    return {"statusCode": reply.status, "headers": found, **_body(reply.body)}


def _content_type(media_type: str) -> str:
    return f"{media_type}; charset=utf-8" if media_type.endswith("json") else media_type


def _body(body: bytes) -> dict[str, Any]:
    try:
        return {"body": body.decode(), "isBase64Encoded": False}
    except UnicodeDecodeError:
        return {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}


def _of_trace(trace: Trace) -> dict[str, str]:
    found = {"X-Request-Id": trace.request_id, "Keygen-Version": trace.version or CURRENT_VERSION}
    if trace.tenant is not None:
        found["Keygen-Account"] = trace.tenant.id
    if trace.bearer is not None:
        found["Keygen-Bearer"] = trace.bearer.id
        if trace.bearer.token_id is not None:
            found["Keygen-Token"] = trace.bearer.token_id
    return found


def _signature(service: Service, trace: Trace, tenant: Tenant, body: bytes) -> dict[str, str]:
    """An unusable wish gets no signature; a foreign key id still gets dates and digests (cryptography.md §5.1)."""
    raw, now = trace.raw, service.exact_now()
    try:
        algorithm = responses.parse_accept(raw.header("keygen-accept-signature"), tenant.id)
    except responses.AcceptSignatureError as error:
        return responses.stamps(responses.response_date(now), body) if error.reason == responses.UNKNOWN_KEY else {}
    host = service.settings.public_host or raw.header("host") or ""
    if not f"{raw.target}{host}".isprintable():
        return {}  # no HTTP client can have sent a line break here, and none can be signed
    return responses.headers(tenant.signer, tenant.id, algorithm, raw.method, raw.target, host, now, body)


def refuse_accept_signature(raw: RawRequest, tenant: Tenant) -> None:
    """Raises BadRequest when the wish for a signature cannot be honoured."""
    try:
        responses.parse_accept(raw.header("keygen-accept-signature"), tenant.id)
    except responses.AcceptSignatureError as error:
        raise BadRequest(Problem(error.detail)) from error
