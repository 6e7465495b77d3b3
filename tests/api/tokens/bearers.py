"""One product with everybody who may hold a token, and somebody of each kind who has nothing to do with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from chalicelib.licensing.user import User
from tests.api.helpers import open_license, user, user_token
from tests.world import World, resource

STAFF = {
    "admin": "admin",
    "developer": "developer",
    "sales": "sales-agent",
    "support": "support-agent",
    "reader": "read-only",
}


@dataclass
class Bearers:
    """Authorization headers and ids of the tokens in them, by name.

    `customer` owns a license of the product, `attached` uses one of it, `owner` is a developer who owns one.
    """

    world: World
    headers: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)

    def __post_init__(self) -> None:
        world = self.world
        self.licensed, self.foreign = open_license(world), open_license(world)
        self.product = self.licensed["relationships"]["product"]["data"]["id"]
        self.policy = self.licensed["relationships"]["policy"]["data"]["id"]
        self.other_product = self.foreign["relationships"]["product"]["data"]["id"]
        for name, role in STAFF.items():
            self._user(name, user(world, role))
        for name, role in (("customer", "user"), ("attached", "user"), ("stranger", "user"), ("owner", "developer")):
            self._user(name, user(world, role))
        for name in ("customer", "owner"):
            world.create("licenses", {}, policy=("policies", self.policy), owner=("users", self.users[name].id))
        sent = {"data": [{"type": "users", "id": self.users["attached"].id}]}
        assert world.post(f"/v1/licenses/{self.licensed['id']}/users", sent).status == 201
        self._add("product", world.token(f"/v1/products/{self.product}"))
        self._add("other-product", world.token(f"/v1/products/{self.other_product}"))
        self._add("license", world.token(f"/v1/licenses/{self.licensed['id']}"))
        self._add("other-license", world.token(f"/v1/licenses/{self.foreign['id']}"))

    def _user(self, name: str, made: User) -> None:
        self.users[name] = made
        self._add(name, user_token(self.world, made))

    def _add(self, name: str, header: str) -> None:
        self.headers[name] = header
        answer = self.world.get("/v1/profile", as_=header)
        self.tokens[name] = answer.document["meta"]["tokenId"]

    def named(self, identifiers: list[str]) -> set[str]:
        """Whose tokens these are; the one of the account's first admin is left out."""
        known = {identifier: name for name, identifier in self.tokens.items()}
        return {known[one] for one in identifiers if one in known}


def narrowed(world: World, header: str, *names: str) -> str:
    """A further token for the user behind `header`, with these permissions only."""
    sent: dict[str, Any] = resource("tokens", {"permissions": list(names)})
    answer = world.post("/v1/tokens", sent, as_=header)
    assert answer.status == 201, answer.raw
    return f"Bearer {answer.attributes['token']}"
