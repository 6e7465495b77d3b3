"""Entitlements of policies under fire (spec policies.md §2.1)."""

from __future__ import annotations

from chalicelib.store import keys
from chalicelib.store.table import Row
from tests.races.crowd import crowd, rows, statuses
from tests.world import World


def test_one_of_many_attaches(world: World) -> None:
    policy = world.policy()["id"]
    made = [world.create("entitlements", {"name": code, "code": code})["id"] for code in ("one", "two")]
    sent = {"data": [{"type": "entitlements", "id": identifier} for identifier in made]}
    path = f"/v1/policies/{policy}/entitlements"
    answers = crowd([lambda: world.post(path, sent)] * 8)
    assert statuses(answers) == {200: 1, 422: 7}
    assert {answer.error[1] for answer in answers if answer.status == 422} == {"ENTITLEMENT_TAKEN"}
    prefix = keys.attachments(world.account["account"], "policy", policy, "entitlement")
    attached = [item for item in rows(world, Row, "attachment") if item["pk"] == prefix.pk]
    assert sorted(item["target_id"] for item in attached) == sorted(made)
    answers = crowd([lambda: world.send("DELETE", path, sent)] * 8)
    assert statuses(answers) == {204: 1, 422: 7}
    assert rows(world, Row, "attachment") == []
