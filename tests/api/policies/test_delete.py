from tests.api.helpers import staff
from tests.world import World


def test_licenses_go_with_it(world: World) -> None:
    policy = world.policy(authenticationStrategy="MIXED")
    kept = world.license()
    license = world.license(policy["id"])
    token = world.token(f"/v1/licenses/{license['id']}")
    path = f"/v1/policies/{policy['id']}"
    answer = world.send("DELETE", path)
    assert (answer.status, answer.raw) == (204, b"")
    assert world.get(path).error == (404, "NOT_FOUND", None)
    assert world.get(f"/v1/licenses/{license['id']}").error == (404, "NOT_FOUND", None)
    assert world.get("/v1/me", as_=token).error == (401, "TOKEN_INVALID", None)
    key = license["attributes"]["key"]
    assert world.get("/v1/me", as_=f"License {key}").error == (401, "LICENSE_INVALID", None)
    assert world.get("/v1/licenses").data == [kept]
    assert world.send("DELETE", path).error == (404, "NOT_FOUND", None)


def test_who_may(world: World) -> None:
    policy = world.policy()
    path = f"/v1/policies/{policy['id']}"
    own = world.token(f"/v1/products/{policy['relationships']['product']['data']['id']}")
    foreign = world.token(f"/v1/products/{world.product()['id']}")
    assert world.send("DELETE", path, as_=staff(world, "sales-agent")).error == (403, None, None)
    assert world.send("DELETE", path, as_=foreign).error == (404, "NOT_FOUND", None)
    assert world.send("DELETE", path, as_=own).status == 204
