"""What is known of a request while it is answered, and the answer before it is signed."""

from __future__ import annotations

import msgspec

from chalicelib.api.accounts import Tenant
from chalicelib.api.request import RawRequest
from chalicelib.licensing.access import Bearer


class Reply(msgspec.Struct):
    """A response before it is signed."""

    status: int
    body: bytes
    media_type: str
    headers: dict[str, str]
    error_code: str | None = None


class Trace(msgspec.Struct):
    """What is known of a request so far, for its headers and its log line."""

    raw: RawRequest
    request_id: str
    operation: str = ""
    tenant: Tenant | None = None
    bearer: Bearer | None = None
    version: str | None = None
    media_type: str = "application/vnd.api+json"
    routed: bool = False
