from tests.world import World


def test_sell_validate_meter(world: World) -> None:
    policy = world.policy(maxUses=5)
    license = world.license(policy["id"])
    answer = world.post("/v1/licenses/actions/validate-key", {"meta": {"key": license["attributes"]["key"]}}, as_=None)
    assert answer.document["meta"]["code"] == "VALID"
    path = f"/v1/licenses/{license['id']}/actions/increment-usage"
    assert world.post(path, {"meta": {"increment": 3}}).attributes["uses"] == 3
    assert world.post(path, {"meta": {"increment": 3}}).error == (422, "USES_LIMIT_EXCEEDED", "/data/attributes/uses")
