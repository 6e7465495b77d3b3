"""Flow 3: a floating license whose machines must ping."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.licensing.clock import to_text
from tests.api.flows.shop import FLOATING, VALID, Caller, Shop, detail, refused, verdict
from tests.world import START, Answer

BEATING = FLOATING | {
    "maxMachines": 2,
    "requireHeartbeat": True,
    "heartbeatDuration": 60,
    "heartbeatBasis": "FROM_FIRST_PING",
    "heartbeatCullStrategy": "DEACTIVATE_DEAD",
    "heartbeatResurrectionStrategy": "NO_REVIVE",
}
KEPT = {"heartbeatCullStrategy": "KEEP_DEAD"}
DEAD = (422, "MACHINE_HEARTBEAT_DEAD", None)


def status(shop: Shop, fingerprint: str) -> str:
    """How a machine is."""
    return str(shop.vendor.get(f"/machines/{fingerprint}").attributes["heartbeatStatus"])


def said(answer: Answer) -> tuple[int, str]:
    """What a ping or reset that succeeded shows."""
    return answer.status, answer.attributes["heartbeatStatus"]


def test_two_seats(shop: Shop) -> None:
    license, application = shop.sold(**BEATING)
    assert verdict(shop.anybody.validate(license, {"fingerprint": "a"})) == refused("NO_MACHINES")
    machine = application.activated(license, "a")
    resting = {
        "heartbeatStatus": "NOT_STARTED",
        "requireHeartbeat": True,
        "heartbeatDuration": 60,
        "lastHeartbeat": None,
        "nextHeartbeat": None,
    }
    assert {name: machine["attributes"][name] for name in resting} == resting
    assert verdict(shop.anybody.validate(license, {"fingerprint": "a"})) == refused("HEARTBEAT_NOT_STARTED")
    shop.heard()
    pinged = application.ping("a")
    assert said(pinged) == (200, "ALIVE")
    assert pinged.attributes["lastHeartbeat"] == to_text(START)
    assert pinged.attributes["nextHeartbeat"] == to_text(START + timedelta(seconds=60))
    assert shop.heard() == ["machine.heartbeat.ping"]
    assert verdict(shop.anybody.validate(license, {"fingerprint": "a"})) == VALID
    application.activated(license, "b")
    assert said(application.ping("b")) == (200, "ALIVE")
    full = application.activate(license, "c")
    assert full.error == (422, "MACHINE_LIMIT_EXCEEDED", "/data")
    assert detail(full) == "machine count has exceeded maximum allowed for license (2)"


def _one_of_two_falls_silent(shop: Shop) -> tuple[Any, Caller]:
    """`a` and `b` are active, `a` pinged half a minute ago, `b` a minute ago and some."""
    license, application = shop.sold(**BEATING)
    for fingerprint in ("a", "b"):
        application.activated(license, fingerprint)
        application.ping(fingerprint)
    shop.world.clock.advance(seconds=31)
    application.ping("a")
    shop.world.clock.advance(seconds=30)
    shop.heard()
    return license, application


def test_a_seat_that_falls_silent(shop: Shop) -> None:
    license, application = _one_of_two_falls_silent(shop)
    assert status(shop, "b") == "DEAD"
    late = application.ping("b")
    assert (late.error, detail(late)) == (DEAD, "is dead")
    assert verdict(shop.anybody.validate(license, {"fingerprint": "b"})) == refused("HEARTBEAT_DEAD")
    assert application.activate(license, "c").error[1] == "MACHINE_LIMIT_EXCEEDED"
    shop.world.sweep()
    shop.world.sweep()
    assert shop.heard() == ["machine.heartbeat.dead"]
    assert shop.vendor.get("/machines/b").error[:2] == (404, "NOT_FOUND")
    assert shop.seats(license) == 1
    assert application.ping("b").error[:2] == (404, "NOT_FOUND")
    assert application.activate(license, "c").status == 201
    assert application.deactivate("c").status == 204
    assert status(shop, "a") == "ALIVE"


def _dead(shop: Shop, **policy: Any) -> tuple[Any, Caller]:
    """A machine `b`, dead since a moment."""
    license, application = shop.sold(**BEATING | policy)
    application.activated(license, "b")
    application.ping("b")
    shop.world.clock.advance(seconds=61)
    shop.heard()
    return license, application


def test_five_minutes_to_come_back(local_shop: Shop) -> None:
    shop = local_shop
    license, application = _dead(shop, heartbeatResurrectionStrategy="5_MINUTE_REVIVE")
    shop.world.sweep()
    assert shop.heard() == ["machine.heartbeat.dead"]
    assert (status(shop, "b"), shop.seats(license)) == ("DEAD", 1)
    assert said(application.ping("b")) == (200, "RESURRECTED")
    assert status(shop, "b") == "ALIVE"
    assert shop.heard() == ["machine.heartbeat.resurrected"]
    shop.world.sweep()
    assert (shop.heard(), shop.seats(license)) == ([], 1)


def test_more_than_five_minutes(local_shop: Shop) -> None:
    license, application = _dead(local_shop, heartbeatResurrectionStrategy="5_MINUTE_REVIVE")
    local_shop.world.clock.advance(seconds=300)
    assert application.ping("b").error == DEAD
    local_shop.world.sweep()
    assert application.ping("b").error[:2] == (404, "NOT_FOUND")
    assert (local_shop.heard(), local_shop.seats(license)) == (["machine.heartbeat.dead"], 0)


def test_who_always_comes_back_is_never_culled(local_shop: Shop) -> None:
    license, application = _dead(local_shop, heartbeatResurrectionStrategy="ALWAYS_REVIVE", **KEPT)
    for _ in range(3):
        local_shop.world.clock.advance(days=1)
        local_shop.world.sweep()
        assert (status(local_shop, "b"), local_shop.seats(license)) == ("DEAD", 1)
        assert said(application.ping("b")) == (200, "RESURRECTED")
    assert local_shop.heard().count("machine.heartbeat.resurrected") == 3


def test_the_dead_that_are_kept(local_shop: Shop) -> None:
    """With a heartbeat required even a reset leaves it dead; the way back is to delete it and to activate again."""
    license, application = _dead(local_shop, **KEPT)
    local_shop.world.sweep()
    assert (status(local_shop, "b"), local_shop.seats(license)) == ("DEAD", 1)
    assert application.ping("b").error == DEAD
    assert application.post("/machines/b/actions/reset").status == 403
    assert said(local_shop.vendor.post("/machines/b/actions/reset")) == (200, "DEAD")
    assert application.ping("b").error == DEAD
    assert application.deactivate("b").status == 204
    application.activated(license, "b")
    assert said(application.ping("b")) == (200, "ALIVE")


def test_a_reset_where_no_heartbeat_is_required(local_shop: Shop) -> None:
    _, application = _dead(local_shop, requireHeartbeat=False, **KEPT)
    assert application.ping("b").error == DEAD
    assert said(local_shop.vendor.post("/machines/b/actions/reset")) == (200, "NOT_STARTED")
    assert local_shop.heard() == ["machine.heartbeat.reset"]
    assert said(application.ping("b")) == (200, "ALIVE")


@pytest.mark.parametrize("required", [True, False])
def test_from_creation_on(local_shop: Shop, required: bool) -> None:
    license, application = local_shop.sold(
        **BEATING | {"heartbeatBasis": "FROM_CREATION", "requireHeartbeat": required}
    )
    machine = application.activated(license, "a")
    assert machine["attributes"]["heartbeatStatus"] == "ALIVE"
    assert verdict(local_shop.anybody.validate(license, {"fingerprint": "a"})) == VALID
