"""Flow 16: a crowd asks for the last seat."""

from __future__ import annotations

from functools import partial
from typing import Any

from tests.api.flows.shop import FLOATING, Caller, Shop
from tests.races.crowd import crowd, statuses
from tests.world import Answer

MANY = 50


def rush(application: Caller, license: Any, names: list[str]) -> list[Answer]:
    """Everybody at once, each with a fingerprint."""
    return crowd([partial(application.activate, license, name) for name in names])


def test_the_last_seat(crowded_shop: Shop) -> None:
    license, application = crowded_shop.sold(**FLOATING, maxMachines=10)
    for number in range(9):
        application.activated(license, f"early-{number}")
    answers = rush(application, license, [f"late-{number}" for number in range(MANY)])
    assert statuses(answers) == {201: 1, 422: MANY - 1}
    full = (422, "MACHINE_LIMIT_EXCEEDED", "/data")
    assert {answer.error for answer in answers if answer.status == 422} == {full}
    assert crowded_shop.seats(license) == 10
    assert len(crowded_shop.vendor.get(f"/machines?license={license['id']}&limit=100").data) == 10


def test_one_machine_that_asks_many_times(crowded_shop: Shop) -> None:
    license, application = crowded_shop.sold(**FLOATING, maxMachines=MANY)
    answers = rush(application, license, ["same"] * MANY)
    assert statuses(answers) == {201: 1, 422: MANY - 1}
    taken = (422, "FINGERPRINT_TAKEN", "/data/attributes/fingerprint")
    assert {answer.error for answer in answers if answer.status == 422} == {taken}
    assert crowded_shop.seats(license) == 1
