"""Who may do what: every operation with every kind of credential, in one table (spec auth.md §5.4, §7)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from chalicelib.api.resources import OPERATIONS
from tests.api.helpers import by_key, staff
from tests.world import Answer, World, resource

BEARERS = (
    "none malformed foreign-admin admin developer sales support read-only product other-product "
    "license-key license-token other-license"
).split()

MATRIX = """
operation                nobody                  staff                product     license
system.ping              200 200 200             200 200 200 200 200  200 200     200 200 200
system.health            204 204 204             204 204 204 204 204  204 204     204 204 204
account.read             401 401 401             200 200 200 200 200  200 200     403 403 403
me                       401 401 401             200 200 200 200 200  200 200     200 200 200
profile                  401 401 401             200 200 200 200 200  200 200     200 200 200
product.list             401 401 401             200 200 200 200 200  403 403     403 403 403
product.create           401 401 401             201 201 403 403 403  403 403     403 403 403
product.read             401 401 401             200 200 200 200 200  200 404     403 403 404
product.update           401 401 401             200 200 403 403 403  200 404     403 403 404
product.delete           401 401 401             204 204 403 403 403  403 404     403 403 404
product.tokens.generate  401 401 401             200 200 403 403 403  403 404     403 403 404
policy.list              401 401 401             200 200 200 200 200  200 200     403 403 403
policy.create            401 401 401             201 201 201 403 403  201 403     403 403 403
policy.read              401 401 401             200 200 200 200 200  200 404     403 403 404
policy.update            401 401 401             200 200 200 403 403  200 404     403 403 404
policy.delete            401 401 401             204 204 403 403 403  204 404     403 403 404
license.list             401 401 401             200 200 200 200 200  200 200     403 403 403
license.create           401 401 401             201 201 201 403 403  201 403     403 403 403
license.read             401 401 401             200 200 200 200 200  200 404     200 200 404
license.update           401 401 401             200 200 200 200 403  200 404     403 403 404
license.delete           401 401 401             204 204 204 403 403  204 404     403 403 404
license.revoke           401 401 401             204 204 204 403 403  204 404     403 403 404
license.suspend          401 401 401             200 200 200 200 403  200 404     403 403 404
license.reinstate        401 401 401             422 422 422 422 403  422 404     403 403 404
license.renew            401 401 401             422 422 422 403 403  422 404     403 403 404
license.validate         401 401 401             200 200 200 200 200  200 404     200 200 404
license.validate-quickly 401 401 401             200 200 200 200 200  200 404     200 200 404
license.validate-key     200 401 401             200 200 200 200 200  200 403     200 200 403
license.check-in         401 401 401             200 200 200 200 403  200 404     200 200 404
license.usage.increment  401 401 401             200 200 200 200 403  200 404     200 200 404
license.usage.decrement  401 401 401             200 200 200 200 403  200 404     403 403 404
license.usage.reset      401 401 401             200 200 200 200 403  200 404     403 403 404
license.tokens.generate  401 401 401             200 200 200 403 403  200 404     403 403 404
token.generate           401 401 401             201 201 201 201 201  403 403     403 403 403
"""
ROWS = {line.split()[0]: [int(status) for status in line.split()[1:]] for line in MATRIX.strip().splitlines()[1:]}
OPERATION = {operation.name: operation for operation in OPERATIONS}
CELLS = [(name, bearer, status) for name, row in ROWS.items() for bearer, status in zip(BEARERS, row, strict=True)]


@dataclass
class Scene:
    """A license with its parents, another product with its license, and a bearer of every kind."""

    world: World
    bearers: dict[str, str | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        world = self.world
        checked: dict[str, Any] = {"requireCheckIn": True, "checkInInterval": "day", "checkInIntervalCount": 1}
        self.policy = world.policy(authenticationStrategy="MIXED", **checked)["id"]
        self.license = world.license(self.policy)
        world.post(f"/v1/licenses/{self.license['id']}/actions/increment-usage")
        self.product = self.license["relationships"]["product"]["data"]["id"]
        other = world.license(world.policy(authenticationStrategy="MIXED")["id"])
        other_product = other["relationships"]["product"]["data"]["id"]
        self.bearers |= {
            "none": None,
            "malformed": "Bearer nonsense",
            "admin": world.admin,
            "product": world.token(f"/v1/products/{self.product}"),
            "other-product": world.token(f"/v1/products/{other_product}"),
            "license-key": by_key(self.license),
            "license-token": world.token(f"/v1/licenses/{self.license['id']}"),
            "other-license": by_key(other),
        }

    def send(self, name: str, bearer: str) -> Answer:
        operation = OPERATION[name]
        kind = operation.path.split("/")[1] if operation.path else ""
        ids = {"products": self.product, "policies": self.policy, "licenses": self.license["id"]}
        path = "/v1/accounts/acme" + operation.path.replace("{id}", ids.get(kind, ""))
        make = BODIES.get(name)
        body = None if make is None else make(self)
        return self.world.send(operation.methods[0], path, body, as_=self.bearers[bearer])


BODIES: dict[str, Callable[[Scene], Any]] = {
    "product.create": lambda scene: resource("products", {"name": "New"}),
    "product.update": lambda scene: resource("products", {"name": "New"}),
    "policy.create": lambda scene: resource("policies", {"name": "New"}, product=("products", scene.product)),
    "policy.update": lambda scene: resource("policies", {"name": "New"}),
    "license.create": lambda scene: resource("licenses", {}, policy=("policies", scene.policy)),
    "license.update": lambda scene: resource("licenses", {"name": "New"}),
    "license.validate-key": lambda scene: {"meta": {"key": scene.license["attributes"]["key"]}},
}


@pytest.fixture(scope="module")
def strangers(shared_world: World) -> dict[str, str | None]:
    """Bearers that belong to no scene."""
    roles = {
        "developer": "developer",
        "sales": "sales-agent",
        "support": "support-agent",
        "read-only": "read-only",
    }
    found: dict[str, str | None] = {name: staff(shared_world, role) for name, role in roles.items()}
    return found | {"foreign-admin": World(shared_world.transport, slug="other").admin}


@pytest.fixture(scope="module")
def scene(shared_world: World, strangers: dict[str, str | None]) -> Scene:
    return Scene(shared_world, dict(strangers))


@pytest.mark.parametrize(("name", "bearer", "status"), CELLS)
def test_cell(scene: Scene, strangers: dict[str, str | None], name: str, bearer: str, status: int) -> None:
    if (status == 204 and name != "system.health") or name == "license.suspend":
        scene = Scene(scene.world, dict(strangers))
    answer = scene.send(name, bearer)
    assert answer.status == status, answer.raw
    if status == 401:
        assert answer.error[1] == ("TOKEN_MISSING" if bearer == "none" else "TOKEN_INVALID")
    if status == 403:
        assert answer.error[1:] == (None, None)
        assert answer.errors[0]["detail"].startswith("You do not have permission to complete the request (")


def test_every_operation_has_a_row() -> None:
    assert set(ROWS) == set(OPERATION)
