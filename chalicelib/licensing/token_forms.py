"""How token values look, and how long they live unless it is said (spec auth.md §1.1)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec

TOKEN_VERSION = "v3"

_HEX = re.compile(r"[0-9a-f]+")


class TokenForm(msgspec.Struct, frozen=True):
    """How the tokens of one kind of bearer look: `<prefix>-<hex_characters random hex digits>v3`."""

    kind: str
    prefix: str
    hex_characters: int = 64
    default_expiry_days: int | None = None


TOKEN_PREFIXES: Mapping[str, TokenForm] = {
    "admin": TokenForm("admin-token", "admin"),
    "developer": TokenForm("developer-token", "dev"),
    "sales-agent": TokenForm("sales-token", "sales"),
    "support-agent": TokenForm("support-token", "spprt"),
    "read-only": TokenForm("read-only-token", "read"),
    "user": TokenForm("user-token", "user", default_expiry_days=14),
    "environment": TokenForm("environment-token", "env"),
    "product": TokenForm("product-token", "prod"),
    "license": TokenForm("activation-token", "activ", hex_characters=32),
    "token": TokenForm("token", "token"),
}
"""By the role of the bearer; `token` is what anything else falls back to."""

_FORMS: Mapping[str, TokenForm] = {**{form.kind: form for form in TOKEN_PREFIXES.values()}, **TOKEN_PREFIXES}


def token_form(role_or_kind: str) -> TokenForm:
    """The form by the role of the bearer or by the kind of the token."""
    return _FORMS.get(role_or_kind, TOKEN_PREFIXES["token"])


def token_kind(role: str) -> str:
    """The `kind` of the tokens of a bearer of `role`."""
    return token_form(role).kind


def new_token_value(role_or_kind: str, random_hex: str) -> str:
    """The value of a new token; ValueError unless `random_hex` is as many lower hex digits as the form asks for."""
    form = token_form(role_or_kind)
    if len(random_hex) != form.hex_characters or not _HEX.fullmatch(random_hex):
        raise ValueError(f"{form.hex_characters} lower hex digits expected")
    return f"{form.prefix}-{random_hex}{TOKEN_VERSION}"


def default_expiry(kind: str, now: datetime) -> datetime | None:
    """When a token of `kind` (or of a bearer of that role) ends if nothing is said, None for never."""
    days = token_form(kind).default_expiry_days
    return None if days is None else now + timedelta(days=days)


def well_formed(value: str) -> bool:
    """Whether `value` can be a token at all, so that looking it up is worth while (§1.1)."""
    return len(value) > len(TOKEN_VERSION) and value.endswith(TOKEN_VERSION)
