"""Machine files (spec cryptography.md §4, machines.md §10)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.api.signed_keys import public_keys
from chalicelib.crypto.files import opened
from chalicelib.licensing.clock import to_text
from tests.api.helpers import by_key, staff, user, user_token
from tests.world import START, World, resource


def activated(world: World, license: Any, **attributes: Any) -> Any:
    sent = {"fingerprint": "fp:4d:ee", **attributes}
    answer = world.post("/v1/machines", resource("machines", sent, license=("licenses", license["id"])))
    assert answer.status == 201, answer.raw
    return answer.data


def open_world(world: World) -> tuple[Any, Any]:
    license = world.license(world.policy(authenticationStrategy="MIXED")["id"])
    return license, activated(world, license)


def path(machine: Any, query: str = "") -> str:
    return f"/v1/machines/{machine['id']}/actions/check-out" + (f"?{query}" if query else "")


def read(world: World, license: Any, certificate: str) -> Any:
    keys = public_keys(world.service.accounts.find("acme").account)
    payload = opened("machine", certificate, keys, license["attributes"]["key"] + "fp:4d:ee")
    assert payload is not None
    return json.loads(payload)


@pytest.mark.parametrize("query", ["", "encrypt=1", "algorithm=aes-256-gcm%2Brsa-sha256"])
def test_a_file_holds_the_machine_as_it_is(local_world: World, query: str) -> None:
    license, machine = open_world(local_world)
    before = local_world.get(f"/v1/machines/{machine['id']}").data
    answer = local_world.post(path(machine, query))
    assert (answer.status, answer.data["type"]) == (200, "machine-files")
    assert read(local_world, license, answer.attributes["certificate"])["data"] == before
    assert answer.data["relationships"]["machine"]["data"] == {"type": "machines", "id": machine["id"]}
    assert answer.data["relationships"]["license"]["data"] == {"type": "licenses", "id": license["id"]}
    shown = local_world.get(f"/v1/machines/{machine['id']}").attributes
    assert shown["lastCheckOut"] == to_text(START)


def test_a_download(local_world: World) -> None:
    license, machine = open_world(local_world)
    answer = local_world.get(path(machine))
    assert answer.headers["content-disposition"] == f'attachment; filename="{machine["id"]}.lic"'
    assert answer.raw.startswith(b"-----BEGIN MACHINE FILE-----\n")
    assert read(local_world, license, answer.raw.decode())["data"]["id"] == machine["id"]


def test_everything_about_the_license(local_world: World) -> None:
    license, machine = open_world(local_world)
    base = f"/v1/licenses/{license['id']}"
    attached, own = user(local_world), local_world.create("entitlements", {"name": "Own", "code": "own"})
    local_world.post(f"{base}/users", {"data": [{"type": "users", "id": attached.id}]})
    local_world.post(f"{base}/entitlements", {"data": [{"type": "entitlements", "id": own["id"]}]})
    parts = resource("components", {"fingerprint": "disk", "name": "Disk"}, machine=("machines", machine["id"]))
    component = local_world.post("/v1/components", parts).data
    names = "license.entitlements,license.users,license.product,license.policy,components"
    answer = local_world.post(path(machine, f"include={names}"))
    assert answer.attributes["includes"] == names.split(",")
    said = read(local_world, license, answer.attributes["certificate"])
    kinds = sorted(one["type"] for one in said["included"])
    assert kinds == ["components", "entitlements", "licenses", "policies", "products", "users"]
    (shown,) = (one for one in said["included"] if one["type"] == "licenses")
    assert shown["attributes"]["key"] == license["attributes"]["key"]
    assert shown["relationships"]["entitlements"]["data"] == [{"type": "entitlements", "id": own["id"]}]
    assert shown["relationships"]["users"]["data"] == [{"type": "users", "id": attached.id}]
    linked = said["data"]["relationships"]["components"]["data"]
    assert linked == [{"type": "components", "id": component["id"]}]


def test_includes_of_old_names_and_of_none(local_world: World) -> None:
    license, machine = open_world(local_world)
    answer = local_world.post(path(machine, "include=license.user"))
    assert answer.attributes["includes"] == ["license.owner"]
    bare = local_world.post(path(machine, "include=owner,group,components"))
    assert "included" not in read(local_world, license, bare.attributes["certificate"])
    assert local_world.post(path(machine, "include=entitlements")).error == (400, "CHECKOUT_INCLUDE_INVALID", "include")


def test_who_may(local_world: World) -> None:
    license, machine = open_world(local_world)
    owner, attached, stranger = user(local_world), user(local_world), user(local_world)
    base = f"/v1/licenses/{license['id']}"
    local_world.send("PUT", f"{base}/owner", {"data": {"type": "users", "id": owner.id}})
    local_world.post(f"{base}/users", {"data": [{"type": "users", "id": attached.id}]})
    bearers = {
        staff(local_world, "sales-agent"): 200,
        staff(local_world, "read-only"): 403,
        by_key(license): 200,
        user_token(local_world, owner): 200,
        user_token(local_world, attached): 200,
        user_token(local_world, stranger): 404,
    }
    for bearer, status in bearers.items():
        assert local_world.post(path(machine), as_=bearer).status == status
    local_world.send("PATCH", base, resource("licenses", {"protected": True}))
    assert local_world.post(path(machine), as_=user_token(local_world, owner)).status == 403
    assert local_world.post(path(machine), as_=by_key(license)).status == 200
    assert local_world.post(path(machine, "include=license"), as_=by_key(license)).status == 200
    assert local_world.post(path(machine, "include=license.product"), as_=by_key(license)).status == 403
