"""Flow 15: a token that may activate so many times."""

from __future__ import annotations

from functools import partial

from tests.api.flows.shop import FLOATING, Shop, detail
from tests.races.crowd import crowd, statuses

BY_TOKEN = FLOATING | {"authenticationStrategy": "TOKEN", "maxMachines": 5}
ACTIVATIONS = (422, "ACTIVATIONS_LIMIT_EXCEEDED", "/data/attributes/activations")
DEACTIVATIONS = (422, "DEACTIVATIONS_LIMIT_EXCEEDED", "/data/attributes/deactivations")


def test_quotas(shop: Shop) -> None:
    license, application = shop.sold(**BY_TOKEN)
    token, installer = shop.installed(license, maxActivations=2, maxDeactivations=1)

    def used() -> tuple[int, int, int]:
        attributes = shop.read(token)["attributes"]
        return attributes["activations"], attributes["deactivations"], shop.seats(license)

    assert installer.activate(license, "a").status == 201
    assert used() == (1, 0, 1)
    duplicate = installer.activate(license, "a")
    assert duplicate.error == (422, "FINGERPRINT_TAKEN", "/data/attributes/fingerprint")
    assert used() == (1, 0, 1)
    assert installer.activate(license, "b").status == 201
    full = installer.activate(license, "c")
    assert (full.error, detail(full)) == (ACTIVATIONS, "exceeds maximum allowed (2)")
    assert used() == (2, 0, 2)
    assert installer.deactivate("a").status == 204
    assert used() == (2, 1, 1)
    stays = installer.deactivate("b")
    assert (stays.error, detail(stays)) == (DEACTIVATIONS, "exceeds maximum allowed (1)")
    assert used() == (2, 1, 1)
    assert installer.get("/machines/b").status == 200
    assert installer.activate(license, "c").error == ACTIVATIONS
    assert application.activate(license, "c").error == (403, "LICENSE_NOT_ALLOWED", None)


def test_many_installers_with_one_token(crowded_shop: Shop) -> None:
    license, _ = crowded_shop.sold(**BY_TOKEN | {"maxMachines": 20})
    token, installer = crowded_shop.installed(license, maxActivations=3)
    answers = crowd([partial(installer.activate, license, str(number)) for number in range(10)])
    assert statuses(answers) == {201: 3, 422: 7}
    assert {answer.error for answer in answers if answer.status == 422} == {ACTIVATIONS}
    assert crowded_shop.read(token)["attributes"]["activations"] == crowded_shop.seats(license) == 3
