"""Given members are taken, absent ones keep their value; what is new gets the usual defaults."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.admin.repair import recount
from tests.admin import files, installed
from tests.admin.files import (
    ADMIN,
    ATTACHED,
    BANNED,
    GROUP,
    LICENSE,
    OWNER,
    PLAIN,
    POLICY,
    PRODUCT,
    SLUG,
    brought,
    everything,
    exported,
    moved,
    resource,
    uuid,
)
from tests.admin.installed import ARTIFACT, BARE, MACHINE, PROCESS, RELEASE
from tests.world import World

NEW = uuid(99)
NOW = "2026-03-01T12:00:00.000Z"


def found(world: World, type_: str, identifier: str, account: str = SLUG) -> Any:
    """One resource of an export."""
    return next(one for one in exported(world, account) if (one["type"], one["id"]) == (type_, identifier))


CHANGES: list[tuple[str, str, str, Any]] = [
    ("accounts", files.ACCOUNT, "name", "New name"),
    ("accounts", files.ACCOUNT, "protected", False),
    ("products", PRODUCT, "code", "App-2"),
    ("products", PRODUCT, "code", "APP-1"),
    ("products", PRODUCT, "url", None),
    ("products", PRODUCT, "platforms", None),
    ("products", PRODUCT, "distributionStrategy", "OPEN"),
    ("entitlements", files.ENTITLEMENT, "code", "feature-2"),
    ("entitlements", files.ENTITLEMENT, "metadata", {}),
    ("groups", GROUP, "maxUsers", None),
    ("groups", GROUP, "name", "Some"),
    ("policies", POLICY, "duration", None),
    ("policies", POLICY, "checkInInterval", "month"),
    ("policies", POLICY, "metadata", {"other": "thing"}),
    ("users", OWNER, "email", "new@customer.example"),
    ("users", OWNER, "lastName", None),
    ("users", OWNER, "permissions", ["*"]),
    ("users", OWNER, "metadata", {"crmId": 8}),
    ("licenses", LICENSE, "name", None),
    ("licenses", LICENSE, "expiry", None),
    ("licenses", LICENSE, "expiry", "2030-01-01T00:00:00.000Z"),
    ("licenses", LICENSE, "uses", 0),
    ("licenses", LICENSE, "uses", 2_147_483_647),
    ("licenses", LICENSE, "suspended", False),
    ("licenses", LICENSE, "protected", True),
    ("licenses", LICENSE, "maxUsers", None),
    ("licenses", LICENSE, "maxMachines", 1),
    ("licenses", LICENSE, "permissions", []),
    ("licenses", LICENSE, "lastValidated", None),
    ("licenses", LICENSE, "lastCheckIn", "2022-01-01T00:00:00.000Z"),
    ("licenses", LICENSE, "version", "2.0.0"),
    ("licenses", LICENSE, "metadata", {"customerId": "c-2"}),
    ("machines", MACHINE, "name", None),
    ("machines", MACHINE, "cores", None),
    ("machines", MACHINE, "memory", 1),
    ("machines", MACHINE, "metadata", {"assetTag": "m-2"}),
    ("machines", MACHINE, "lastHeartbeat", None),
    ("machines", BARE, "lastHeartbeat", "2022-01-01T00:00:00.000Z"),
    ("machines", BARE, "disk", 9_223_372_036_854_775_807),
    ("machines", MACHINE, "lastCheckOut", None),
    ("components", installed.COMPONENT, "name", "Other"),
    ("components", installed.COMPONENT, "metadata", {}),
    ("processes", PROCESS, "lastHeartbeat", "2022-01-01T00:00:00.000Z"),
    ("processes", PROCESS, "metadata", {}),
    ("releases", RELEASE, "tag", "newest"),
    ("releases", RELEASE, "tag", None),
    ("releases", RELEASE, "backdated", None),
    ("releases", RELEASE, "status", "DRAFT"),
    ("releases", installed.YANKED, "yanked", "2022-01-01T00:00:00.000Z"),
    ("artifacts", ARTIFACT, "checksum", "other"),
    ("artifacts", ARTIFACT, "filetype", None),
    ("artifacts", ARTIFACT, "status", "YANKED"),
    ("keys", uuid(35), "key", "POOL-KEY-0002"),
    ("tokens", uuid(41), "expiry", None),
    ("tokens", uuid(41), "activations", 4),
    ("tokens", uuid(41), "maxActivations", None),
    ("tokens", uuid(41), "permissions", ["*"]),
]


@pytest.mark.parametrize("stamped", [False, True], ids=["now", "stamped"])
@pytest.mark.parametrize(("type_", "identifier", "name", "value"), CHANGES)
def test_one_member(world: World, type_: str, identifier: str, name: str, value: Any, stamped: bool) -> None:
    """Nothing else changes, but for the time of the change: as the line says, else now."""
    moved(world)
    at = "2019-06-01T00:00:00.000Z" if stamped else NOW
    attributes = {name: value, **({"updated": at} if stamped else {})}
    report = brought(world, [{"type": type_, "id": identifier, "attributes": attributes}], SLUG)
    assert (report.changed, report.created) == (1, 0)
    expected = [
        {**one, "attributes": {**one["attributes"], name: value, "updated": at}} if one["id"] == identifier else one
        for one in everything()
    ]
    assert exported(world) == expected
    assert brought(world, expected, SLUG).unchanged == len(expected)
    assert recount(world.database, files.ACCOUNT).drift == []


@pytest.mark.parametrize(
    "type_", ["license-users", "license-entitlements", "policy-entitlements", "group-owners", "constraints"]
)
def test_attachments(world: World, type_: str) -> None:
    moved(world)
    line = next(one for one in everything() if one["type"] == type_)
    changed = {**line, "attributes": {"updated": NOW}}
    assert brought(world, [changed], SLUG).changed == 1
    assert found(world, type_, line["id"])["attributes"] == {**line["attributes"], "updated": NOW}


def test_permissions_go_back_to_the_default(world: World) -> None:
    moved(world)
    ends = [("products", PRODUCT), ("users", OWNER), ("licenses", LICENSE)]
    brought(world, [resource(type_, one, {"permissions": None}) for type_, one in ends], SLUG)
    assert all("permissions" not in found(world, *end)["attributes"] for end in ends)


def test_null_says_nothing_about_what_cannot_be_null(world: World) -> None:
    moved(world)
    lines = [
        resource("products", PRODUCT, {"name": None, "code": None, "metadata": None}),
        resource("licenses", LICENSE, {"key": None, "uses": None, "suspended": None}),
        resource("policies", POLICY, {"strict": None, "scheme": None, "expirationBasis": None}),
        resource("tokens", uuid(41), {"permissions": None, "activations": None}),
    ]
    assert brought(world, lines, SLUG).unchanged == 4


def test_names_of_members_come_in_any_casing(world: World) -> None:
    moved(world)
    lines = [
        resource("licenses", PLAIN, {"max_uses": 5, "LastValidated": 1_600_000_000}),
        resource("licenses", LICENSE.upper().replace("-", ""), {"metadata": {"customer-id": "c-3"}}),
    ]
    assert brought(world, lines, SLUG).changed == 2
    attributes = found(world, "licenses", PLAIN)["attributes"]
    assert (attributes["maxUses"], attributes["lastValidated"]) == (5, "2020-09-13T12:26:40.000Z")
    assert found(world, "licenses", LICENSE)["attributes"]["metadata"] == {"customerId": "c-3"}


def test_what_the_api_shows_can_be_imported(world: World) -> None:
    """Derived members and links are ignored; limits and permissions are shown as they come to be."""
    moved(world)
    world.serve(LICENSING_ACCOUNT=SLUG)
    paths = [
        *(f"/v1/products/{PRODUCT}", f"/v1/policies/{POLICY}", f"/v1/entitlements/{files.ENTITLEMENT}"),
        *(f"/v1/groups/{GROUP}", f"/v1/users/{ADMIN}", f"/v1/licenses/{PLAIN}", f"/v1/tokens/{uuid(40)}"),
        *(f"/v1/keys/{uuid(35)}", f"/v1/accounts/{SLUG}", f"/v1/machines/{MACHINE}", f"/v1/processes/{PROCESS}"),
        *(f"/v1/components/{installed.COMPONENT}", f"/v1/releases/{RELEASE}", f"/v1/artifacts/{ARTIFACT}"),
        f"/v1/releases/{RELEASE}/constraints/{installed.CONSTRAINT}",
    ]
    shown = [world.get(path, as_=f"Bearer {files.TOKEN}").data for path in paths]
    brought(world, shown, SLUG)
    after = {one["id"]: one["attributes"] for one in exported(world)}
    for one in everything():
        kept = {name: value for name, value in one["attributes"].items() if not name.startswith(("max", "perm"))}
        assert {name: after[one["id"]][name] for name in kept} == kept, one["id"]


def test_bans(world: World) -> None:
    """A ban is read from the status as well; other statuses follow from elsewhere and lift none."""
    moved(world)
    lines = [
        resource("users", OWNER, {"status": "BANNED", "updated": "2022-01-01T00:00:00Z"}),
        resource("users", BANNED, {"status": "ACTIVE"}),
        resource("users", ATTACHED, {"status": "INACTIVE"}),
        resource("users", NEW, {"status": "BANNED", "email": "new@b.example", "created": "2022-02-02T00:00:00Z"}),
    ]
    assert brought(world, lines, SLUG).unchanged == 2
    bans = [found(world, "users", one).get("meta", {}).get("bannedAt") for one in (OWNER, BANNED, ATTACHED, NEW)]
    assert bans == ["2022-01-01T00:00:00.000Z", "2021-01-09T00:00:00.009Z", None, "2022-02-02T00:00:00.000Z"]
    brought(world, [resource("users", BANNED, {}, {"bannedAt": None})], SLUG)
    assert "meta" not in found(world, "users", BANNED)


def test_relationships_of_a_license(world: World) -> None:
    moved(world)
    lines = [
        resource("policies", NEW, {**files.POLICY_ATTRIBUTES, "name": "Other"}, product=("products", PRODUCT)),
        resource("licenses", LICENSE, policy=("policies", NEW), owner=None, group=None),
        resource("licenses", PLAIN, owner=("users", OWNER)),
    ]
    brought(world, lines, SLUG)
    license, plain = found(world, "licenses", LICENSE), found(world, "licenses", PLAIN)
    assert {name: one["data"] for name, one in license["relationships"].items()} == {
        "policy": {"type": "policies", "id": NEW},
        "owner": None,
        "group": None,
    }
    assert license["attributes"] == {**files.LICENSE_ATTRIBUTES, **files.stamps(), "updated": NOW}
    assert plain["relationships"]["owner"]["data"]["id"] == OWNER
    assert plain["relationships"]["group"]["data"] is None
    world.serve(LICENSING_ACCOUNT=SLUG)
    counted = world.get(f"/v1/groups/{GROUP}/licenses", as_=f"Bearer {files.TOKEN}")
    assert counted.data == []


def test_an_incompatible_policy_is_refused(world: World) -> None:
    moved(world)
    line = resource("licenses", LICENSE, policy=("policies", files.POOLED))
    assert files.reasons(files.bring(world, [line], SLUG))[0][1].startswith("relationships.policy: cannot change from")


def test_another_role_ends_the_tokens_that_are_not_in_the_file(world: World) -> None:
    moved(world)
    tokens = [
        resource("tokens", uuid(50 + number), {}, {"digest": f"{number}" * 64}, bearer=("users", ATTACHED))
        for number in range(2)
    ]
    brought(world, tokens, SLUG)
    brought(world, [resource("users", ATTACHED, {"role": "developer"}), tokens[1]], SLUG)
    left = [one for one in exported(world) if one["type"] == "tokens"]
    assert [one["id"] for one in left] == [uuid(40), uuid(41), uuid(51)]
    assert left[2]["attributes"]["kind"] == "developer-token"


def test_a_token_may_get_another_value(world: World) -> None:
    moved(world)
    brought(world, [resource("tokens", uuid(40), {}, {"digest": "cd" * 32})], SLUG)
    assert found(world, "tokens", uuid(40))["meta"] == {"digest": "cd" * 32}
    world.serve(LICENSING_ACCOUNT=SLUG)
    assert world.get("/v1/me", as_=f"Bearer {files.TOKEN}").status == 401


def test_defaults_of_what_is_new(world: World) -> None:
    policy = world.policy(
        duration=86_400, protected=True, requireCheckIn=True, checkInInterval="day", checkInIntervalCount=1
    )
    group = world.create("groups", {"name": "g"})["id"]
    owner = resource("users", uuid(1), {"email": " A@B.example "}, group=("groups", group))
    license = resource("licenses", uuid(2), policy=("policies", policy["id"]), owner=("users", uuid(1)))
    old = resource("licenses", uuid(3), {"created": "2020-01-01"}, policy=("policies", policy["id"]))
    product = policy["relationships"]["product"]["data"]["id"]
    node_locked = resource("policies", uuid(4), {"name": "x"}, product=("products", product))
    brought(world, [owner, license, old, node_locked])
    made = found(world, "licenses", uuid(2), "acme")
    attributes = made["attributes"]
    assert len(attributes["key"]) == 37
    assert (attributes["expiry"], attributes["lastCheckIn"]) == ("2026-03-02T12:00:00.000Z", NOW)
    assert (attributes["protected"], attributes["created"], attributes["updated"]) == (True, NOW, NOW)
    assert made["relationships"]["group"]["data"]["id"] == group
    older = found(world, "licenses", uuid(3), "acme")["attributes"]
    assert (older["expiry"], older["updated"]) == ("2020-01-02T00:00:00.000Z", "2020-01-01T00:00:00.000Z")
    assert found(world, "users", uuid(1), "acme")["attributes"]["email"] == "a@b.example"
    assert found(world, "policies", uuid(4), "acme")["attributes"]["maxMachines"] == 1


def test_the_account_keeps_id_and_slug(world: World) -> None:
    """Its operator knows it by them, and may import the same file again."""
    line = files.account()
    assert brought(world, [line]).changed == 1
    account = exported(world, "acme")[0]
    assert account["id"] == world.account["account"]
    assert account["attributes"] == {**line["attributes"], "slug": "acme"}
    assert account["meta"] == line["meta"]
    assert brought(world, [line]).unchanged == 1
    world.serve()
    assert world.get("/v1/me").status == 401, "tokens belong to the secret"


def test_a_new_account_gets_keys_where_the_file_has_none(world: World) -> None:
    line = {"type": "accounts", "id": files.ACCOUNT, "attributes": {"slug": SLUG}}
    brought(world, [line], files.ACCOUNT, create=True)
    account = exported(world)[0]
    assert (account["attributes"]["name"], account["attributes"]["created"]) == (SLUG, NOW)
    assert len(account["meta"]["secret"]) == 128
    assert brought(world, [line, account], SLUG, create=True).unchanged == 2


def test_a_policy_moves_the_deadlines_of_its_licenses(world: World) -> None:
    policy = world.policy(requireCheckIn=True, checkInInterval="year", checkInIntervalCount=1)["id"]
    world.license(policy)
    brought(world, [resource("policies", policy, {"checkInInterval": "day"})])
    brought(world, [resource("policies", policy, {"heartbeatDuration": 60})])
    assert [task["name"] for task in files.tasks(world)] == ["rearm-policy"] * 2
