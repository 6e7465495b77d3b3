"""What went in comes out: an export, imported into an empty account and exported again, is the same bytes."""

from __future__ import annotations

from typing import Any

import pytest
from moto import mock_aws

from chalicelib.store.table import Row
from chalicelib.store.transport import BotocoreTransport
from infra.local.engine import Engine, EngineTransport
from tests.admin import files, installed
from tests.admin.files import SLUG, bring, brought, everything, exported, moved, text
from tests.one_by_one import OneByOne
from tests.races.crowd import rows
from tests.world import World


@pytest.fixture
def elsewhere() -> Any:
    """Another deployment, without the accounts of the first."""
    engine = Engine(":memory:")
    yield World(EngineTransport(engine), slug="another")
    engine.close()


def test_every_attribute_of_every_kind_comes_back_as_it_was(world: World) -> None:
    report = moved(world)
    assert (report.created, report.lines) == (len(everything()), len(everything()))
    assert text(exported(world)) == text(everything())


def test_an_export_of_an_import_is_the_same_bytes(world: World, elsewhere: World) -> None:
    moved(world)
    first = text(exported(world))
    brought(elsewhere, first.splitlines(), SLUG, create=True)
    assert text(exported(elsewhere)) == first


def test_the_objects_are_the_same_too_whatever_their_order_of_members(world: World, elsewhere: World) -> None:
    moved(world)
    brought(elsewhere, exported(world), SLUG, create=True)
    assert repr(exported(elsewhere)) == repr(exported(world))


def test_an_account_that_lived_moves_as_well(world: World, elsewhere: World) -> None:
    """Made, used and changed by the API."""
    policy = world.policy(duration=86_400, requireCheckIn=True, checkInInterval="day", checkInIntervalCount=1)
    license = world.license(policy["id"], metadata={"key_1": 1, "a": {"bC": [1, 2.5, "x"]}})
    path = f"/v1/licenses/{license['id']}"
    world.clock.advance(hours=1)
    _installed(world, license["id"])
    for action in ("validate", "check-in", "increment-usage", "suspend"):
        assert world.post(f"{path}/actions/{action}").status == 200
    world.token(path)
    product = world.product(code="x")["id"]
    world.token(f"/v1/products/{product}")
    release = world.create(
        "releases", {"version": "1.2-rc.1", "channel": "rc", "status": "PUBLISHED"}, product=("products", product)
    )
    world.create("artifacts", {"filename": "x", "arch": "ARM"}, release=("releases", release["id"]))
    assert world.post(f"/v1/releases/{release['id']}/actions/yank").status == 200
    first = text(exported(world, world.slug))
    brought(elsewhere, first.splitlines(), world.slug, create=True)
    assert text(exported(elsewhere, world.slug)) == first


def _installed(world: World, license_id: str) -> None:
    """A machine with a component and a process, which pinged, and was checked out an hour later."""
    machine = world.create(
        "machines", {"fingerprint": "a b", "cores": 4, "metadata": {"k": 1}}, license=("licenses", license_id)
    )
    on = ("machines", machine["id"])
    world.create("components", {"fingerprint": "c", "name": "C"}, machine=on)
    process = world.create("processes", {"pid": "1"}, machine=on)
    for path in (f"machines/{machine['id']}/actions/ping", f"processes/{process['id']}/actions/ping"):
        assert world.post(f"/v1/{path}").status == 200
    world.clock.advance(hours=1)
    assert world.post(f"/v1/machines/{machine['id']}/actions/check-out").status == 200


def test_metadata_comes_back_under_the_keys_it_is_stored_under(world: World, elsewhere: World) -> None:
    """`key_1` is shown as `key1`, which would be read as another key."""
    world.license(metadata={"key_1": 1, "key1": 2, "camelCase": 3})
    brought(elsewhere, exported(world, "acme"), create=True, account="acme")
    found = [row["metadata"] for row in rows(elsewhere, Row, "license")]
    assert {"key_1": 1, "key1": 2, "camel_case": 3} in found


def test_a_key_of_a_pool_that_a_license_was_given_moves_too(world: World, elsewhere: World) -> None:
    pooled = world.policy(usePool=True)["id"]
    world.create("keys", {"key": "TAKEN-FROM-A-POOL"}, policy=("policies", pooled))
    world.license(world.policy()["id"], key="TAKEN-FROM-A-POOL")
    first = text(exported(world, "acme"))
    brought(elsewhere, first.splitlines(), "acme", create=True)
    assert text(exported(elsewhere, "acme")) == first


def test_what_is_gone_is_not_exported(world: World) -> None:
    moved(world)
    world.serve(LICENSING_ACCOUNT=SLUG)
    as_ = f"Bearer {files.TOKEN}"
    assert world.send("DELETE", f"/v1/policies/{files.POLICY}", as_=as_).status == 204
    left = [one["type"] for one in exported(world)]
    assert left == [
        *("accounts", "products", "entitlements", "entitlements", "policies"),
        *("releases", "releases", "constraints", "artifacts", "keys", "groups"),
        *("users", "users", "users", "users", "group-owners", "tokens"),
    ]
    assert world.send("DELETE", f"/v1/products/{files.PRODUCT}", as_=as_).status == 204
    left = [one["type"] for one in exported(world)]
    assert left == ["accounts", "entitlements", "entitlements", "groups", *["users"] * 4, "group-owners", "tokens"]


def test_what_hangs_on_what_is_gone_is_not_exported(world: World) -> None:
    moved(world)
    world.serve(LICENSING_ACCOUNT=SLUG)
    as_ = f"Bearer {files.TOKEN}"
    for path in (f"groups/{files.GROUP}", f"users/{files.ATTACHED}", f"releases/{installed.RELEASE}"):
        assert world.send("DELETE", f"/v1/{path}", as_=as_).status == 204
    assert world.send("DELETE", f"/v1/machines/{installed.BARE}", as_=as_).status == 204
    found = {(one["type"], one["id"]): one for one in exported(world)}
    kinds = ("machines", "components", "processes", "releases", "constraints", "artifacts")
    assert [one for one in found if one[0] in kinds] == [
        ("releases", installed.YANKED),
        ("machines", installed.MACHINE),
        ("components", installed.COMPONENT),
        ("processes", installed.PROCESS),
        ("processes", installed.OTHER_PROCESS),
    ]
    assert found["machines", installed.MACHINE]["relationships"]["group"] == {"data": None}


def test_resources_may_be_large(world: World) -> None:
    lines = [
        files.resource("products", files.uuid(number), {"name": "x", "platforms": ["y" * 300_000]})
        for number in range(20)
    ]
    assert brought(world, lines).created == 20
    assert [len(one["attributes"]["platforms"][0]) for one in exported(world, "acme")[1:21]] == [300_000] * 20


def test_it_speaks_the_protocol(monkeypatch: pytest.MonkeyPatch) -> None:
    """On moto as well as on the local engine."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        world = World(OneByOne(BotocoreTransport(region="eu-central-1")))
        moved(world)
        assert text(exported(world)) == text(everything())
        assert brought(world, everything(), SLUG).unchanged == len(everything())
        changes = [files.resource("licenses", files.LICENSE, {"uses": 1, "metadata": {"customerId": "c-9"}})]
        assert brought(world, changes, SLUG).changed == 1


def test_an_empty_account_is_only_itself(world: World) -> None:
    brought(world, [files.account()], SLUG, create=True)
    assert [one["type"] for one in exported(world)] == ["accounts"]


def test_it_works_in_pages(world: World) -> None:
    policy = world.policy()["id"]
    lines = [
        files.resource(
            "licenses", files.uuid(1_000 + number), {"key": f"KEY-{number:08d}"}, policy=("policies", policy)
        )
        for number in range(450)
    ]
    assert bring(world, lines).created == 450
    found = [one["id"] for one in exported(world, "acme") if one["type"] == "licenses"]
    assert found == [line["id"] for line in lines]
