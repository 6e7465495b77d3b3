"""One of everything, tied together, and a bearer of every kind.

A license of a pooled policy with an owner and an attached user, in a group. The owner of the license owns the group
too, and is in none; the attached user is a member of it. The license has a machine without an owner and one of the
attached user, its product a release with an artifact. One entitlement is the license's own, one comes through its
policy, one is nobody's. The stranger is a user without a license. Another product has a license of its own, a third
product is open to everybody. There is another admin, developer and read-only user besides those who ask.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any

from chalicelib.crypto.digests import token_digest
from chalicelib.crypto.passwords import hashed
from chalicelib.licensing.user import User
from tests.api.bodies import constraint
from tests.api.helpers import NOWHERE, by_key, user, user_token
from tests.world import World, resource

PASSWORD, RESET_TOKEN = "the old password", "a reset token"
POOLED = {"authenticationStrategy": "MIXED", "usePool": True, "floating": True}
CHECKED = {"requireCheckIn": True, "checkInInterval": "day", "checkInIntervalCount": 1, "duration": 2_592_000}
ROLES = {"developer": "developer", "sales": "sales-agent", "support": "support-agent", "read-only": "read-only"}
password_hash = cache(hashed)
"""Hashing is slow on purpose."""


@dataclass
class Inventory:
    """Ids by what they are called (`license`, `owner`, `license-token`, ...), credentials by bearer, and the ids of
    users and tokens that a bearer is or presents, by kind and bearer.
    """

    world: World
    ids: dict[str, str] = field(default_factory=dict)
    own: dict[tuple[str, str], str] = field(default_factory=dict)
    people: dict[str, User] = field(default_factory=dict)
    bearers: dict[str, str | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._add_catalog()
        self._add_people()
        self._add_licenses()
        self._tie()
        self._add_machines()
        self._add_releases()
        self._add_bearers()

    def _add_catalog(self) -> None:
        world, ids = self.world, self.ids
        ids["nowhere"] = NOWHERE
        for product in ("product", "other-product"):
            ids[product] = world.product()["id"]
        ids["open-product"] = world.product(distributionStrategy="OPEN")["id"]
        ids["policy"] = world.policy(ids["product"], **POOLED, **CHECKED)["id"]
        ids["sibling-policy"] = world.policy(ids["product"], **POOLED)["id"]
        ids["other-policy"] = world.policy(ids["other-product"], **POOLED)["id"]
        ids["bare-policy"] = world.policy(ids["product"])["id"]
        for name in ("key", "spare-key"):
            policy = ("policies", ids["policy"])
            ids[name] = world.create("keys", {"key": f"THE-POOLED-{name.upper()}"}, policy=policy)["id"]
        for name in ("entitlement", "inherited", "spare"):
            ids[name] = world.create("entitlements", {"name": name, "code": name})["id"]
        ids["group"] = world.create("groups", {"name": "Group"})["id"]

    def _add_people(self) -> None:
        world, ids = self.world, self.ids
        reset = {
            "reset_digest": token_digest(world.service.accounts.find("acme").secret, RESET_TOKEN),
            "reset_issued": world.clock.now(),
        }
        self._add_user("owner", "user", **reset)
        for name in ("attached", "stranger", "candidate"):
            self._add_user(name, "user")
        for name, role in (("admin", "admin"), ("developer", "developer"), ("reader", "read-only")):
            self._add_user(name, role)
        for name in ("admin", "developer"):
            _, ids[f"{name}-token"] = self._token_of(self.people[name])
        group = {"data": {"type": "groups", "id": ids["group"]}}
        assert world.send("PUT", f"/v1/users/{ids['attached']}/group", group).status == 200

    def _add_user(self, name: str, role: str, **fields: Any) -> None:
        secret = {"password": password_hash(PASSWORD)}
        self.people[name] = user(self.world, role, email=f"the-{name}@acme.example", **secret, **fields)
        self.ids[name] = self.people[name].id

    def _token_of(self, bearer: User) -> tuple[str, str]:
        """A new token of a user: what it opens, and its id."""
        header = user_token(self.world, bearer)
        return header, self.world.get("/v1/profile", as_=header).document["meta"]["tokenId"]

    def _add_licenses(self) -> None:
        world, ids = self.world, self.ids
        tied = {"owner": ("users", ids["owner"]), "group": ("groups", ids["group"])}
        policy = ("policies", ids["policy"])
        self.license = world.create("licenses", {"key": "THE-LICENSE"}, policy=policy, **tied)
        self.other_license = world.license(ids["other-policy"], key="THE-OTHER-LICENSE")
        ids["license"], ids["other-license"] = self.license["id"], self.other_license["id"]
        ids["suspended-license"] = world.license(ids["bare-policy"], suspended=True)["id"]

    def _tie(self) -> None:
        world, ids = self.world, self.ids
        license, policy, group = (f"/v1/{kinds}" for kinds in self._homes())
        world.post(f"{license}/users", _linkage("users", ids["attached"]))
        world.post(f"{license}/entitlements", _linkage("entitlements", ids["entitlement"]))
        world.post(f"{policy}/entitlements", _linkage("entitlements", ids["inherited"]))
        ids["group-owner"] = world.post(f"{group}/owners", _linkage("users", ids["owner"])).data[0]["id"]
        world.post(f"{license}/actions/increment-usage")

    def _add_machines(self) -> None:
        """One machine without an owner and one of the attached user, with a component and a process each."""
        world, ids = self.world, self.ids
        license = ("licenses", ids["license"])
        ids["machine"] = world.create("machines", {"fingerprint": "one"}, license=license)["id"]
        owner = ("users", ids["attached"])
        ids["attached-machine"] = world.create("machines", {"fingerprint": "two"}, license=license, owner=owner)["id"]
        for of in ("", "attached-"):
            machine = ("machines", ids[f"{of}machine"])
            board = {"fingerprint": "board", "name": "Board"}
            ids[f"{of}component"] = world.create("components", board, machine=machine)["id"]
            ids[f"{of}process"] = world.create("processes", {"pid": "1"}, machine=machine)["id"]

    def _add_releases(self) -> None:
        world, ids = self.world, self.ids
        product, version = ("products", ids["product"]), {"version": "1.0.0", "channel": "stable"}
        ids["release"] = world.create("releases", version, product=product)["id"]
        release, file = ("releases", ids["release"]), {"filename": "one"}
        ids["artifact"] = world.create("artifacts", file, release=release)["id"]
        asked = constraint(ids, "entitlement")
        ids["constraint"] = world.post(f"/v1/releases/{release[1]}/constraints", asked).data[0]["id"]

    def _homes(self) -> tuple[str, str, str]:
        ids = self.ids
        return f"licenses/{ids['license']}", f"policies/{ids['policy']}", f"groups/{ids['group']}"

    def _add_bearers(self) -> None:
        world = self.world
        self.bearers |= {
            "none": None,
            "malformed": "Bearer nonsense",
            "expired": user_token(world, user(world, "admin"), expiry=world.clock.now().replace(year=2020)),
            "foreign-admin": World(world.transport, slug="other").admin,
            "license-key": by_key(self.license),
        }
        for kind, name in (("products", "product"), ("products", "other-product"), ("licenses", "license")):
            self._add_token(name, f"/v1/{kind}/{self.ids[name]}/tokens")
        self._add_token("other-license", f"/v1/licenses/{self.ids['other-license']}/tokens")
        for name in ("owner", "attached", "stranger"):
            self._add_token(name, f"/v1/users/{self.ids[name]}/tokens")
            self.own["users", name] = self.ids[name]
        self._add_token("idle", "/v1/tokens", {"permissions": []})
        self._add_staff()
        self.bearers["license-token"] = self.bearers.pop("license")
        self.bearers["other-license"] = by_key(self.other_license)
        self.own["tokens", "license-key"] = self.own["tokens", "license-token"] = self.ids["license-token"]

    def _add_staff(self) -> None:
        world = self.world
        admin = world.get("/v1/profile").document
        self.bearers["admin"] = world.admin
        self.own |= {("users", "admin"): admin["data"]["id"], ("tokens", "admin"): admin["meta"]["tokenId"]}
        body = resource("users", {"password": PASSWORD})
        assert world.send("PATCH", f"/v1/users/{admin['data']['id']}", body).status == 200
        for name, role in ROLES.items():
            one = user(world, role, password=password_hash(PASSWORD))
            self.bearers[name], self.own["tokens", name] = self._token_of(one)
            self.own["users", name] = one.id

    def _add_token(self, name: str, path: str, attributes: dict[str, Any] | None = None) -> None:
        """A token made by the admin: its id, and what it opens."""
        body = None if attributes is None else {"data": {"type": "tokens", "attributes": attributes}}
        made = self.world.post(path, body)
        assert made.status in (200, 201), made.raw
        self.ids[f"{name}-token"] = self.own["tokens", name] = made.data["id"]
        self.bearers[name] = f"Bearer {made.attributes['token']}"


def _linkage(kind: str, identifier: str) -> dict[str, Any]:
    return {"data": [{"type": kind, "id": identifier}]}
