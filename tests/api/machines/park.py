"""Machines of two products' licenses by name, in a world of their own, for the tests of lists."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from chalicelib.licensing.machine import Machine
from tests.api.helpers import by_key, machine, open_license, user, user_token
from tests.api.licenses.cast import related
from tests.api.listing import listed
from tests.world import START, World

SECOND = timedelta(seconds=1)


class Park:
    """The later of two machines was made later, unless `created` says otherwise.

    `one` is owned by the owner, who is attached to `other`, of the same product and another policy; `foreign` is of
    another product.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.owner, self.stranger = user(world, email="owner@acme.example"), user(world)
        self.product = world.product()["id"]
        self.policy, self.other_policy = (
            world.policy(self.product, authenticationStrategy="MIXED", maxUsers=5)["id"] for _ in range(2)
        )
        owner = ("users", self.owner.id)
        self.one: Any = world.create("licenses", {"key": "THE-ONE-KEY"}, policy=("policies", self.policy), owner=owner)
        self.other: Any = world.license(self.other_policy, key="THE-OTHER-KEY")
        self.foreign: Any = open_license(world, key="A-FOREIGN-KEY")
        body = {"data": [{"type": "users", "id": self.owner.id}]}
        assert world.post(f"/v1/licenses/{self.other['id']}/users", body).status == 201
        self.group = world.create("groups", {"name": "Group"})["id"]
        self.names: dict[str, str] = {}
        self.bearers = {
            "admin": world.admin,
            "product": world.token(f"/v1/products/{self.product}"),
            "other-product": world.token(f"/v1/products/{related(self.foreign, 'product')}"),
            "owner": user_token(world, self.owner),
            "stranger": user_token(world, self.stranger),
            "license": by_key(self.one),
            "license-token": world.token(f"/v1/licenses/{self.other['id']}"),
        }

    def put(self, name: str, license: Any, **fields: Any) -> Machine:
        """A machine with a name of its own."""
        created = START - timedelta(days=1) + len(self.names) * SECOND
        made = machine(self.world, license, **{"created": created} | fields)
        self.names[made.id] = name
        return made

    def shown(self, query: str = "", bearer: str = "admin", path: str = "/v1/machines") -> str:
        """The names that a query leaves, newest first; the same for every form of page."""
        found = listed(self.world, f"{path}?{query}" if query else path, self.bearers[bearer])
        return " ".join(self.names[one] for one in found)
