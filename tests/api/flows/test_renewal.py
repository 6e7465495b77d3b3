"""Flow 9: a subscription is renewed, lapses, and is won back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chalicelib.licensing.clock import to_text
from tests.api.flows.shop import VALID, Shop, detail, refused, verdict
from tests.world import START, resource

MONTH = 2_629_746
SUBSCRIPTION = {
    "duration": MONTH,
    "renewalBasis": "FROM_EXPIRY",
    "expirationStrategy": "REVOKE_ACCESS",
    "authenticationStrategy": "LICENSE",
}


def months(number: float) -> str:
    """That many months after the beginning."""
    return to_text(START + timedelta(seconds=number * MONTH))


def test_a_subscription(shop: Shop) -> None:
    license, application = shop.sold(**SUBSCRIPTION)
    assert license["attributes"]["expiry"] == months(1)
    shop.heard()
    renewed = shop.vendor.act(license, "renew")
    assert (renewed.status, renewed.attributes["expiry"]) == (200, months(2))
    assert shop.heard() == ["license.renewed"]
    assert application.act(license, "renew").status == 403
    shop.world.clock.advance(seconds=2 * MONTH + 1)
    assert application.get("/me").error == (403, "LICENSE_EXPIRED", None)
    assert verdict(shop.anybody.validate(license)) == refused("EXPIRED")
    shop.world.sweep()
    shop.world.sweep()
    assert shop.heard() == ["license.expired"]
    late = shop.vendor.act(license, "renew")
    assert (late.attributes["expiry"], verdict(shop.anybody.validate(license))) == (months(3), VALID)
    assert application.get("/me").status == 200


@pytest.mark.parametrize(
    ("basis", "after", "expected"),
    [
        ("FROM_EXPIRY", 3.5, 2),
        ("FROM_NOW", 3.5, 4.5),
        ("FROM_NOW", 0.5, 1.5),
        ("FROM_NOW_IF_EXPIRED", 3.5, 4.5),
        ("FROM_NOW_IF_EXPIRED", 0.5, 2),
    ],
)
def test_from_when_it_is_renewed(local_shop: Shop, basis: str, after: float, expected: float) -> None:
    license, _ = local_shop.sold(**SUBSCRIPTION | {"renewalBasis": basis})
    local_shop.world.clock.advance(seconds=after * MONTH)
    assert local_shop.vendor.act(license, "renew").attributes["expiry"] == months(expected)


def test_what_never_ends_is_not_renewed(local_shop: Shop) -> None:
    license, _ = local_shop.sold()
    answer = local_shop.vendor.act(license, "renew")
    assert (answer.error, answer.errors[0]["title"]) == ((422, None, None), "Unprocessable entity")
    assert detail(answer) == "cannot be renewed because the policy does not have a duration"


def test_dates_of_an_invoice(shop: Shop) -> None:
    license, _ = shop.sold(**SUBSCRIPTION)
    shop.heard()
    body = resource("licenses", {"expiry": "2026-05-17T00:00:00.000Z"})
    answer = shop.vendor.patch(f"/licenses/{license['id']}", body)
    assert (answer.status, answer.attributes["expiry"]) == (200, "2026-05-17T00:00:00.000Z")
    assert shop.heard() == ["license.updated"]


def test_cancelled_and_won_back(local_shop: Shop) -> None:
    license, application = local_shop.sold(**SUBSCRIPTION)
    assert local_shop.vendor.act(license, "suspend").status == 200
    assert application.get("/me").error == (403, "LICENSE_SUSPENDED", None)
    local_shop.world.clock.advance(seconds=1.5 * MONTH)
    assert local_shop.vendor.act(license, "reinstate").status == 200
    assert application.get("/me").error == (403, "LICENSE_EXPIRED", None)
    assert local_shop.vendor.act(license, "renew").attributes["expiry"] == months(2)
    assert application.get("/me").status == 200
    assert verdict(local_shop.anybody.validate(license)) == VALID
