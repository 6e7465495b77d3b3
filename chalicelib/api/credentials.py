"""Which credential a request presents (spec auth.md §2). Values are never logged."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field

from chalicelib.api.request import Query, RawRequest


@dataclass(frozen=True, slots=True)
class Presented:
    """A token, a license key, or an email with a password, as presented; `scheme` names the challenge of a 401."""

    scheme: str
    token: str | None = field(default=None, repr=False)
    license_key: str | None = field(default=None, repr=False)
    login: Login | None = None


@dataclass(frozen=True, slots=True)
class Login:
    """An email and a password, neither checked."""

    email: str
    password: str = field(repr=False)


def presented(raw: RawRequest, query: Query, *, login: bool = False) -> Presented | None:
    """The credential of a request: the header's scheme wins over the query; None when there is none.

    Only where `login` says so an email with a password is one; elsewhere it is read as a token.
    """
    header = raw.header("authorization")
    scheme, _, value = (header or "").strip().partition(" ")
    match scheme.lower():
        case "bearer" | "token":
            return Presented(scheme.capitalize(), token=value.strip())
        case "basic":
            return _basic(value, login)
        case "license":
            return Presented("License", license_key=value)
    return _in_query(query)


def _basic(value: str, login: bool) -> Presented:
    try:
        decoded = base64.b64decode(value.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return Presented("Basic", token="")
    name, colon, secret = decoded.partition(":")
    match name:
        case "license":
            return Presented("Basic", license_key=secret)
        case "token":
            return Presented("Basic", token=secret)
    if login and colon and "@" in name:
        return Presented("Basic", login=Login(name, secret))
    return Presented("Basic", token=name)


def _in_query(query: Query) -> Presented | None:
    value = query.text("token") if "token" in query.tree else query.text("auth")
    if value is None:
        return None
    name, colon, rest = value.partition(":")
    if colon and name == "license":
        return Presented("Bearer", license_key=rest)
    return Presented("Bearer", token=rest if colon and name == "token" else value)
