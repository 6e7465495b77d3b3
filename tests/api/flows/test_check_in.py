"""Flow 10: an application has to check in once a week."""

from __future__ import annotations

from datetime import timedelta

from chalicelib.licensing.clock import to_text
from tests.api.flows.shop import VALID, Shop, detail, refused, verdict
from tests.world import START

WEEKLY = {
    "requireCheckIn": True,
    "checkInInterval": "day",
    "checkInIntervalCount": 7,
    "authenticationStrategy": "LICENSE",
}


def days(number: int, seconds: int = 0) -> str:
    """That long after the beginning."""
    return to_text(START + timedelta(days=number, seconds=seconds))


def test_check_in(shop: Shop) -> None:
    license, application = shop.sold(**WEEKLY)
    expected = {"requireCheckIn": True, "lastCheckIn": days(0), "nextCheckIn": days(7)}
    assert {name: license["attributes"][name] for name in expected} == expected
    shop.world.clock.advance(days=3)
    shop.heard()
    checked = application.act(license, "check-in")
    assert checked.status == 200
    assert (checked.attributes["lastCheckIn"], checked.attributes["nextCheckIn"]) == (days(3), days(10))
    assert shop.heard() == ["license.checked-in"]
    shop.world.clock.advance(days=7, seconds=1)
    late = shop.anybody.validate(license)
    assert (verdict(late), late.document["meta"]["detail"]) == (refused("OVERDUE"), "is overdue for check in")
    shop.world.sweep()
    shop.world.sweep()
    assert shop.heard() == ["license.check-in-overdue"]
    assert application.activate(license, "fp1").status == 201
    again = application.act(license, "check-in")
    assert (again.status, again.attributes["nextCheckIn"]) == (200, days(17, 1))
    assert verdict(shop.anybody.validate(license)) == VALID


def test_a_policy_without_check_in(local_shop: Shop) -> None:
    license, application = local_shop.sold(authenticationStrategy="LICENSE")
    answer = application.act(license, "check-in")
    assert answer.error == (422, None, None)
    assert detail(answer) == "cannot be checked in because the policy does not require it"
