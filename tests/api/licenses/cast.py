"""A license with everybody who has to do with it, and short words for its relationships."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from chalicelib.licensing.user import User
from chalicelib.store.table import Outbox
from tests.api.helpers import by_key, staff, user, user_token
from tests.races.crowd import rows
from tests.world import Answer, World, resource

BEARERS = (
    "nobody admin developer sales-agent support-agent read-only product other-product "
    "owner attached stranger license other-license"
).split()
EVERYTHING = ("*",)


def path(license: Any, *parts: str) -> str:
    """Where something of a license is."""
    return "/".join(("/v1/licenses", license["id"], *parts))


def link(kind: str, identifier: str | None) -> dict[str, Any]:
    """A to-one linkage."""
    return {"data": None if identifier is None else {"type": kind, "id": identifier}}


def links(kind: str, *identifiers: str) -> dict[str, Any]:
    """A to-many linkage."""
    return {"data": [{"type": kind, "id": one} for one in identifiers]}


def ids(answer: Answer) -> list[str]:
    """The ids of a list."""
    return [one["id"] for one in answer.data]


def related(document: Any, name: str) -> str | None:
    """The id a resource is linked to."""
    data = document["relationships"][name]["data"]
    return None if data is None else str(data["id"])


def count(world: World, license: Any) -> int:
    """How many users a license shows."""
    shown: int = world.get(path(license)).data["relationships"]["users"]["meta"]["count"]
    return shown


def emitted(world: World) -> list[tuple[str, Any]]:
    """Names and payloads of the events in the outbox, oldest first."""
    events = sorted(rows(world, Outbox, "event"), key=lambda item: item["id"])
    return [(item["name"], json.loads(item["payload"])) for item in events]


def owned(world: World, owner: User | None, policy: str | None = None, **attributes: Any) -> Any:
    """A license of a policy with an owner."""
    policies = ("policies", policy or world.policy()["id"])
    if owner is None:
        return world.create("licenses", attributes, policy=policies)
    return world.create("licenses", attributes, policy=policies, owner=("users", owner.id))


def grouped(world: World, **attributes: Any) -> Any:
    """A group."""
    return world.create("groups", {"name": "Group", **attributes})


def entitlements(world: World, *codes: str) -> list[str]:
    """The ids of new entitlements, each a second younger than the one before."""
    found = []
    for code in codes:
        found.append(str(world.create("entitlements", {"name": code, "code": code})["id"]))
        world.clock.advance(seconds=1)
    return found


class Cast:
    """A license, open to its users, with owner and attached user, and bearers who hold every permission they may."""

    def __init__(self, world: World, **attributes: Any) -> None:
        self.world = world
        self.product = world.product()["id"]
        self.policy = world.policy(self.product, authenticationStrategy="MIXED")["id"]
        self.owner, self.attached, self.stranger = (user(world, permissions=EVERYTHING) for _ in range(3))
        self.license = owned(world, self.owner, self.policy, permissions=["*"], **attributes)
        attached = world.post(path(self.license, "users"), links("users", self.attached.id))
        assert attached.status == 201, attached.raw
        other = world.license(world.policy(authenticationStrategy="MIXED")["id"], permissions=["*"])
        self.tokens: dict[str, str | None] = {
            "nobody": None,
            "admin": world.admin,
            **{role: staff(world, role) for role in BEARERS[2:6]},
            "product": world.token(f"/v1/products/{self.product}"),
            "other-product": world.token(f"/v1/products/{related(other, 'product')}"),
            "owner": user_token(world, self.owner),
            "attached": user_token(world, self.attached),
            "stranger": user_token(world, self.stranger),
            "license": by_key(self.license),
            "other-license": by_key(other),
        }

    def ask(self, method: str, part: str, bearer: str, body: Any = None) -> Answer:
        """Ask for something of the license."""
        return self.world.send(method, path(self.license, part), body, as_=self.tokens[bearer])

    def statuses(self, method: str, part: str, body: Callable[[], Any] = lambda: None) -> str:
        """What each bearer is answered, a body made anew for each."""
        return " ".join(str(self.ask(method, part, bearer, body()).status) for bearer in BEARERS)


def protect(world: World, license: Any, protected: bool = True) -> None:
    """Close a license to its users, or open it."""
    answer = world.send("PATCH", path(license), resource("licenses", {"protected": protected}))
    assert answer.status == 200, answer.raw
