from typing import Any

import pytest

from tests.api.helpers import INTEGER, NOWHERE, by_key, first, open_license, user, user_token
from tests.world import Answer, World, resource

USES = "/data/attributes/uses"


def use(world: World, license: Any, action: str, amount: Any = None, as_: str = "admin") -> Answer:
    name = action.partition("-")[0]
    body = None if amount is None else {"meta": {name: amount}}
    return world.post(f"/v1/licenses/{license['id']}/actions/{action}", body, as_=as_)


@pytest.mark.parametrize("listening", [False, True])
def test_counting(world: World, listening: bool) -> None:
    if listening:
        world.listen("*")
    license = world.license()
    world.clock.advance(seconds=1)
    steps = [
        ("increment-usage", None, 1),
        ("increment-usage", 5, 6),
        ("increment-usage", 0, 6),
        ("increment-usage", -2, 4),
        ("decrement-usage", None, 3),
        ("decrement-usage", 0, 3),
        ("decrement-usage", -4, 7),
        ("decrement-usage", 7, 0),
        ("increment-usage", INTEGER, INTEGER),
        ("reset-usage", None, 0),
        ("reset-usage", None, 0),
    ]
    for action, amount, uses in steps:
        answer = use(world, license, action, amount)
        changed = {"uses": uses, "updated": "2026-03-01T12:00:01.000Z"}
        assert answer.status == 200, answer.raw
        assert answer.document == {"data": license | {"attributes": license["attributes"] | changed}}
        assert world.get(f"/v1/licenses/{license['id']}").document == answer.document


@pytest.mark.parametrize("body", [None, {}, {"meta": {}}, {"meta": None}, {"meta": {"increment": None}}])
def test_one_by_default(shared_world: World, body: Any) -> None:
    license = shared_world.license()
    path = f"/v1/licenses/{license['attributes']['key']}/actions/increment-usage"
    assert shared_world.post(path, body).attributes["uses"] == 1


@pytest.mark.parametrize(
    ("action", "amount", "uses", "error"),
    [
        ("increment-usage", 6, 0, (422, "USES_LIMIT_EXCEEDED", USES, "usage exceeds maximum allowed for license (5)")),
        ("increment-usage", 1, 5, (422, "USES_LIMIT_EXCEEDED", USES, "usage exceeds maximum allowed for license (5)")),
        ("increment-usage", -1, 0, (422, "USES_INVALID", USES, "must be greater than or equal to 0")),
        ("decrement-usage", 1, 0, (422, "USES_INVALID", USES, "must be greater than or equal to 0")),
        ("decrement-usage", 6, 5, (422, "USES_INVALID", USES, "must be greater than or equal to 0")),
        ("decrement-usage", -6, 0, (422, "USES_LIMIT_EXCEEDED", USES, "usage exceeds maximum allowed for license (5)")),
        (
            "increment-usage",
            10**30,
            0,
            (422, "USES_LIMIT_EXCEEDED", USES, "usage exceeds maximum allowed for license (5)"),
        ),
    ],
)
def test_limits(shared_world: World, action: str, amount: int, uses: int, error: tuple[Any, ...]) -> None:
    license = shared_world.license(maxUses=5)
    use(shared_world, license, "increment-usage", uses)
    answer = use(shared_world, license, action, amount)
    assert first(answer) == error
    assert answer.errors[0]["title"] == "Unprocessable resource"
    assert shared_world.get(f"/v1/licenses/{license['id']}").attributes["uses"] == uses


def test_the_limit_binds_decrements_too(local_world: World) -> None:
    policy = local_world.policy(maxUses=20, overageStrategy="ALWAYS_ALLOW_OVERAGE")
    license = local_world.license(policy["id"])
    use(local_world, license, "increment-usage", 20)
    local_world.send("PATCH", f"/v1/policies/{policy['id']}", resource("policies", {"maxUses": 10}))
    assert use(local_world, license, "decrement-usage", 5).error == (422, "USES_LIMIT_EXCEEDED", USES)
    assert use(local_world, license, "decrement-usage", 0).attributes["uses"] == 20
    assert use(local_world, license, "decrement-usage", 10).attributes["uses"] == 10


@pytest.mark.parametrize("action", ["increment-usage", "decrement-usage"])
@pytest.mark.parametrize("sign", [1, -1])
def test_too_large(shared_world: World, action: str, sign: int) -> None:
    grows = (action == "increment-usage") == (sign > 0)
    answer = use(shared_world, shared_world.license(), action, sign * (INTEGER + 1))
    if grows:
        pointer = f"/meta/{action.partition('-')[0]}"
        assert first(answer) == (400, None, pointer, "integer is too large")
    else:
        assert answer.error == (422, "USES_INVALID", USES)


@pytest.mark.parametrize(
    ("body", "pointer", "detail"),
    [
        ({"meta": {"increment": "1"}}, "/meta/increment", "type mismatch (received string expected integer)"),
        ({"meta": {"increment": 1.0}}, "/meta/increment", "type mismatch (received float expected integer)"),
        ({"meta": {"increment": True}}, "/meta/increment", "type mismatch (received boolean expected integer)"),
        ({"meta": {"decrement": 1}}, "/meta/decrement", "unpermitted parameter"),
        ({"meta": []}, "/meta", "type mismatch (received array expected object)"),
        ({"data": {}}, "/data", "unpermitted parameter"),
        ([], "/data", "unpermitted parameter"),
    ],
)
def test_documents(shared_world: World, body: Any, pointer: str, detail: str) -> None:
    path = f"/v1/licenses/{shared_world.license()['id']}/actions/increment-usage"
    assert first(shared_world.post(path, body)) == (400, None, pointer, detail)


def test_reset_ignores_the_content_of_its_body(local_world: World) -> None:
    path = f"/v1/licenses/{local_world.license()['id']}/actions/reset-usage"
    assert local_world.post(path, {"meta": {"foo": 1}}).status == 200
    assert local_world.post(path, raw=b"{").error == (400, "JSON_INVALID", None)


def test_the_first_use_starts_the_clock(world: World) -> None:
    license = world.license(world.policy(duration=86_400, expirationBasis="FROM_FIRST_USE")["id"])
    path = f"/v1/licenses/{license['id']}"
    assert use(world, license, "decrement-usage", 0).attributes["expiry"] is None
    assert use(world, license, "increment-usage").attributes["expiry"] == "2026-03-02T12:00:00.000Z"
    world.clock.advance(hours=1)
    assert use(world, license, "increment-usage").attributes["expiry"] == "2026-03-02T12:00:00.000Z"
    assert world.get(path).attributes["expiry"] == "2026-03-02T12:00:00.000Z"


def test_suspended_and_expired_ones_count_too(local_world: World) -> None:
    license = local_world.license(suspended=True, expiry="2020-01-01")
    assert use(local_world, license, "increment-usage").attributes["uses"] == 1


def test_order_of_refusals(world: World) -> None:
    license = open_license(world)
    path = f"/v1/licenses/{license['id']}/actions/decrement-usage"
    bad = {"meta": {"decrement": "x"}}
    assert world.post(f"/v1/licenses/{NOWHERE}/actions/decrement-usage", bad).error == (404, "NOT_FOUND", None)
    assert world.post(path, bad, as_=by_key(license)).error == (403, None, None)
    assert world.post(path, bad).error == (400, None, "/meta/decrement")


@pytest.mark.parametrize("protected", [False, True])
def test_owners_use_unprotected_ones(local_world: World, protected: bool) -> None:
    owner = user(local_world)
    links = {"policy": ("policies", local_world.policy()["id"]), "owner": ("users", owner.id)}
    license = local_world.post("/v1/licenses", resource("licenses", {"protected": protected}, **links)).data
    as_ = user_token(local_world, owner)
    assert use(local_world, license, "increment-usage", as_=as_).status == (403 if protected else 200)
    assert use(local_world, license, "reset-usage", as_=as_).status == 403
    stranger = user_token(local_world, user(local_world))
    assert use(local_world, license, "increment-usage", as_=stranger).status == 404
