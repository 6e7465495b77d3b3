"""Flow 5: usage that is counted."""

from __future__ import annotations

from tests.api.flows.shop import VALID, Shop, detail, verdict
from tests.races.crowd import crowd

METERED = {"maxUses": 5, "strict": False, "authenticationStrategy": "LICENSE"}


def test_metered_usage(shop: Shop) -> None:
    license, application = shop.sold(**METERED)
    shop.heard()
    once = application.act(license, "increment-usage")
    assert (once.status, once.attributes["uses"]) == (200, 1)
    assert shop.heard() == ["license.usage.incremented"]
    more = application.act(license, "increment-usage", {"meta": {"increment": 4}})
    assert (more.status, more.attributes["uses"]) == (200, 5)
    shop.heard()
    full = application.act(license, "increment-usage")
    assert full.error == (422, "USES_LIMIT_EXCEEDED", "/data/attributes/uses")
    assert detail(full) == "usage exceeds maximum allowed for license (5)"
    assert shop.read(license)["attributes"]["uses"] == 5
    assert verdict(shop.anybody.validate(license)) == VALID
    assert application.act(license, "decrement-usage").status == 403
    assert shop.heard() == []
    back = shop.vendor.act(license, "decrement-usage", {"meta": {"decrement": 2}})
    assert (back.status, back.attributes["uses"]) == (200, 3)
    assert shop.heard() == ["license.usage.decremented"]
    reset = shop.vendor.act(license, "reset-usage")
    assert (reset.status, reset.attributes["uses"]) == (200, 0)
    assert shop.heard() == ["license.usage.reset"]


def test_parallel_increments(crowded_shop: Shop) -> None:
    """Some may be told of a conflict; none is lost or counted twice."""
    license, application = crowded_shop.sold(**METERED)
    answers = crowd([lambda: application.act(license, "increment-usage")] * 8)
    taken = sorted(answer.attributes["uses"] for answer in answers if answer.status == 200)
    assert {answer.status for answer in answers} <= {200, 409, 422}
    assert taken == list(range(1, len(taken) + 1))
    assert crowded_shop.read(license)["attributes"]["uses"] == len(taken) <= 5
