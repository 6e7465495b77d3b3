"""Response signatures: the five headers and what they sign (cryptography.md §5, clients.md §4).

Webhook deliveries carry the same layout (§6): they call `sign` with the date they send, responses call `headers`.
"""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import UTC, datetime, timedelta

from chalicelib.crypto.keys import ALGORITHMS, Signer

DEFAULT_ALGORITHM = "ed25519"
MALFORMED = "malformed"
UNSUPPORTED = "unsupported algorithm"
UNKNOWN_KEY = "keyid not found"

_ACCEPT = re.compile(
    r'(?:keyid="(?P<keyid>[^"]+)")?(?:\s*,\s*)?algorithm="(?P<algorithm>[^"]+)"(?:\s*;\s*)?', re.ASCII | re.IGNORECASE
)
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LATE_MICROSECONDS = 950_000


class AcceptSignatureError(ValueError):
    """`Keygen-Accept-Signature` cannot be honoured (§5.1): `reason` is MALFORMED, UNSUPPORTED or UNKNOWN_KEY.

    For the first two the 400 carries none of our five headers; for UNKNOWN_KEY it carries `stamps`, no signature.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(f"invalid accept-signature header ({reason})")
        self.reason = reason

    @property
    def detail(self) -> str:
        """The `detail` of the 400 error document."""
        return str(self)


def parse_accept(header: str | None, account_id: str) -> str:
    """The algorithm asked for, in the case it was sent (it is echoed so; `normalise` gives the name to sign with).

    Absent or empty: ed25519. Raises AcceptSignatureError; an unsupported algorithm wins over a foreign keyid (§5.1).
    """
    value = (header or "").strip(" \t")
    if not value:
        return DEFAULT_ALGORITHM
    match = _ACCEPT.fullmatch(value)
    if match is None:
        raise AcceptSignatureError(MALFORMED)
    keyid, algorithm = match["keyid"], match["algorithm"]
    if normalise(algorithm) not in ALGORITHMS:
        raise AcceptSignatureError(UNSUPPORTED)
    if keyid is not None and keyid != account_id:
        raise AcceptSignatureError(UNKNOWN_KEY)
    return algorithm


def normalise(algorithm: str) -> str:
    """An algorithm name as ALGORITHMS spells it."""
    return algorithm.lower()


def digest(body: bytes) -> str:
    """`sha-256=` and the base64 of the SHA-256 of the body as sent, before transfer compression; 204: of nothing."""
    return "sha-256=" + _b64(hashlib.sha256(body).digest())


def http_date(instant: datetime) -> str:
    """IMF-fixdate in whole seconds, the fraction cut: `Thu, 01 Feb 2024 00:00:00 GMT`. ValueError: naive instant.

    Own tables instead of `strftime`, whose names follow the locale.
    """
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    utc = instant.astimezone(UTC)
    day, month = _DAYS[utc.weekday()], _MONTHS[utc.month - 1]
    return f"{day}, {utc.day:02d} {month} {utc.year:04d} {utc.hour:02d}:{utc.minute:02d}:{utc.second:02d} GMT"


def response_date(now: datetime) -> str:
    """The date to sign a response for. Past 0.95 s it is the next second: gateways replace `Date` by their own clock
    a few milliseconds later, and the signature must hold for that second (clients.md §4)."""
    late = now.microsecond > _LATE_MICROSECONDS
    return http_date(now + timedelta(seconds=1) if late else now)


def signing_string(method: str, target: str, host: str, date: str, digest: str) -> bytes:
    """The four signed lines of §5, no newline at the end. `target` is path and raw query as the client sent them,
    `host` the Host header with its port; bytes that are no UTF-8 travel as surrogate escapes.

    ValueError for a line break in any part: two different requests must never share a signing string.
    """
    request = f"{method.lower()} {target or '/'}"
    lines = (f"(request-target): {request}", f"host: {host}", f"date: {date}", f"digest: {digest}")
    if any("\n" in line or "\r" in line for line in lines):
        raise ValueError("a line break cannot be signed")
    return "\n".join(lines).encode("utf-8", "surrogateescape")


def signature_header(account_id: str, algorithm: str, signature: bytes) -> str:
    """The value of `Keygen-Signature`; SDKs split it at commas, so order and separators are fixed (§5)."""
    return (
        f'keyid="{account_id}", algorithm="{algorithm}", signature="{_b64(signature)}", '
        'headers="(request-target) host date digest"'
    )


def stamps(date: str, body: bytes) -> dict[str, str]:
    """The four headers beside the signature: `Date`, `Digest` and their `Keygen-` copies."""
    hashed = digest(body)
    return {"Date": date, "Digest": hashed, "Keygen-Date": date, "Keygen-Digest": hashed}


def sign(
    signer: Signer, account_id: str, algorithm: str, method: str, target: str, host: str, date: str, body: bytes
) -> dict[str, str]:
    """All five headers of a message that goes out with exactly `date`: webhook deliveries (§6), `headers` below.

    `algorithm` in any case, echoed as given. ValueError: unsupported algorithm, or a line break in a signed part.
    """
    result = stamps(date, body)
    signed = signing_string(method, target, host, date, result["Digest"])
    signature = signer.sign(normalise(algorithm), signed)
    result["Keygen-Signature"] = signature_header(account_id, algorithm, signature)
    return result


def headers(
    signer: Signer, account_id: str, algorithm: str, method: str, target: str, host: str, now: datetime, body: bytes
) -> dict[str, str]:
    """The five signature headers of a response (§5): `sign` for `response_date(now)`. Call it last, body final."""
    return sign(signer, account_id, algorithm, method, target, host, response_date(now), body)


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
