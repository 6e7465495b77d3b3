import pytest

from tests.api.helpers import NOWHERE, first
from tests.world import World, resource


def test_now(world: World) -> None:
    policy = world.policy(requireCheckIn=True, checkInInterval="day", checkInIntervalCount=2)
    license = world.license(policy["id"])
    path = f"/v1/licenses/{license['id']}"
    assert license["attributes"]["nextCheckIn"] == "2026-03-03T12:00:00.000Z"
    world.clock.advance(days=5)
    assert world.get(f"{path}/actions/validate").document["meta"]["code"] == "OVERDUE"
    answer = world.post(f"{path}/actions/check-in", {"anything": 1})
    now = "2026-03-06T12:00:00.000Z"
    assert answer.status == 200
    changed = {"lastCheckIn": now, "nextCheckIn": "2026-03-08T12:00:00.000Z", "updated": now, "lastValidated": now}
    assert answer.attributes == license["attributes"] | changed
    assert world.get(path).document == answer.document
    assert world.get(f"{path}/actions/validate").document["meta"]["code"] == "VALID"


@pytest.mark.parametrize(
    ("interval", "count", "due"),
    [
        ("week", 1, "2026-03-08T12:00:00.000Z"),
        ("month", 12, "2027-03-01T12:00:00.000Z"),
        ("year", 2, "2028-03-01T12:00:00.000Z"),
        ("day", 365, "2027-03-01T12:00:00.000Z"),
    ],
)
def test_intervals(shared_world: World, interval: str, count: int, due: str) -> None:
    policy = shared_world.policy(requireCheckIn=True, checkInInterval=interval, checkInIntervalCount=count)
    assert shared_world.license(policy["id"])["attributes"]["nextCheckIn"] == due


def test_months_end_early(local_world: World) -> None:
    local_world.clock.advance(days=-29)
    assert local_world.clock.now().day == 31
    policy = local_world.policy(requireCheckIn=True, checkInInterval="month", checkInIntervalCount=1)
    assert local_world.license(policy["id"])["attributes"]["nextCheckIn"] == "2026-02-28T12:00:00.000Z"


def test_not_required(local_world: World) -> None:
    answer = local_world.post(f"/v1/licenses/{local_world.license()['id']}/actions/check-in")
    assert first(answer) == (422, None, None, "cannot be checked in because the policy does not require it")
    assert answer.errors[0]["title"] == "Unprocessable entity"
    assert local_world.post(f"/v1/licenses/{NOWHERE}/actions/check-in").error == (404, "NOT_FOUND", None)


def test_required_later_is_never_overdue_before_the_first(world: World) -> None:
    policy = world.policy()
    path = f"/v1/licenses/{world.license(policy['id'])['id']}"
    sent = {"requireCheckIn": True, "checkInInterval": "day", "checkInIntervalCount": 1}
    world.send("PATCH", f"/v1/policies/{policy['id']}", resource("policies", sent))
    world.clock.advance(days=9)
    assert world.get(path).attributes["nextCheckIn"] is None
    assert world.get(f"{path}/actions/validate").document["meta"]["code"] == "VALID"


def test_the_policy_decides_live(world: World) -> None:
    policy = world.policy(requireCheckIn=True, checkInInterval="day", checkInIntervalCount=1)
    path = f"/v1/licenses/{world.license(policy['id'])['id']}"
    world.send("PATCH", f"/v1/policies/{policy['id']}", resource("policies", {"checkInInterval": "week"}))
    assert world.get(path).attributes["nextCheckIn"] == "2026-03-08T12:00:00.000Z"
    world.send("PATCH", f"/v1/policies/{policy['id']}", resource("policies", {"requireCheckIn": False}))
    shown = world.get(path).attributes
    assert (shown["lastCheckIn"], shown["nextCheckIn"], shown["requireCheckIn"]) == (None, None, False)


@pytest.mark.parametrize("attributes", [{"suspended": True}, {"expiry": "2020-01-01"}])
def test_suspended_and_expired_ones_too(local_world: World, attributes: dict[str, object]) -> None:
    policy = local_world.policy(requireCheckIn=True, checkInInterval="day", checkInIntervalCount=1)
    license = local_world.license(policy["id"], **attributes)
    assert local_world.post(f"/v1/licenses/{license['id']}/actions/check-in").status == 200
