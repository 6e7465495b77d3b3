from __future__ import annotations

import base64
from typing import Any

import pytest

from tests.api.helpers import by_key, first, open_license, staff, user, user_token
from tests.world import World, resource

LISTED = {
    "settings": "settings",
    "webhookEndpoints": "webhook-endpoints",
    "webhookEvents": "webhook-events",
} | {
    name: name
    for name in (
        "products platforms arches channels releases artifacts policies users keys licenses machines components "
        "processes tokens"
    ).split()
}


def text(value: str) -> str:
    return base64.b64encode(value.encode()).decode()


def test_wire_shape(world: World) -> None:
    account, keys = world.account["account"], world.account["keys"]
    home = f"/v1/accounts/{account}"
    answer = world.get(home)
    assert (answer.status, answer.document) == (
        200,
        {
            "data": {
                "id": account,
                "type": "accounts",
                "attributes": {
                    "name": "acme",
                    "slug": "acme",
                    "apiVersion": "1.8",
                    "status": "SUBSCRIBED",
                    "protected": False,
                    "created": "2026-03-01T12:00:00.000Z",
                    "updated": "2026-03-01T12:00:00.000Z",
                },
                "relationships": {name: {"links": {"related": f"{home}/{path}"}} for name, path in LISTED.items()},
                "links": {"self": home},
                "meta": {
                    "publicKey": text(keys["rsa2048"]),
                    "keys": {name: text(keys[name]) for name in ("rsa2048", "ed25519", "ecdsa")},
                },
            }
        },
    )
    for named in ("acme", "ACME", account.upper(), account.replace("-", "")):
        assert world.get(f"/v1/accounts/{named}").document == answer.document


def test_who_sees_it(world: World) -> None:
    license = open_license(world)
    product = world.token(f"/v1/products/{license['relationships']['product']['data']['id']}")
    for as_ in (staff(world, "read-only"), product, by_key(open_license(world, permissions=["account.read"]))):
        assert world.get("/v1/accounts/acme", as_=as_).status == 200
    for as_ in (by_key(license), user_token(world, user(world))):
        assert world.get("/v1/accounts/acme", as_=as_).error == (403, None, None)
    assert world.get("/v1/accounts/acme", as_=None).error == (401, "TOKEN_MISSING", None)


@pytest.mark.parametrize("named", ["nope", "00000000-0000-4000-8000-000000000000", "a%2Fb"])
@pytest.mark.parametrize("path", ["", "/products", "/licenses/actions/validate-key"])
def test_unknown_accounts(shared_world: World, named: str, path: str) -> None:
    method = "POST" if path.endswith("key") else "GET"
    answer = shared_world.send(method, f"/v1/accounts/{named}{path}", as_=None)
    shown = named.replace("%2F", "/")
    assert first(answer) == (404, "NOT_FOUND", None, f"The requested account '{shown}' was not found")
    assert "keygen-account" not in answer.headers
    assert "keygen-signature" not in answer.headers


def test_no_account(local_world: World) -> None:
    local_world.serve(LICENSING_ACCOUNT="")
    assert first(local_world.get("/v1/products")) == (404, "NOT_FOUND", None, "account is required")
    assert local_world.get("/v1/accounts/acme/products").status == 200


def test_accounts_do_not_see_each_other(world: World) -> None:
    other = World(world.transport, slug="other")
    license = open_license(other, permissions=["license.read"])
    product = license["relationships"]["product"]["data"]["id"]
    policy = license["relationships"]["policy"]["data"]["id"]
    resources = [f"licenses/{license['id']}", f"products/{product}", f"policies/{policy}"]
    for named in ("acme", world.account["account"]):
        for path in resources:
            assert world.get(f"/v1/accounts/{named}/{path}").error == (404, "NOT_FOUND", None)
        for kind in ("licenses", "products", "policies"):
            assert world.get(f"/v1/accounts/{named}/{kind}").data == []
        for as_ in (other.admin, other.token(f"/v1/products/{product}")):
            assert world.get(f"/v1/accounts/{named}/licenses", as_=as_).error == (401, "TOKEN_INVALID", None)
        foreign = world.get(f"/v1/accounts/{named}/me", as_=by_key(license))
        assert foreign.error == (401, "LICENSE_INVALID", None)
        assert foreign.headers["keygen-account"] == world.account["account"]
    assert world.get(f"/v1/licenses?page[cursor]={license['id']}").data == []


def test_a_protected_account_protects_policies(local_world: World) -> None:
    from chalicelib.admin.bootstrap import bootstrap
    from tests.world import known_pairs

    made = bootstrap(local_world.tools, "guarded", "a@guarded.example", protected=True, pairs=known_pairs())
    as_, base = f"Bearer {made['adminToken']}", "/v1/accounts/guarded"
    product = local_world.post(f"{base}/products", resource("products", {"name": "A"}), as_=as_).data["id"]

    def protected(**attributes: Any) -> bool:
        sent = resource("policies", {"name": "A", **attributes}, product=("products", product))
        return bool(local_world.post(f"{base}/policies", sent, as_=as_).attributes["protected"])

    assert (protected(), protected(protected=None), protected(protected=False)) == (True, True, False)
