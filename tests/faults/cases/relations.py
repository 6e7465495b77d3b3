"""Licenses and whom they belong to: users, entitlements, owner, policy, group."""

from __future__ import annotations

from typing import Any

from tests.api.helpers import user
from tests.faults.cases.catalog import attachments, entitlement
from tests.faults.cases.licenses import DAY, MEMBER, meter
from tests.faults.operation import Context, Operation, Prepare, either, http, link, links, named, stored
from tests.races.test_moments import assert_armed
from tests.world import World

USERS, ENTITLEMENTS = f"{MEMBER}/users", f"{MEMBER}/entitlements"
BOTH_USERS = links("users", "ann", "bob")
BOTH_ENTITLEMENTS = links("entitlements", "one", "other")


def _users(world: World) -> Context:
    """A license with seats for two users beside its owner, and two who want them."""
    people = {name: user(world).id for name in ("owner", "ann", "bob")}
    parents = {"policy": ("policies", world.policy(maxUsers=3)["id"]), "owner": ("users", people["owner"])}
    return people | {"license": world.create("licenses", {}, **parents)["id"]}


def _entitlements(world: World) -> Context:
    return {"license": world.license()["id"]} | {name: entitlement(world, name) for name in ("one", "other")}


def _after(prepare: Prepare, path: str, body: Any) -> Prepare:
    def prepared(world: World) -> Context:
        context = prepare(world)
        assert world.post(path.format(**context), body(context)).status == 201
        return context

    return prepared


def _to_change(world: World) -> Context:
    """A license that has a policy, an owner and no group, and others of each; the new owner brings a group along."""
    found = {name: world.create("groups", {"name": name, "maxLicenses": 1})["id"] for name in ("group", "brought")}
    product = found["product"] = world.product()["id"]
    found["policy"] = world.policy(product)["id"]
    found["new-policy"] = world.policy(product, duration=DAY, transferStrategy="RESET_EXPIRY", maxUsers=2)["id"]
    found |= {"owner": user(world).id, "new-owner": _member(world, found["brought"])}
    parents = {"policy": ("policies", found["policy"]), "owner": ("users", found["owner"])}
    return found | {"license": world.create("licenses", {}, **parents)["id"]}


def _member(world: World, group_id: str) -> str:
    made = world.create("users", {"email": "new-owner@acme.example"}, group=("groups", group_id))
    return str(made["id"])


def _in_group(world: World) -> Context:
    context = _to_change(world)
    answer = world.send("PUT", f"{MEMBER}/group".format(**context), link("groups", "brought")(context))
    assert answer.status == 200
    return context


def _ties(world: World, context: Context) -> Any:
    """What the license belongs to, and whether it has an expiry; its deadline is the one that follows."""
    facts = stored(world, "license", context["license"])
    assert_armed(world, context["license"])
    names = tuple(named(context, facts.get(f"{kind}_id")) for kind in ("policy", "owner", "group"))
    return *names, "expiry" in meter(world, context)


OPERATIONS = (
    Operation("attach-users", _users, http("POST", USERS, BOTH_USERS), either(attachments, 0, 2)),
    Operation(
        "detach-users",
        _after(_users, USERS, BOTH_USERS),
        http("DELETE", USERS, BOTH_USERS),
        either(attachments, 2, 0),
    ),
    Operation(
        "attach-entitlements",
        _entitlements,
        http("POST", ENTITLEMENTS, BOTH_ENTITLEMENTS),
        either(attachments, 0, 2),
    ),
    Operation(
        "detach-entitlements",
        _after(_entitlements, ENTITLEMENTS, BOTH_ENTITLEMENTS),
        http("DELETE", ENTITLEMENTS, BOTH_ENTITLEMENTS),
        either(attachments, 2, 0),
    ),
    Operation(
        "change-policy",
        _to_change,
        http("PUT", f"{MEMBER}/policy", link("policies", "new-policy")),
        either(_ties, ("policy", "owner", None, False), ("new-policy", "owner", None, True)),
    ),
    Operation(
        "change-owner",
        _to_change,
        http("PUT", f"{MEMBER}/owner", link("users", "new-owner")),
        either(_ties, ("policy", "owner", None, False), ("policy", "new-owner", "brought", False)),
    ),
    Operation(
        "change-group",
        _in_group,
        http("PUT", f"{MEMBER}/group", link("groups", "group")),
        either(_ties, ("policy", "owner", "brought", False), ("policy", "owner", "group", False)),
    ),
)
