"""POST /components (spec machines.md §3.2, §8)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.helpers import NOWHERE, by_key, codes, first
from tests.api.installing import (
    COMPONENTS,
    DENIED,
    FINGERPRINT,
    activate,
    activated,
    add,
    at,
    changed,
    floating,
    gone,
    limited,
    part,
    roomy,
)
from tests.api.licenses.cast import BEARERS, Cast, emitted, protect
from tests.world import HOST, Answer, World, resource

MACHINE = "/data/relationships/machine"
TAKEN = (422, "FINGERPRINT_TAKEN", FINGERPRINT)
NOT_FOUND = (422, "MACHINE_NOT_FOUND", MACHINE, "must exist")
MISSING, BLANK, NULL, UNPERMITTED = "is missing", "cannot be blank", "cannot be null", "unpermitted parameter"
NO_UUID = "type mismatch (received string expected UUID string)"


@pytest.fixture
def cast(local_world: World) -> Cast:
    """A license with everybody who has to do with it."""
    return Cast(local_world)


def added(world: World, machine: Any, fingerprint: str = "part", **given: Any) -> Any:
    answer = add(world, machine, fingerprint, **given)
    assert answer.status == 201, answer.raw
    return answer.data


def test_wire_shape(world: World) -> None:
    license = world.license()
    machine = activated(world, license)
    world.listen("*")
    answer = add(world, machine, "x" * 4096, name="N" * 255, metadata={"userName": {"a": [1]}})
    home = f"/v1/accounts/{world.account['account']}"
    base = f"{home}/components/{answer.data['id']}"

    def tied(name: str, kind: str, identifier: str) -> Any:
        return {"links": {"related": f"{base}/{name}"}, "data": {"type": kind, "id": identifier}}

    assert (answer.status, answer.headers["location"]) == (201, f"https://{HOST}{base}")
    assert answer.document == {
        "data": {
            "id": answer.data["id"],
            "type": "components",
            "attributes": {
                "fingerprint": "x" * 4096,
                "name": "N" * 255,
                "metadata": {"userName": {"a": [1]}},
                "created": "2026-03-01T12:00:00.000Z",
                "updated": "2026-03-01T12:00:00.000Z",
            },
            "relationships": {
                "account": {
                    "links": {"related": home},
                    "data": {"type": "accounts", "id": world.account["account"]},
                },
                "environment": {"links": {"related": None}, "data": None},
                "product": tied("product", "products", license["relationships"]["product"]["data"]["id"]),
                "license": tied("license", "licenses", license["id"]),
                "machine": tied("machine", "machines", machine["id"]),
            },
            "links": {"self": base},
        }
    }
    assert world.get(base).document == answer.document
    assert world.get(at(machine, "components")).data == [answer.data]
    assert emitted(world) == [("component.created", answer.document)]


def test_as_many_as_wanted(local_world: World) -> None:
    machine = activated(local_world, roomy(local_world), parts=[part(str(number)) for number in range(20)])
    for number in range(20, 25):
        added(local_world, machine, str(number))
    assert len(local_world.get(at(machine, "components") + "?limit=100").data) == 25


@pytest.mark.parametrize(
    ("where", "value", "detail"),
    [
        ("/data", ..., MISSING),
        ("/data/type", "machines", "is invalid"),
        ("/data/id", NOWHERE, UNPERMITTED),
        ("/data/attributes", ..., MISSING),
        ("/data/attributes/status", "ALIVE", UNPERMITTED),
        (FINGERPRINT, ..., MISSING),
        (FINGERPRINT, " ", BLANK),
        (FINGERPRINT, None, NULL),
        ("/data/attributes/name", ..., MISSING),
        ("/data/attributes/name", "", BLANK),
        ("/data/attributes/name", None, NULL),
        ("/data/attributes/metadata", "a", "type mismatch (received string expected object)"),
        ("/data/relationships", ..., MISSING),
        (MACHINE, ..., MISSING),
        (f"{MACHINE}/data", None, NULL),
        (f"{MACHINE}/data/id", "print", NO_UUID),
        (f"{MACHINE}/data/type", "licenses", "is invalid"),
        ("/data/relationships/license", {}, UNPERMITTED),
    ],
)
def test_documents(shared_world: World, where: str, value: Any, detail: str) -> None:
    machine = activated(shared_world, shared_world.license())
    body = resource("components", {"fingerprint": "a", "name": "Part"}, machine=("machines", machine["id"]))
    answer = shared_world.post(COMPONENTS, changed(body, where, value))
    assert first(answer) == (400, None, where, detail)


def test_each_bearer(cast: Cast) -> None:
    world = cast.world

    def shown(owner: str | None) -> str:
        machine = activated(world, cast.license, owner=owner)
        found = [add(world, machine, f"{bearer}", cast.tokens[bearer]) for bearer in BEARERS]
        gone(world, machine)
        return " ".join(str(answer.status) for answer in found)

    assert shown(None) == "401 201 201 201 403 403 201 403 201 403 403 201 403"
    assert shown(cast.attached.id) == "401 201 201 201 403 403 201 403 201 201 403 201 403"
    protect(world, cast.license)
    assert shown(cast.attached.id) == "401 201 201 201 403 403 201 403 403 403 403 201 403"


def test_a_machine_that_is_not_there(cast: Cast) -> None:
    for bearer in ("product", "license", "owner"):
        answer = add(cast.world, {"id": NOWHERE}, as_=cast.tokens[bearer])
        assert first(answer) == (403, None, None, DENIED)
    answer = add(cast.world, {"id": NOWHERE})
    assert [first(answer), len(answer.errors)] == [NOT_FOUND, 1]


def test_a_machine_that_is_gone(local_world: World) -> None:
    machine = activated(local_world, local_world.license())
    assert gone(local_world, machine).status == 204
    assert first(add(local_world, machine)) == NOT_FOUND


def test_permissions(local_world: World) -> None:
    license = roomy(local_world, authenticationStrategy="MIXED")
    machine = activated(local_world, license)
    token = limited(local_world, license, permissions=["machine.create"])[0]
    assert add(local_world, machine, as_=token).status == 403
    assert (
        add(local_world, machine, as_=limited(local_world, license, permissions=["component.create"])[0]).status == 201
    )
    assert add(local_world, machine, "other", as_=by_key(license)).status == 201


@pytest.mark.parametrize("scope", ["machine", "license", "policy", "product", "account"])
def test_fingerprints_are_new_in_their_scope(local_world: World, scope: str) -> None:
    """The strategy is that of the new component's policy, whatever the others' say (§8)."""
    world, order = local_world, ["machine", "license", "policy", "product", "account"]
    product = world.product()["id"]
    policy = floating(world, product, componentUniquenessStrategy=f"UNIQUE_PER_{scope.upper()}")["id"]
    license = world.license(policy)
    here = activated(world, license)
    near = {
        "machine": here,
        "license": activated(world, license, "other"),
        "policy": activated(world, world.license(policy)),
        "product": activated(world, world.license(floating(world, product)["id"])),
        "account": activated(world, roomy(world)),
    }
    for where in order:
        held = added(world, near[where])
        answer = add(world, here)
        if order.index(where) <= order.index(scope):
            detail = "has already been taken" + ("" if scope == "machine" else f" for this {scope}")
            assert first(answer) == (*TAKEN, detail)
        else:
            assert answer.status == 201
            assert gone(world, answer.data).status == 204
        assert gone(world, held).status == 204
    assert add(world, here).status == 201


@pytest.mark.parametrize("strategy", ["UNIQUE_PER_MACHINE", "UNIQUE_PER_ACCOUNT"])
def test_a_component_frees_its_fingerprint(local_world: World, strategy: str) -> None:
    world = local_world
    license = roomy(world, componentUniquenessStrategy=strategy)
    machine = activated(world, license)
    for _ in range(3):
        made = added(world, machine)
        assert add(world, machine).error == TAKEN
        assert gone(world, made).status == 204
        assert world.get(at(made)).status == 404


def test_a_machine_that_is_gone_holds_none(local_world: World) -> None:
    license = roomy(local_world, componentUniquenessStrategy="UNIQUE_PER_ACCOUNT")
    one, other = activated(local_world, license), activated(local_world, license, "other")
    added(local_world, one)
    assert add(local_world, other).error == TAKEN
    assert gone(local_world, one).status == 204
    assert add(local_world, other).status == 201


@pytest.mark.parametrize(
    ("given", "code", "name", "detail"),
    [
        ({"fingerprint": "actions"}, "FINGERPRINT_NOT_ALLOWED", "fingerprint", "is reserved"),
        ({"fingerprint": "action"}, "FINGERPRINT_NOT_ALLOWED", "fingerprint", "is reserved"),
        (
            {"fingerprint": "x" * 4097},
            "FINGERPRINT_TOO_LONG",
            "fingerprint",
            "is too long (maximum is 4096 characters)",
        ),
        ({"name": "x" * 256}, "NAME_TOO_LONG", "name", "is too long (maximum is 255 characters)"),
        (
            {"metadata": {"k": "x" * 16384}},
            "METADATA_TOO_LONG",
            "metadata",
            "too large (exceeded limit of 16384 bytes)",
        ),
    ],
)
def test_fields(shared_world: World, given: Any, code: str, name: str, detail: str) -> None:
    machine = activated(shared_world, shared_world.license())
    answer = add(shared_world, machine, **{"fingerprint": "a"} | given)
    assert [first(answer), len(answer.errors)] == [(422, code, f"/data/attributes/{name}", detail), 1]


def test_everything_that_is_wrong_in_its_order(cast: Cast) -> None:
    world, machine = cast.world, activated(cast.world, cast.license)
    added(world, machine, "taken")
    long: dict[str, Any] = {"name": "x" * 256, "metadata": {"k": "x" * 16384}}

    def refused(fingerprint: str, on: Any) -> Answer:
        return add(world, on, fingerprint, **long)

    attributes = [(f"{name.upper()}_TOO_LONG", f"/data/attributes/{name}") for name in ("name", "metadata")]
    assert codes(refused("taken", machine)) == [("FINGERPRINT_TAKEN", FINGERPRINT), *attributes]
    nowhere = [("MACHINE_NOT_FOUND", MACHINE), ("FINGERPRINT_NOT_ALLOWED", FINGERPRINT)]
    assert codes(refused("actions", {"id": NOWHERE})) == [*nowhere, *attributes]
    assert add(world, machine, "actions", cast.tokens["other-license"], metadata=1).status == 400
    assert add(world, machine, "actions", cast.tokens["other-license"]).status == 403


def test_nothing_is_left_of_what_was_refused(local_world: World) -> None:
    machine = activated(local_world, local_world.license())
    local_world.listen("*")
    assert add(local_world, machine, "actions").status == 422
    assert (local_world.get(at(machine, "components")).data, emitted(local_world)) == ([], [])


def test_what_came_along_counts_too(local_world: World) -> None:
    license = roomy(local_world, componentUniquenessStrategy="UNIQUE_PER_LICENSE")
    machine = activated(local_world, license, parts=[part("a")])
    assert add(local_world, machine, "a").error == TAKEN
    added(local_world, machine, "b")
    answer = activate(local_world, license, "other", parts=[part("b")])
    assert answer.error[1] == "COMPONENTS_FINGERPRINT_TAKEN"
