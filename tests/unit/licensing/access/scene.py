"""Everybody who may ask, what they ask about, and who of them gets it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from chalicelib.licensing import permissions
from chalicelib.licensing.access import Bearer, Subject, authorize
from chalicelib.licensing.entitlement import Entitlement
from chalicelib.licensing.errors import AccessDenied
from chalicelib.licensing.group import Group
from chalicelib.licensing.pool import PoolKey
from tests.unit.licensing import make
from tests.unit.licensing.make import refused

STAFF = {"A": "admin", "D": "developer", "S": "sales-agent", "P": "support-agent", "R": "read-only"}

ELSE = "ensure the token or license is allowed to access all resources"
ANONYMOUS = "ensure a token or license is present and valid"


def bearer(kind: str, identifier: str, role: str | None = None, **fields: Any) -> Bearer:
    role = role or kind
    given: dict[str, Any] = {"kind": kind, "id": identifier, "role": role, "held": permissions.allowed(role)}
    return Bearer(**given | fields)


def staff(letter: str, identifier: str = "staff") -> Bearer:
    return bearer("user", identifier, STAFF[letter])


POLICY = make.policy()
LICENSE = make.license_(owner_id="owner", protected=False, group_id="group")
GROUP = Group(id="group", name="Group", created=make.LONG_AGO, updated=make.LONG_AGO)
KEY = PoolKey(
    id="key", key="AAAA-BBBB", policy_id="policy", product_id="product", created=make.NOW, updated=make.LONG_AGO
)
ENTITLEMENT = Entitlement(id="entitlement", name="Feature", code="F", created=make.NOW, updated=make.LONG_AGO)
CUSTOMER = make.user(id="owner", group_id="group")
COLLEAGUE = make.user(id="colleague", role="developer")
ADMIN = make.user(id="boss", role="admin")

OWNER = bearer("user", "owner", user=CUSTOMER)
ATTACHED, STRANGER = (bearer("user", name, user=make.user(id=name)) for name in ("attached", "stranger"))
PRODUCT, OTHER_PRODUCT = bearer("product", "product"), bearer("product", "other")
ITSELF = bearer("license", "license", license=LICENSE)
OTHER_LICENSE = bearer(
    "license", "other", license=replace(LICENSE, id="other", policy_id="p", product_id="q", group_id=None, owner_id="z")
)

ON_LICENSE = Subject(license=LICENSE, policy=POLICY)

EVERYBODY: dict[str, Bearer | None] = {
    **{letter: staff(letter) for letter in STAFF},
    **{"X": PRODUCT, "Y": OTHER_PRODUCT},
    **{"O": OWNER, "T": ATTACHED, "Z": STRANGER},
    **{"L": ITSELF, "M": OTHER_LICENSE},
    "-": None,
}
"""By letter: staff; the product, another; owner of the license, attached user, stranger; the license, another."""


def may(actor: Bearer | None, operation: str, subject: Subject, permission: str | None = None) -> bool:
    try:
        authorize(actor, operation, permission, subject)
    except AccessDenied:
        return False
    return True


def who(operation: str, subject: Subject | Callable[[str], Subject]) -> str:
    """The letters of those who may; `subject` may be told for whom it is, to know how the two are related."""
    found = (
        letter
        for letter, actor in EVERYBODY.items()
        if may(actor, operation, subject if isinstance(subject, Subject) else subject(letter))
    )
    return "".join(found)


def letters(row: str) -> str:
    """A row of a table without the spaces between its columns."""
    return row.replace(" ", "")


def reason(actor: Bearer | None, operation: str, permission: str | None, subject: Subject = ON_LICENSE) -> str:
    [problem] = refused(AccessDenied, lambda: authorize(actor, operation, permission, subject)).problems
    assert problem.code is None
    assert problem.detail.startswith("You do not have permission to complete the request (")
    return problem.detail.split("(", 1)[1].removesuffix(")")
