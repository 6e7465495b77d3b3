"""GET /components/<id>, what a component belongs to, and components below a machine (spec machines.md §1.2, §8)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.api.helpers import NOWHERE, by_key, component, first, machine, open_license, process, user, user_token
from tests.api.licenses.cast import BEARERS, Cast, owned, related
from tests.api.listing import ids
from tests.world import START, World

SECOND = timedelta(seconds=1)
READ = "401 200 200 200 200 200 200 404 200 200 404 200 404"


def missing(text: str) -> tuple[int, str, None, str]:
    return 404, "NOT_FOUND", None, f"The requested machine component '{text}' was not found"


def test_everything_that_is_shown(world: World) -> None:
    license = world.license()
    on = machine(world, license)
    made = component(
        world, on, fingerprint="f:1", name="Disk", metadata={"serial_number": {"a_b": [1]}}, updated=START + SECOND
    )
    account = world.account["account"]
    home = f"/v1/accounts/{account}"
    base = f"{home}/components/{made.id}"

    def tied(name: str, kind: str, identifier: str) -> Any:
        return {"links": {"related": f"{base}/{name}"}, "data": {"type": kind, "id": identifier}}

    assert world.get(f"/v1/components/{made.id}").document == {
        "data": {
            "id": made.id,
            "type": "components",
            "attributes": {
                "fingerprint": "f:1",
                "name": "Disk",
                "metadata": {"serialNumber": {"aB": [1]}},
                "created": "2026-03-01T12:00:00.000Z",
                "updated": "2026-03-01T12:00:01.000Z",
            },
            "relationships": {
                "account": {"links": {"related": home}, "data": {"type": "accounts", "id": account}},
                "environment": {"links": {"related": None}, "data": None},
                "product": tied("product", "products", str(related(license, "product"))),
                "license": tied("license", "licenses", license["id"]),
                "machine": tied("machine", "machines", on.id),
            },
            "links": {"self": base},
        }
    }


def test_by_id_only(world: World) -> None:
    made = component(world, machine(world, world.license()), fingerprint="print")
    for named in (made.id, made.id.upper(), made.id.replace("-", "")):
        assert world.get(f"/v1/components/{named}").data["id"] == made.id
    for named in ("print", NOWHERE, made.machine_id):
        assert first(world.get(f"/v1/components/{named}")) == missing(named)


def test_what_it_belongs_to(world: World) -> None:
    license = world.license()
    on = machine(world, license)
    made = component(world, on)
    for part, where in (
        ("product", f"products/{related(license, 'product')}"),
        ("license", f"licenses/{license['id']}"),
        ("machine", f"machines/{on.id}"),
    ):
        answer = world.get(f"/v1/components/{made.id}/{part}")
        assert (answer.status, answer.document) == (200, world.get(f"/v1/{where}").document)
        assert first(world.get(f"/v1/components/{NOWHERE}/{part}")) == missing(NOWHERE)


def test_who_may(local_world: World) -> None:
    cast = Cast(local_world)
    made = component(local_world, machine(local_world, cast.license, owner_id=cast.stranger.id))
    for part in ("", "/product", "/license", "/machine"):
        path = f"/v1/components/{made.id}{part}"
        found = [local_world.get(path, as_=cast.tokens[bearer]).status for bearer in BEARERS]
        assert " ".join(map(str, found)) == READ, part


def test_what_is_allowed_by_default(world: World) -> None:
    owner, license = user(world), open_license(world)
    for as_, under in ((by_key(license), license), (user_token(world, owner), owned(world, owner))):
        made = component(world, machine(world, under))
        found = [
            world.get(f"/v1/components/{made.id}{part}", as_=as_).status
            for part in ("", "/product", "/license", "/machine")
        ]
        assert found == [200, 403, 200, 200]
        assert ids(world.get("/v1/components", as_=as_).data) == [made.id]


def test_below_its_machine(world: World) -> None:
    license = world.license()
    on, other = machine(world, license, fingerprint="a print"), machine(world, license)
    made = [component(world, on, created=START + number * SECOND) for number in range(3)]
    elsewhere = component(world, other)
    process(world, on)
    path = "/v1/machines/a%20print/components"
    newest = [one.id for one in reversed(made)]
    assert ids(world.get(path).data) == newest
    assert ids(world.get(f"{path}?order=asc&limit=2").data) == newest[:0:-1]
    assert ids(world.get(f"{path}?page[cursor]={newest[0]}&page[size]=1").data) == newest[1:2]
    assert world.get(f"{path}?page[number]=1&page[size]=2").document["links"]["meta"] == {"pages": 2, "count": 3}
    # No filters here.
    assert ids(world.get(f"{path}?status=DEAD&product={NOWHERE}&owner=x&machine={NOWHERE}").data) == newest
    shown = world.get(f"/v1/components/{newest[0]}").document
    assert world.get(f"{path}/{newest[0].upper()}").document == shown
    assert world.get(path).data[0] == shown["data"]
    for named in (elsewhere.id, NOWHERE, made[0].fingerprint + "x", on.id):
        assert first(world.get(f"{path}/{named}")) == missing(named)


@pytest.mark.parametrize("below", [False, True])
def test_what_an_earlier_machine_left_behind_is_not_there(world: World, below: bool) -> None:
    """Its place is that of a machine with the same fingerprint: only an id tells the two apart."""
    license = world.license()
    on = machine(world, license, fingerprint="print")
    left = component(world, on, machine_id=NOWHERE)
    kept = component(world, on)
    path = f"/v1/machines/{on.id}/components" if below else "/v1/components"
    assert ids(world.get(path).data) == [kept.id]
    assert ids(world.get(f"{path}?page[cursor]=&page[size]=1").data) == [kept.id]
    assert first(world.get(f"{path}/{left.id}")) == missing(left.id)


def test_a_component_goes_with_its_license(world: World) -> None:
    license = world.license()
    made = component(world, machine(world, license))
    assert world.send("DELETE", f"/v1/licenses/{license['id']}").status == 204
    assert first(world.get(f"/v1/components/{made.id}")) == missing(made.id)
    assert world.get("/v1/components").data == []
