"""The document that each operation accepts, by the row of the matrix that sends it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.world import resource

Ids = Mapping[str, str]
Body = Callable[[Ids, str], Any]


def fixed(kind: str, attributes: Mapping[str, Any]) -> Body:
    """Attributes alone."""
    return lambda ids, bearer: resource(kind, attributes)


def related(kind: str, attributes: Mapping[str, Any], **names: tuple[str, str]) -> Body:
    """Attributes, and for each relationship the type and name of what it is to."""
    return lambda ids, bearer: resource(
        kind, attributes, **{relation: (type_, ids[name]) for relation, (type_, name) in names.items()}
    )


def one(kind: str, name: str) -> Body:
    """A linkage to one resource."""
    return lambda ids, bearer: {"data": {"type": kind, "id": ids[name]}}


def several(kind: str, *names: str) -> Body:
    """A linkage to resources."""
    return lambda ids, bearer: {"data": [{"type": kind, "id": ids[name]} for name in names]}


def meta(**members: Any) -> Body:
    """Parameters of an action."""
    return lambda ids, bearer: {"meta": members}


def for_itself(kind: str, attributes: Mapping[str, Any], **names: tuple[str, str]) -> Body:
    """The same as `related`, with the user who asks as the owner, or else the owner of the license."""

    def make(ids: Ids, bearer: str) -> Any:
        owner = bearer if bearer in ("owner", "attached", "stranger") else "owner"
        return related(kind, attributes, owner=("users", owner), **names)(ids, bearer)

    return make


def constraint(ids: Ids, name: str) -> Any:
    """A constraint that does not exist yet, to an entitlement."""
    linked = {"entitlement": {"data": {"type": "entitlements", "id": ids[name]}}}
    return {"data": [{"type": "constraints", "relationships": linked}]}


NAMED = {"name": "New"}
BODIES: dict[str, Body] = {
    "product.create": fixed("products", NAMED),
    "product.update": fixed("products", NAMED),
    "policy.create": related("policies", NAMED, product=("products", "product")),
    "policy.update": fixed("policies", NAMED),
    "policy.entitlements.attach": several("entitlements", "spare"),
    "policy.entitlements.detach": several("entitlements", "inherited"),
    "key.create": related("keys", {"key": "A-NEW-KEY"}, policy=("policies", "policy")),
    "key.update": fixed("keys", {"key": "A-NEW-KEY"}),
    "license.create": related("licenses", {}, policy=("policies", "policy")),
    "license.create@itself": for_itself("licenses", {}, policy=("policies", "policy")),
    "license.update": fixed("licenses", NAMED),
    "license.validate-key": meta(key="THE-LICENSE"),
    "license.users.attach": several("users", "candidate"),
    "license.users.detach": several("users", "attached"),
    "license.entitlements.attach": several("entitlements", "spare"),
    "license.entitlements.detach": several("entitlements", "entitlement"),
    "license.policy.update": one("policies", "sibling-policy"),
    "license.policy.update@elsewhere": one("policies", "other-policy"),
    "license.owner.update": one("users", "candidate"),
    "license.group.update": one("groups", "group"),
    "machine.create": related("machines", {"fingerprint": "new"}, license=("licenses", "license")),
    "machine.create@itself": for_itself("machines", {"fingerprint": "new"}, license=("licenses", "license")),
    "machine.update": fixed("machines", NAMED),
    "machine.owner.update": one("users", "attached"),
    "machine.group.update": one("groups", "group"),
    "component.create": related("components", {"fingerprint": "new", **NAMED}, machine=("machines", "machine")),
    "component.create@attached-machine": related(
        "components", {"fingerprint": "new", **NAMED}, machine=("machines", "attached-machine")
    ),
    "component.update": fixed("components", NAMED),
    "process.create": related("processes", {"pid": "new"}, machine=("machines", "machine")),
    "process.create@attached-machine": related("processes", {"pid": "new"}, machine=("machines", "attached-machine")),
    "process.update": fixed("processes", {}),
    "release.create": related("releases", {"version": "2.0.0", "channel": "stable"}, product=("products", "product")),
    "release.update": fixed("releases", NAMED),
    "release.constraints.attach": lambda ids, bearer: constraint(ids, "spare"),
    "release.constraints.detach": several("constraints", "constraint"),
    "artifact.create": related("artifacts", {"filename": "new"}, release=("releases", "release")),
    "artifact.update": fixed("artifacts", {"filesize": 1}),
    "token.generate@license": related("tokens", {}, bearer=("licenses", "license")),
    "token.generate@owner": related("tokens", {}, bearer=("users", "owner")),
    "token.generate@product": related("tokens", {}, bearer=("products", "product")),
    "entitlement.create": fixed("entitlements", {"name": "New", "code": "new"}),
    "entitlement.update": fixed("entitlements", NAMED),
    "group.create": fixed("groups", NAMED),
    "group.update": fixed("groups", NAMED),
    "group.owners.attach": several("users", "candidate"),
    "group.owners.detach": several("users", "owner"),
    "user.create": fixed("users", {"email": "new@acme.example"}),
    "user.create@admin": fixed("users", {"email": "new@acme.example", "role": "admin"}),
    "user.update": fixed("users", {"firstName": "New"}),
    "user.password.update": meta(oldPassword="the old password", newPassword="the new password"),
    "user.password.reset": meta(passwordResetToken="a reset token", newPassword="the new password"),
    "user.password.forgotten": meta(email="the-owner@acme.example"),
    "user.group.update": one("groups", "group"),
}
