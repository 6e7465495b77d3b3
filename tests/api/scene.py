"""What the generated tests of all operations act on: an inventory, and the request each operation succeeds with."""

from __future__ import annotations

from typing import Any

from chalicelib.api.operation import Operation
from chalicelib.api.resources import OPERATIONS
from tests.api.bodies import BODIES
from tests.api.helpers import NOWHERE
from tests.api.inventory import Inventory
from tests.world import Answer

OPERATION: dict[str, Operation] = {operation.name: operation for operation in OPERATIONS}
ITSELF = "itself"


class Scene(Inventory):
    """Sends the requests of rows such as `token.read@owner`: an operation, and on which of several resources it is."""

    def send(self, row: str, bearer: str = "admin", *, body: Any = None, query: str = "", **instead: str) -> Answer:
        """Send the request of a row as a bearer; `body` and the ids of `instead` replace those of the row."""
        name, _, about = row.partition("@")
        operation = OPERATION[name]
        named = self._itself(operation, bearer) if about == ITSELF else {}
        path = "/v1/accounts/acme" + self.path(operation, about, **named | instead) + query
        sent = self.body(row, bearer) if body is None else body
        return self.world.send(operation.methods[0], path, sent, as_=self.bearers[bearer])

    def _itself(self, operation: Operation, bearer: str) -> dict[str, str]:
        found = self.own.get((operation.path.split("/")[1], bearer))
        return {} if found is None else {"id": found}

    def path(self, operation: Operation, about: str = "", **instead: str) -> str:
        """The path of an operation; `about` says on which of several resources of its kind it is."""
        kinds = operation.path.split("/")[1:]
        found = {"id": self._parent(kinds, about), "child": self._child(kinds)} | instead
        return operation.path.replace("{id}", found["id"]).replace("{child}", found["child"])

    def body(self, row: str, bearer: str = "admin") -> Any:
        """The document of a row: of the variant if it has its own, else of the operation; None for no document."""
        make = BODIES.get(row) or BODIES.get(row.partition("@")[0])
        return None if make is None else make(self.ids, bearer)

    def _parent(self, kinds: list[str], about: str) -> str:
        """What the first id of a path is; of what there is no own one, as with `itself` of others, the usual."""
        kind = kinds[0] if kinds else ""
        usual = {
            "products": "product",
            "policies": "policy",
            "keys": "key",
            "licenses": "license",
            "tokens": "license-token",
            "entitlements": "entitlement",
            "groups": "group",
            "users": "owner",
            "machines": "machine",
            "components": "component",
            "processes": "process",
            "releases": "release",
            "artifacts": "artifact",
        }
        if kind == "tokens":
            return self.ids.get(f"{about}-token") or self.ids["license-token"]
        return self.ids.get(about) or self.ids[usual[kind]] if kind in usual else ""

    def _child(self, kinds: list[str]) -> str:
        parent, kind = kinds[0] if kinds else "", kinds[2] if len(kinds) > 2 else ""
        names = {
            "policies": "policy",
            "licenses": "license",
            "products": "product",
            "users": "attached",
            "pool": "key",
            "owners": "group-owner",
            "constraints": "constraint",
            "machines": "machine",
            "components": "component",
            "processes": "process",
            "entitlements": "inherited" if parent == "policies" else "entitlement",
            "tokens": {"products": "product-token", "licenses": "license-token"}.get(parent, "owner-token"),
        }
        return self.ids[names[kind]] if kind in names else NOWHERE
