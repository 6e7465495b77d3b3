"""The policy of a license: show and change (spec licenses.md §10.4)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.licensing.clock import to_text
from tests.api.helpers import NOWHERE, first, user, user_token
from tests.api.licenses.cast import EVERYTHING, Cast, emitted, grouped, ids, link, links, owned, path, protect, related
from tests.world import START, Answer, World, resource

DAY = 86_400
PLACE = "/data/relationships/policy"
NOT_FOUND = (422, "POLICY_NOT_FOUND", PLACE, "must exist")


def incompatible(detail: str) -> tuple[int, str, str, str]:
    return 422, "POLICY_NOT_COMPATIBLE", PLACE, detail


def change(world: World, license: Any, policy: str | None, method: str = "PUT", **options: Any) -> Answer:
    return world.send(method, path(license, "policy"), link("policies", policy), **options)


# --- show -------------------------------------------------------------------------------------------------------------


def test_show(world: World) -> None:
    license = world.license()
    answer = world.get(path(license, "policy"))
    assert (answer.status, answer.document) == (200, world.get(f"/v1/policies/{related(license, 'policy')}").document)


# --- change -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_change(world: World, method: str) -> None:
    license = world.license(world.policy()["id"], name="Name", metadata={"a": 1})
    new = world.policy(floating=True, strict=True, maxMachines=5, requireHeartbeat=True, maxUses=7)
    world.clock.advance(seconds=5)
    answer = change(world, license, new["id"], method)
    assert answer.status == 200
    inherited = {"floating": True, "strict": True, "maxMachines": 5, "requireHeartbeat": True, "maxUses": 7}
    assert answer.attributes == license["attributes"] | inherited | {"updated": to_text(world.clock.now())}
    assert related(answer.data, "policy") == new["id"]
    assert related(answer.data, "product") == related(new, "product")
    assert world.get(path(license)).data == answer.data


def test_the_key_finds_it_and_its_new_policy(world: World) -> None:
    license, new = world.license(key="SOME-LICENSE-KEY"), world.policy(maxUses=3)
    answer = world.send("PUT", "/v1/licenses/SOME-LICENSE-KEY/policy", link("policy", new["id"]))
    assert answer.status == 200
    validated = world.post("/v1/licenses/actions/validate-key", {"meta": {"key": "SOME-LICENSE-KEY"}}, as_=None)
    assert (validated.data["id"], related(validated.data, "policy")) == (license["id"], new["id"])


def test_what_stays(world: World) -> None:
    owner, guest, group = user(world), user(world), grouped(world)
    first_policy = world.policy(requireCheckIn=True, checkInInterval="day", checkInIntervalCount=1)["id"]
    license = owned(world, owner, first_policy, protected=False, maxUses=9)
    world.send("PUT", path(license, "group"), link("groups", group["id"]))
    world.post(path(license, "users"), links("users", guest.id))
    world.post(path(license, "actions", "increment-usage"))
    new = world.policy(protected=True, requireCheckIn=True, checkInInterval="week", checkInIntervalCount=1)
    answer = change(world, license, new["id"])
    kept = {name: license["attributes"][name] for name in ("key", "protected", "lastCheckIn", "maxUses")}
    assert {name: answer.attributes[name] for name in kept} == kept
    assert (answer.attributes["uses"], answer.attributes["protected"]) == (1, False)
    assert answer.attributes["nextCheckIn"] == to_text(START + timedelta(days=7))
    assert (related(answer.data, "owner"), related(answer.data, "group")) == (owner.id, group["id"])
    assert answer.data["relationships"]["users"]["meta"]["count"] == 2


def test_lists_follow(world: World) -> None:
    license, new = world.license(), world.policy()
    change(world, license, new["id"])
    old = license["relationships"]
    assert ids(world.get(f"/v1/policies/{new['id']}/licenses")) == [license["id"]]
    assert ids(world.get(f"/v1/policies/{old['policy']['data']['id']}/licenses")) == []
    products = {
        name: world.token(f"/v1/products/{related(one, 'product')}") for name, one in (("a", license), ("b", new))
    }
    assert ids(world.get("/v1/licenses", as_=products["a"])) == []
    assert ids(world.get("/v1/licenses", as_=products["b"])) == [license["id"]]
    assert world.get(path(license), as_=products["a"]).status == 404
    assert world.get(path(license), as_=products["b"]).status == 200


def test_the_former_policy_may_go(world: World) -> None:
    license, new = world.license(), world.policy()
    change(world, license, new["id"])
    assert world.send("DELETE", f"/v1/policies/{related(license, 'policy')}").status == 204
    for _ in range(2):
        world.clock.advance(minutes=2)
        world.sweep()
    assert world.get(path(license)).status == 200


@pytest.mark.parametrize(
    ("strategy", "duration", "expected"),
    [
        (None, 10 * DAY, START + timedelta(days=30)),
        ("KEEP_EXPIRY", 10 * DAY, START + timedelta(days=30)),
        ("KEEP_EXPIRY", None, START + timedelta(days=30)),
        ("RESET_EXPIRY", 10 * DAY, START + timedelta(days=12)),
        ("RESET_EXPIRY", None, None),
    ],
)
def test_expiry(world: World, strategy: str | None, duration: int | None, expected: Any) -> None:
    license = world.license(world.policy(duration=30 * DAY)["id"])
    given = {} if strategy is None else {"transferStrategy": strategy}
    new = world.policy(duration=duration, expirationBasis="FROM_FIRST_USE", **given)
    world.clock.advance(days=2)
    answer = change(world, license, new["id"])
    assert answer.attributes["expiry"] == (None if expected is None else to_text(expected))
    assert world.get(path(license)).data == answer.data


def test_a_new_expiry_moves_the_deadline(world: World) -> None:
    license = world.license(world.policy(duration=30 * DAY)["id"])
    new = world.policy(duration=DAY, transferStrategy="RESET_EXPIRY")
    change(world, license, new["id"])
    world.listen("license.expired")
    world.clock.advance(days=1, hours=1)
    world.sweep()
    assert [name for name, _ in emitted(world)] == ["license.expired"]


def test_check_in_deadlines_follow_the_new_policy(world: World) -> None:
    license = world.license(world.policy(requireCheckIn=True, checkInInterval="year", checkInIntervalCount=1)["id"])
    new = world.policy(requireCheckIn=True, checkInInterval="day", checkInIntervalCount=1)
    change(world, license, new["id"])
    world.listen("license.check-in-overdue")
    world.clock.advance(days=1, hours=1)
    world.sweep()
    assert [name for name, _ in emitted(world)] == ["license.check-in-overdue"]


def test_the_same_policy_again(world: World) -> None:
    policy = world.policy(duration=30 * DAY, transferStrategy="RESET_EXPIRY")
    license = world.license(policy["id"])
    world.listen("license.policy.updated")
    world.clock.advance(days=1)
    answer = change(world, license, policy["id"])
    assert (answer.status, answer.attributes["expiry"]) == (200, to_text(START + timedelta(days=31)))
    assert emitted(world) == [("license.policy.updated", answer.document)]


def test_the_new_limits_bind_at_once(world: World) -> None:
    license = world.license(world.policy(maxUses=10)["id"])
    world.post(path(license, "actions", "increment-usage"), {"meta": {"increment": 5}})
    assert change(world, license, world.policy(maxUses=3)["id"]).status == 200
    refused = world.post(path(license, "actions", "increment-usage"))
    assert refused.error == (422, "USES_LIMIT_EXCEEDED", "/data/attributes/uses")


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (None, (400, None, "/data", "is missing")),
        ({"data": None}, (400, None, "/data", "cannot be null")),
        ({"data": []}, (400, None, "/data", "type mismatch (received array expected object)")),
        ({"data": {"type": "policies"}}, (400, None, "/data/id", "is missing")),
        (link("products", NOWHERE), (400, None, "/data/type", "is invalid")),
        (link("policies", "x"), (400, None, "/data/id", "type mismatch (received string expected UUID string)")),
        ({"data": {"type": "policies", "id": NOWHERE, "a": 1}}, (400, None, "/data/a", "unpermitted parameter")),
        (link("policies", NOWHERE), NOT_FOUND),
    ],
)
def test_bodies_that_are_refused(shared_world: World, body: Any, error: Any) -> None:
    license = shared_world.license()
    assert first(shared_world.send("PUT", path(license, "policy"), body)) == error


MACHINES, COMPONENTS = "machineUniquenessStrategy", "componentUniquenessStrategy"
RANKS = ["UNIQUE_PER_LICENSE", "UNIQUE_PER_POLICY", "UNIQUE_PER_PRODUCT", "UNIQUE_PER_ACCOUNT"]


@pytest.mark.parametrize(
    ("before", "after", "detail"),
    [
        ({}, {"usePool": True}, "a pooled policy to an unpooled policy (or vice-versa)"),
        ({"usePool": True}, {}, "a pooled policy to an unpooled policy (or vice-versa)"),
    ],
)
def test_pooled_or_not(world: World, before: Any, after: Any, detail: str) -> None:
    license = world.license(world.policy(**before)["id"], key="SOME-LICENSE-KEY")
    answer = change(world, license, world.policy(**after)["id"])
    assert first(answer) == incompatible(f"cannot change from {detail}")
    assert world.get(path(license)).data == license


def test_another_scheme(world: World) -> None:
    license, signed = world.license(), world.policy(scheme="ED25519_SIGN")
    assert first(change(world, license, signed["id"])) == incompatible(
        "cannot change to a policy with a different scheme"
    )


@pytest.mark.parametrize(("name", "word"), [(MACHINES, "machine"), (COMPONENTS, "component")])
def test_less_strict_is_refused_and_more_strict_is_not(local_world: World, name: str, word: str) -> None:
    policies = {rank: local_world.policy(**{name: rank})["id"] for rank in RANKS}
    detail = f"cannot change to a policy with a less strict {word} uniqueness strategy"
    for lower, higher in zip(RANKS, RANKS[1:], strict=False):
        license = local_world.license(policies[higher])
        assert first(change(local_world, license, policies[lower])) == incompatible(detail)
        assert change(local_world, local_world.license(policies[lower]), policies[higher]).status == 200
        assert change(local_world, license, policies[higher]).status == 200


def test_an_override_that_does_not_fit(world: World) -> None:
    license = world.license(world.policy(floating=True)["id"], maxMachines=5)
    answer = change(world, license, world.policy()["id"])
    detail = "must be equal to 1 for non-floating policy"
    assert first(answer) == (422, "MAX_MACHINES_INVALID", "/data/attributes/maxMachines", detail)
    assert world.get(path(license)).data == license


def test_a_policy_of_a_deleted_product_does_not_exist(world: World) -> None:
    license, new = world.license(), world.policy()
    world.send("DELETE", f"/v1/products/{related(new, 'product')}")
    assert first(change(world, license, new["id"])) == NOT_FOUND


# --- who may ----------------------------------------------------------------------------------------------------------

# nobody · the five of the staff · product, another product · owner, attached, stranger · license, another license
READ = "401 200 200 200 200 200 200 404 200 200 404 200 404"
CHANGE = "401 200 200 200 403 403 200 404 200 403 404 403 404"
UNKNOWN = "401 422 422 422 403 403 403 404 422 403 404 403 404"


def test_who_may(local_world: World) -> None:
    cast = Cast(local_world)
    assert cast.statuses("GET", "policy") == READ
    new = local_world.policy(cast.product, authenticationStrategy="MIXED")["id"]
    assert cast.statuses("PUT", "policy", lambda: link("policies", new)) == CHANGE
    assert cast.statuses("PUT", "policy", lambda: link("policies", NOWHERE)) == UNKNOWN


def test_a_product_keeps_to_its_own_policies(world: World) -> None:
    cast = Cast(world)
    for policy in (world.policy()["id"], NOWHERE):
        answer = cast.ask("PUT", "policy", "product", link("policies", policy))
        assert (answer.status, answer.error[1:]) == (403, (None, None))
    assert cast.ask("PUT", "policy", "admin", link("policies", world.policy()["id"])).status == 200
    assert cast.ask("GET", "policy", "product").status == 404


@pytest.mark.parametrize(
    ("license_protected", "policy_protected", "status"),
    [(False, False, 200), (True, False, 403), (False, True, 403), (True, True, 403)],
)
def test_an_owner_changes_between_open_policies(
    world: World, license_protected: bool, policy_protected: bool, status: int
) -> None:
    cast = Cast(world)
    protect(world, cast.license, license_protected)
    new = world.policy(protected=policy_protected)["id"]
    assert cast.ask("PUT", "policy", "owner", link("policies", new)).status == status


def test_by_default_users_and_licenses_read_no_policy(world: World) -> None:
    owner = user(world)
    license = owned(world, owner, world.policy(authenticationStrategy="LICENSE")["id"])
    assert world.get(path(license, "policy"), as_=user_token(world, owner)).status == 403
    assert world.get(path(license, "policy"), as_=f"License {license['attributes']['key']}").status == 403


def test_an_attached_user_reads_but_does_not_change(world: World) -> None:
    guest = user(world, permissions=EVERYTHING)
    license, token = world.license(), user_token(world, guest)
    world.post(path(license, "users"), links("users", guest.id))
    assert world.get(path(license, "policy"), as_=token).status == 200
    assert change(world, license, world.policy()["id"], as_=token).status == 403


def test_order_of_errors(world: World) -> None:
    cast = Cast(world)
    assert world.send("PUT", f"/v1/licenses/{NOWHERE}/policy", {"data": None}).status == 404
    assert cast.ask("PUT", "policy", "stranger", {"data": None}).status == 404
    assert cast.ask("PUT", "policy", "license", {"data": None}).error == (400, None, "/data")
    assert cast.ask("PUT", "policy", "license", link("policies", NOWHERE)).status == 403


# --- events -----------------------------------------------------------------------------------------------------------


def test_events(world: World) -> None:
    license, new = world.license(), world.policy()
    world.listen("license.policy.updated", "license.updated")
    answer = change(world, license, new["id"])
    change(world, license, NOWHERE)
    assert emitted(world) == [("license.policy.updated", answer.document)]
    assert world.send("PATCH", path(license), resource("licenses", {"name": "N"})).status == 200
