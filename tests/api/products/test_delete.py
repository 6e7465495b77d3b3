from tests.api.helpers import NOWHERE, staff
from tests.world import World


def test_everything_below_is_gone(world: World) -> None:
    product = world.product(code="app")
    policy = world.policy(product["id"])
    license = world.license(policy["id"])
    path = f"/v1/products/{product['id']}"
    token = world.token(path)
    answer = world.send("DELETE", path)
    assert (answer.status, answer.raw) == (204, b"")
    assert "content-type" not in answer.headers
    for gone in (path, "/v1/products/app", f"/v1/policies/{policy['id']}", f"/v1/licenses/{license['id']}"):
        assert world.get(gone).error == (404, "NOT_FOUND", None)
    assert world.get("/v1/me", as_=token).error == (401, "TOKEN_INVALID", None)
    key = {"meta": {"key": license["attributes"]["key"]}}
    assert world.post("/v1/licenses/actions/validate-key", key, as_=None).document["meta"]["code"] == "NOT_FOUND"
    assert world.send("DELETE", path).error == (404, "NOT_FOUND", None)
    for kind in ("products", "policies", "licenses"):
        assert world.get(f"/v1/{kind}").data == []


def test_who_may(world: World) -> None:
    product = world.product()
    path = f"/v1/products/{product['id']}"
    assert world.send("DELETE", f"/v1/products/{NOWHERE}").error == (404, "NOT_FOUND", None)
    assert world.send("DELETE", path, as_=staff(world, "sales-agent")).error == (403, None, None)
    assert world.send("DELETE", path, as_=world.token(path)).error == (403, None, None)
    assert world.send("DELETE", path, as_=staff(world, "developer")).status == 204
