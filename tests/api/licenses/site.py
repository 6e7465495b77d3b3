"""A license with machines of several people, for the tests of validations that ask for them."""

from __future__ import annotations

from typing import Any

from tests.api.helpers import user
from tests.api.licenses.cast import links, path
from tests.api.licenses.test_validate_scopes import asked
from tests.world import World, resource

Verdict = tuple[bool, str]

VALID: Verdict = (True, "VALID")
PEOPLE = ("ann", "bob", "cyd")


def no(code: str) -> Verdict:
    """The verdict of a validation that fails."""
    return False, code


class Site:
    """A strict floating license of ann's that bob belongs to and cyd does not: with machine `a` of ann with two
    processes and the components `board` and `disk`, `b` of bob with one process, and `free` of nobody. Another license
    has a machine `a` too, with the component `card`, and one that is called `other`.
    """

    def __init__(self, world: World, **policy: Any) -> None:
        self.world = world
        people = {name: user(world) for name in PEOPLE}
        self.ids: dict[str, str] = {name: one.id for name, one in people.items()}
        self.emails = {name: one.email for name, one in people.items()}
        self.policy = world.policy(strict=True, floating=True, overageStrategy="ALWAYS_ALLOW_OVERAGE", **policy)["id"]
        policies, owner = ("policies", self.policy), ("users", self.ids["ann"])
        self.license = world.create("licenses", {}, policy=policies, owner=owner)
        self.other = world.license(self.policy)
        assert world.post(path(self.license, "users"), links("users", self.ids["bob"])).status == 201
        for name, owner_name in (("a", "ann"), ("b", "bob"), ("free", None)):
            self.activate(name, owner_name)
        for name in ("a", "other"):
            self.ids[f"other {name}"] = world.create(
                "machines", {"fingerprint": name}, license=("licenses", self.other["id"])
            )["id"]
        for machine, pids, parts in (("a", "12", ("board", "disk")), ("b", "3", ()), ("other a", "", ("card",))):
            self.fill(machine, pids, parts)

    def activate(self, name: str, owner: str | None) -> None:
        """A machine of the license."""
        ties = {} if owner is None else {"owner": ("users", self.ids[owner])}
        body = {"fingerprint": name, "cores": 2}
        self.ids[name] = self.world.create("machines", body, license=("licenses", self.license["id"]), **ties)["id"]

    def fill(self, machine: str, pids: str, parts: tuple[str, ...]) -> None:
        """What runs on a machine, and what is in it."""
        on = ("machines", self.ids[machine])
        for pid in pids:
            self.world.create("processes", {"pid": pid}, machine=on)
        for part in parts:
            self.world.create("components", {"fingerprint": part, "name": part}, machine=on)

    def tighten(self, policy: str | None = None, **attributes: Any) -> None:
        """Change a policy, the license's unless it is named by id."""
        identifier = policy or self.policy
        answer = self.world.send("PATCH", f"/v1/policies/{identifier}", resource("policies", attributes))
        assert answer.status == 200, answer.raw

    def asked(self, by: str = "id", **scope: Any) -> Verdict:
        """The verdict under a scope; ids of machines and of users by name, `name@` is the email of a user."""
        known = self.ids | {f"{name}@": email for name, email in self.emails.items()}
        named = {name: known.get(text, text) if name in ("machine", "user") else text for name, text in scope.items()}
        return asked(self.world, self.license, by, **named)
