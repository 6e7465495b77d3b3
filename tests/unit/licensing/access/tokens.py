"""Tokens of every kind of bearer, as subjects."""

from __future__ import annotations

from typing import Any

from chalicelib.licensing.access import Subject
from tests.unit.licensing import make
from tests.unit.licensing.access.scene import COLLEAGUE, CUSTOMER


def of(kind: str, identifier: str, token_kind: str = "token", **more: Any) -> Subject:
    return Subject(token=make.token(bearer_kind=kind, bearer_id=identifier, kind=token_kind), **more)


TOKENS = {
    "own user": of("user", "owner", "user-token", user=CUSTOMER),
    "staff": of("user", "staff", "admin-token", user=make.user(id="staff", role="admin")),
    "colleague": of("user", "colleague", "developer-token", user=COLLEAGUE),
    "product": of("product", "product", "product-token"),
    "license": of("license", "license", "activation-token"),
}
