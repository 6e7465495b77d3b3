"""Flow 11: a license for two people by name, each with two machines."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.flows.shop import VALID, Caller, Shop, detail, linked, refused, verdict
from tests.api.licenses.cast import links
from tests.world import Answer, resource

PASSWORD = "correct horse"
NAMED = {
    "floating": True,
    "strict": True,
    "maxUsers": 2,
    "maxMachines": 2,
    "machineLeasingStrategy": "PER_USER",
    "requireUserScope": True,
    "authenticationStrategy": "MIXED",
}
USERS, USER = "/data/relationships/users", "/data/relationships/user"


class Team:
    """Ann owns the license, bob is attached to it, cyd is not; `ann` and `bob` are users, `as_ann` and `as_bob` they
    themselves.
    """

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.ann, self.bob, self.cyd = (
            shop.vendor.made("users", {"email": f"{name}@acme.example", "password": PASSWORD})
            for name in ("ann", "bob", "cyd")
        )
        policies = ("policies", shop.policy(**NAMED)["id"])
        self.license = shop.vendor.made("licenses", {}, policy=policies, owner=("users", self.ann["id"]))
        shop.heard()

    def attach(self, user: Any) -> Answer:
        """Attach a user to the license."""
        return self.shop.vendor.post(f"/licenses/{self.license['id']}/users", links("users", user["id"]))

    def detach(self, user: Any) -> Answer:
        """Detach a user from it."""
        return self.shop.vendor.delete(f"/licenses/{self.license['id']}/users", links("users", user["id"]))

    def signed_in(self, user: Any) -> Caller:
        """A user with a token that the password was good for."""
        answer = self.shop.login(user["attributes"]["email"], PASSWORD)
        assert (answer.status, answer.attributes["kind"]) == (201, "user-token")
        return Caller(self.shop.world, f"Bearer {answer.attributes['token']}")

    def protect(self) -> None:
        """Close the license to its users."""
        body = resource("licenses", {"protected": True})
        assert self.shop.vendor.patch(f"/licenses/{self.license['id']}", body).status == 200


@pytest.fixture
def team(shop: Shop) -> Team:
    """A license of ann's."""
    return Team(shop)


@pytest.fixture
def local_team(local_shop: Shop) -> Team:
    """The same, on the local engine, and bob."""
    made = Team(local_shop)
    assert made.attach(made.bob).status == 201
    return made


def test_who_may_use_it(team: Team) -> None:
    shop, relations = team.shop, team.license["relationships"]
    assert (linked(team.license, "owner"), relations["users"]["meta"]["count"]) == (team.ann["id"], 1)
    attached = team.attach(team.bob)
    assert (attached.status, [one["type"] for one in attached.data]) == (201, ["license-users"])
    assert shop.heard() == ["license.users.attached"]
    assert team.attach(team.cyd).error == (422, "USER_LIMIT_EXCEEDED", USERS)
    assert team.attach(team.bob).error[:2] == (422, "USER_TAKEN")
    assert team.attach(team.ann).error[:2] == (422, "USER_CONFLICT")
    assert shop.heard() == []


def test_their_machines(team: Team) -> None:
    shop, license = team.shop, team.license
    team.attach(team.bob)
    bob, ann = team.signed_in(team.bob), team.signed_in(team.ann)
    first = bob.activate(license, "bob-1", team.bob)
    assert (first.status, linked(first.data, "owner")) == (201, team.bob["id"])
    assert bob.activate(license, "bob-2").status == 403
    assert bob.activate(license, "bob-2", team.ann).status == 403
    assert bob.activate(license, "bob-2", team.bob).status == 201
    full = bob.activate(license, "bob-3", team.bob)
    assert full.error == (422, "MACHINE_LIMIT_EXCEEDED", "/data")
    assert detail(full) == "machine count has exceeded maximum allowed for user (2)"
    for fingerprint in ("ann-1", "ann-2"):
        assert ann.activate(license, fingerprint, team.ann).status == 201
    scopes = {"bob@acme.example": VALID, "ann@acme.example": refused("USER_SCOPE_MISMATCH")}
    for email, expected in scopes.items():
        assert verdict(shop.anybody.validate(license, {"fingerprint": "bob-1", "user": email})) == expected
    assert verdict(shop.anybody.validate(license, {"fingerprint": "bob-1"})) == refused("USER_SCOPE_REQUIRED")
    seen = [one["attributes"]["fingerprint"] for one in bob.get("/machines").data]
    assert sorted(seen) == ["ann-1", "ann-2", "bob-1", "bob-2"]
    assert bob.deactivate("ann-1").status == 403
    assert bob.deactivate("bob-2").status == 204


def test_somebody_leaves(team: Team) -> None:
    """The machine stays; it belongs to nobody then."""
    shop = team.shop
    team.attach(team.bob)
    bob = team.signed_in(team.bob)
    machine = bob.activated(team.license, "bob-1", team.bob)
    shop.heard()
    assert team.detach(team.bob).status == 204
    assert shop.heard() == ["license.users.detached"]
    for _ in range(2):
        assert linked(shop.read(machine), "owner") is None
        assert shop.seats(team.license) == 1
        shop.carry_on()
    for answer in (bob.get("/machines/bob-1"), bob.ping("bob-1"), bob.deactivate("bob-1")):
        assert answer.error[:2] == (404, "NOT_FOUND")
    assert bob.get("/machines").data == []


def test_somebody_is_banned(local_team: Team) -> None:
    shop, license = local_team.shop, local_team.license
    ann, application = local_team.signed_in(local_team.ann), shop.application(license)
    shop.heard()
    banned = shop.vendor.post(f"/users/{local_team.ann['id']}/actions/ban")
    assert (banned.status, banned.attributes["status"]) == (200, "BANNED")
    assert shop.heard() == ["user.banned"]
    assert ann.get("/me").error == (403, "USER_BANNED", None)
    assert verdict(shop.anybody.validate(license)) == refused("BANNED")
    assert application.get("/me").error == (403, "LICENSE_BANNED", None)
    assert shop.vendor.post(f"/users/{local_team.ann['id']}/actions/unban").status == 200
    assert ann.get("/me").data["id"] == local_team.ann["id"]
    assert application.get("/me").data["id"] == license["id"]


def test_a_license_that_is_protected_from_its_users(local_team: Team) -> None:
    shop, license = local_team.shop, local_team.license
    ann, application = local_team.signed_in(local_team.ann), shop.application(license)
    machine = ann.activated(license, "ann-1", local_team.ann)
    local_team.protect()
    asked = [
        ann.activate(license, "ann-2", local_team.ann),
        ann.ping("ann-1"),
        ann.post(f"/machines/{machine['id']}/actions/check-out"),
        ann.act(license, "check-out"),
        ann.deactivate("ann-1"),
    ]
    assert [answer.status for answer in asked] == [403] * len(asked)
    _, token = shop.installed(license)
    for caller in (application, token):
        steps = [
            caller.activate(license, "more"),
            caller.ping("more"),
            caller.post("/machines/more/actions/check-out"),
            caller.act(license, "check-out"),
            caller.deactivate("more"),
        ]
        assert [answer.status for answer in steps] == [201, 200, 200, 200, 204]
