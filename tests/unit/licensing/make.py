"""Values for the tests of the domain: each with everything defaulted, so a test names only what it is about."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.licensing.artifact import Artifact
from chalicelib.licensing.attachment import Attachment
from chalicelib.licensing.component import Component
from chalicelib.licensing.entitlement import Entitlement
from chalicelib.licensing.errors import InvalidFields, Refusal
from chalicelib.licensing.group import Counted, Group, Members
from chalicelib.licensing.license import License
from chalicelib.licensing.machine import Machine
from chalicelib.licensing.policy import Policy
from chalicelib.licensing.process import Process
from chalicelib.licensing.product import Product
from chalicelib.licensing.release import Release
from chalicelib.licensing.token import Token
from chalicelib.licensing.user import User

NOW = datetime(2024, 2, 1, 12, 0, tzinfo=UTC)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
TICK = timedelta(milliseconds=1)

INTEGER = 2_147_483_647
BIG_INTEGER = 9_223_372_036_854_775_807


_ALWAYS: dict[str, Any] = {"created": LONG_AGO, "updated": LONG_AGO}


def product(**fields: Any) -> Product:
    return Product(**_ALWAYS | {"id": "product", "name": "Product"} | fields)


def policy(**fields: Any) -> Policy:
    return Policy(**_ALWAYS | {"id": "policy", "product_id": "product", "name": "Policy"} | fields)


def license_(**fields: Any) -> License:
    given = {"id": "license", "product_id": "product", "policy_id": "policy", "key": "SECRET-KEY"}
    return License(**_ALWAYS | given | {"created": NOW} | fields)


def user(**fields: Any) -> User:
    return User(**_ALWAYS | {"id": "user", "email": "user@example.com"} | fields)


def token(**fields: Any) -> Token:
    return Token(**_ALWAYS | {"id": "token", "kind": "user-token", "bearer_kind": "user", "bearer_id": "user"} | fields)


def group(**fields: Any) -> Group:
    return Group(**_ALWAYS | {"id": "group", "name": "Group"} | fields)


def counted(members: int = 0, **fields: Any) -> Counted:
    """A group that holds `members` of each kind."""
    return Counted(group=group(**fields), members=Members(users=members, licenses=members, machines=members))


def entitlement(**fields: Any) -> Entitlement:
    return Entitlement(**_ALWAYS | {"id": "entitlement", "name": "Entitlement", "code": "FEATURE"} | fields)


def attachment(**fields: Any) -> Attachment:
    given = {"id": "attachment", "kind": "license-user", "holder_id": "license", "target_id": "user"}
    return Attachment(**_ALWAYS | {"target_created": LONG_AGO} | given | fields)


def machine(**fields: Any) -> Machine:
    return Machine(**_ALWAYS | {"id": "machine", "license_id": "license", "fingerprint": "print"} | fields)


def component(**fields: Any) -> Component:
    given = {"id": "component", "machine_id": "machine", "license_id": "license", "fingerprint": "part", "name": "Part"}
    return Component(**_ALWAYS | given | fields)


def process(**fields: Any) -> Process:
    """A process that has not pinged since it began."""
    given = {"id": "process", "machine_id": "machine", "license_id": "license", "pid": "1"}
    begun = {"last_heartbeat": fields.get("created", LONG_AGO)}
    return Process(**_ALWAYS | given | begun | fields)


def release(**fields: Any) -> Release:
    given = {"id": "release", "product_id": "product", "version": "1.0.0", "channel": "stable", "status": "PUBLISHED"}
    return Release(**_ALWAYS | given | fields)


def artifact(**fields: Any) -> Artifact:
    given = {"id": "artifact", "release_id": "release", "product_id": "product", "filename": "app.zip"}
    return Artifact(**_ALWAYS | given | fields)


def refused(kind: type[Refusal], action: Callable[[], object]) -> Refusal:
    """The refusal of `action`; it must be exactly of that kind."""
    with pytest.raises(kind) as caught:
        action()
    assert type(caught.value) is kind
    return caught.value


def invalid(action: Callable[..., object], *values: Any, **named: Any) -> list[tuple[str | None, str | None, str]]:
    """Code, pointer and detail of every field problem of `action`, in order; none if it succeeds."""
    try:
        action(*values, **named)
    except InvalidFields as refusal:
        return [(problem.code, problem.pointer, problem.detail) for problem in refusal.problems]
    return []


def codes(action: Callable[..., object], *values: Any, **named: Any) -> list[str | None]:
    """The codes of `invalid`."""
    return [code for code, _, _ in invalid(action, *values, **named)]
