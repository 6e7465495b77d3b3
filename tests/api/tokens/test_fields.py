"""Names, quotas and custom permissions of tokens, for every kind of bearer (spec auth.md §1.3, §3, §5.2)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.helpers import by_key, codes, open_license, user, user_token
from tests.world import Answer, World, resource

PERMISSIONS = "/data/attributes/permissions"

KINDS = ("products", "licenses", "users", "themselves")

SETS: dict[str, tuple[str, str, str]] = {
    # what each kind may hold and does by default, what it may hold but does not, what it may never hold
    "products": ("license.read", "license.update", "product.create"),
    "licenses": ("license.read", "account.read", "license.create"),
    "users": ("license.read", "account.read", "admin.read"),
    "themselves": ("license.read", "account.read", "admin.read"),
}


def generate(world: World, kind: str, stored: list[str] | None, **attributes: Any) -> Answer:
    """A token for a new bearer of `kind` that stores this set; `themselves` is a customer at `/tokens`."""
    sent = resource("tokens", attributes)
    given: dict[str, Any] = {} if stored is None else {"permissions": stored}
    if kind == "themselves":
        made = user(world, permissions=None if stored is None else tuple(stored))
        return world.post("/v1/tokens", sent, as_=user_token(world, made))
    if kind == "users":
        identifier = user(world, permissions=None if stored is None else tuple(stored)).id
    elif kind == "products":
        identifier = world.product(**given)["id"]
    else:
        identifier = open_license(world, **given)["id"]
    return world.post(f"/v1/{kind}/{identifier}/tokens", sent)


def shown(answer: Answer) -> Any:
    assert answer.status in (200, 201), answer.raw
    return answer.attributes["permissions"]


@pytest.mark.parametrize("kind", KINDS)
def test_within_the_default(shared_world: World, kind: str) -> None:
    held, _, never = SETS[kind]
    everything = shown(generate(shared_world, kind, None))
    assert everything == sorted(everything)
    assert held in everything
    assert shown(generate(shared_world, kind, None, permissions=["*"])) == everything
    assert shown(generate(shared_world, kind, None, permissions=None)) == everything
    assert shown(generate(shared_world, kind, None, permissions=[held])) == [held]
    assert shown(generate(shared_world, kind, None, permissions=[])) == []
    for refused in ([never], ["foo"], ["license.*"], [held, held], [held, never]):
        answer = generate(shared_world, kind, None, permissions=refused)
        assert (answer.status, codes(answer)) == (422, [("PERMISSIONS_NOT_ALLOWED", PERMISSIONS)])
        assert answer.errors[0]["detail"] == "unsupported permissions"


@pytest.mark.parametrize("kind", KINDS)
def test_within_what_the_bearer_has(shared_world: World, kind: str) -> None:
    held, other, never = SETS[kind]
    stored = [held, "token.generate"] if kind == "themselves" else [held]
    assert shown(generate(shared_world, kind, stored, permissions=[held])) == [held]
    assert shown(generate(shared_world, kind, stored, permissions=["*"])) == stored
    for refused in (other, never):
        answer = generate(shared_world, kind, stored, permissions=[refused])
        assert codes(answer) == [("PERMISSIONS_NOT_ALLOWED", PERMISSIONS)]


@pytest.mark.parametrize("kind", KINDS)
def test_within_what_its_role_may_have(shared_world: World, kind: str) -> None:
    held, other, never = SETS[kind]
    assert shown(generate(shared_world, kind, ["*"], permissions=[other, held])) == sorted([other, held])
    answer = generate(shared_world, kind, ["*"], permissions=[never])
    assert codes(answer) == [("PERMISSIONS_NOT_ALLOWED", PERMISSIONS)]


@pytest.mark.parametrize("kind", KINDS)
def test_names(shared_world: World, kind: str) -> None:
    for name in ("x" * 255, "a name", None):
        answer = generate(shared_world, kind, None, name=name)
        assert (answer.status in (200, 201), answer.attributes["name"]) == (True, name)
    assert codes(generate(shared_world, kind, None, name="x" * 256)) == [("NAME_TOO_LONG", "/data/attributes/name")]
    assert generate(shared_world, kind, None, name="").error == (400, None, "/data/attributes/name")
    assert generate(shared_world, kind, None, name="two names", permissions=["foo"], expiry=0).error[1] == (
        "PERMISSIONS_NOT_ALLOWED"
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("quota", ["maxActivations", "maxDeactivations"])
def test_quotas_are_for_licenses(shared_world: World, kind: str, quota: str) -> None:
    answer = generate(shared_world, kind, None, **{quota: 3})
    if kind != "licenses":
        assert answer.error == (400, None, f"/data/attributes/{quota}")
        assert not {quota, "activations", "deactivations"} & generate(shared_world, kind, None).attributes.keys()
        return
    assert answer.attributes[quota] == 3
    assert (answer.attributes["activations"], answer.attributes["deactivations"]) == (0, 0)
    code = "MAX_ACTIVATIONS_INVALID" if quota == "maxActivations" else "MAX_DEACTIVATIONS_INVALID"
    for value in (-1, 2_147_483_648):
        refused = generate(shared_world, kind, None, **{quota: value})
        assert codes(refused) == [(code, f"/data/attributes/{quota}")]


def test_all_errors_together(shared_world: World) -> None:
    answer = generate(shared_world, "licenses", None, name="x" * 256, maxActivations=-1, permissions=["foo"])
    assert [code for code, _ in codes(answer)] == [
        "NAME_TOO_LONG",
        "MAX_ACTIVATIONS_INVALID",
        "PERMISSIONS_NOT_ALLOWED",
    ]


def test_what_the_bearer_loses_its_tokens_lose(world: World) -> None:
    product = world.product(permissions=["license.read", "product.read", "product.update"])
    path = f"/v1/products/{product['id']}"
    made = world.post(f"{path}/tokens", resource("tokens", {"permissions": ["license.read", "product.read"]}))
    header = f"Bearer {made.attributes['token']}"
    assert world.get(path, as_=header).status == 200
    assert world.send("PATCH", path, resource("products", {}), as_=header).error == (403, None, None)
    world.send("PATCH", path, resource("products", {"permissions": ["license.read"]}))
    assert world.get(path, as_=header).error == (403, None, None)
    assert world.get(f"/v1/tokens/{made.data['id']}").attributes["permissions"] == ["license.read"]
    again = world.send("PUT", f"/v1/tokens/{made.data['id']}").attributes
    assert again["permissions"] == ["license.read"]
    world.send("PATCH", path, resource("products", {"permissions": ["product.read"]}))
    assert world.get(path, as_=f"Bearer {again['token']}").status == 200


def test_a_license_s_token_is_narrower_than_its_key(world: World) -> None:
    license = open_license(world)
    made = world.post(f"/v1/licenses/{license['id']}/tokens", resource("tokens", {"permissions": ["license.read"]}))
    header, path = f"Bearer {made.attributes['token']}", f"/v1/licenses/{license['id']}"
    assert world.get(path, as_=header).status == 200
    refused = world.post(f"{path}/actions/validate", as_=header)
    assert refused.error == (403, None, None)
    assert refused.errors[0]["detail"].endswith("(token lacks permission to perform action)")
    assert world.post(f"{path}/actions/validate", as_=by_key(license)).status == 200
