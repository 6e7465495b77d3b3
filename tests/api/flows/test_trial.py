"""Flow 8: a trial whose clock starts at the first validation, activation or use."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.licensing.clock import to_text
from tests.api.flows.shop import VALID, Caller, Shop, refused, verdict
from tests.api.helpers import NOWHERE
from tests.races.crowd import crowd
from tests.world import START, resource

FORTNIGHT = 1_209_600
TRIAL = {
    "duration": FORTNIGHT,
    "expirationBasis": "FROM_FIRST_VALIDATION",
    "expirationStrategy": "RESTRICT_ACCESS",
    "authenticationStrategy": "LICENSE",
}
FAILING = {"product": NOWHERE}


def expiry(shop: Shop, license: Any) -> str | None:
    """What is stored of it."""
    found: str | None = shop.read(license)["attributes"]["expiry"]
    return found


def test_a_trial(shop: Shop) -> None:
    license, application = shop.sold(**TRIAL)
    clock = shop.world.clock
    assert license["attributes"]["expiry"] is None
    clock.advance(days=3)
    ends = to_text(clock.now() + timedelta(seconds=FORTNIGHT))
    assert verdict(shop.anybody.validate(license)) == VALID
    assert expiry(shop, license) == ends
    clock.advance(days=1)
    assert verdict(shop.anybody.validate(license)) == VALID
    assert verdict(shop.anybody.validate(license, FAILING)) == refused("PRODUCT_SCOPE_MISMATCH")
    assert expiry(shop, license) == ends
    clock.advance(days=14)
    late = shop.anybody.validate(license)
    assert (verdict(late), late.document["meta"]["detail"]) == (refused("EXPIRED"), "is expired")
    assert application.get("/me").data["id"] == license["id"]
    assert application.activate(license, "fp1").status == 201
    shop.heard()
    change = resource("licenses", {"expiry": "2030-01-01T00:00:00.000Z"})
    paid = shop.vendor.patch(f"/licenses/{license['id']}", change)
    assert (paid.status, paid.attributes["expiry"]) == (200, "2030-01-01T00:00:00.000Z")
    assert shop.heard() == ["license.updated"]
    assert verdict(shop.anybody.validate(license)) == VALID


def test_a_trial_that_is_converted_by_its_policy(local_shop: Shop) -> None:
    license, _ = local_shop.sold(**TRIAL)
    local_shop.anybody.validate(license)
    local_shop.world.clock.advance(days=15)
    paid = local_shop.policy(duration=31_556_952, transferStrategy="RESET_EXPIRY")
    changed = local_shop.vendor.put(
        f"/licenses/{license['id']}/policy", {"data": {"type": "policies", "id": paid["id"]}}
    )
    assert changed.attributes["expiry"] == to_text(START + timedelta(days=15, seconds=31_556_952))
    assert verdict(local_shop.anybody.validate(license)) == VALID


def test_access_that_is_revoked(local_shop: Shop) -> None:
    policy = TRIAL | {"expirationStrategy": "REVOKE_ACCESS", "requireFingerprintScope": True}
    license, application = local_shop.sold(**policy)
    local_shop.anybody.validate(license)
    local_shop.world.clock.advance(days=15)
    assert application.get("/me").error == (403, "LICENSE_EXPIRED", None)
    assert application.activate(license, "fp1").error == (403, "LICENSE_EXPIRED", None)
    assert verdict(local_shop.anybody.validate(license)) == refused("EXPIRED")


@pytest.mark.parametrize("strategy", ["MAINTAIN_ACCESS", "ALLOW_ACCESS"])
def test_access_that_is_kept(local_shop: Shop, strategy: str) -> None:
    license, application = local_shop.sold(**TRIAL | {"expirationStrategy": strategy})
    local_shop.anybody.validate(license)
    local_shop.world.clock.advance(days=15)
    assert verdict(local_shop.anybody.validate(license)) == (True, "EXPIRED")
    assert application.get("/me").status == 200


def _validate(shop: Shop, application: Caller, license: Any) -> object:
    return shop.anybody.validate(license)


def _fail(shop: Shop, application: Caller, license: Any) -> object:
    return shop.anybody.validate(license, FAILING)


def _look(shop: Shop, application: Caller, license: Any) -> object:
    return application.get(f"/licenses/{license['id']}/actions/validate")


def _activate(shop: Shop, application: Caller, license: Any) -> object:
    return application.activated(license, "fp1")


def _use(shop: Shop, application: Caller, license: Any) -> object:
    return application.act(license, "increment-usage")


STEPS = (_look, _validate, _fail, _activate, _use)
BASES = {
    "FROM_FIRST_VALIDATION": (_validate, _fail),
    "FROM_FIRST_ACTIVATION": (_activate,),
    "FROM_FIRST_USE": (_use,),
}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("basis", BASES)
def test_what_starts_the_clock(local_shop: Shop, basis: str, step: Callable[[Shop, Caller, Any], object]) -> None:
    """A failed validation does too, a quick one does not."""
    license, application = local_shop.sold(**TRIAL | {"expirationBasis": basis})
    step(local_shop, application, license)
    started = to_text(START + timedelta(seconds=FORTNIGHT)) if step in BASES[basis] else None
    assert expiry(local_shop, license) == started


def test_parallel_first_validations(crowded_shop: Shop) -> None:
    license, _ = crowded_shop.sold(**TRIAL)
    answers = crowd([lambda: crowded_shop.anybody.validate(license)] * 8)
    assert {verdict(answer) for answer in answers} == {VALID}
    stored = expiry(crowded_shop, license)
    assert stored is not None
    assert {answer.attributes["expiry"] for answer in answers} <= {None, stored}
