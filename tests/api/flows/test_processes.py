"""Flow 3: leases of processes on a machine."""

from __future__ import annotations

from tests.api.flows.shop import Shop, detail, linked
from tests.api.flows.test_heartbeats import BEATING


def test_two_processes_on_a_machine(shop: Shop) -> None:
    license, application = shop.sold(**BEATING, maxProcesses=2, processLeasingStrategy="PER_MACHINE")
    machine = application.activated(license, "m1")
    application.ping("m1")
    shop.heard()
    first = application.spawn(machine, "4711")
    assert (first.status, first.attributes["pid"]) == (201, "4711")
    assert (first.attributes["status"], first.attributes["interval"]) == ("ALIVE", 60)
    assert linked(first.data, "machine") == machine["id"]
    assert shop.heard() == ["process.created"]
    ping = f"/processes/{first.data['id']}/actions/ping"
    pinged = application.post(ping)
    assert (pinged.status, pinged.attributes["status"]) == (200, "ALIVE")
    assert shop.heard() == ["process.heartbeat.ping"]
    assert application.spawn(machine, "4712").status == 201
    full = application.spawn(machine, "4713")
    assert full.error == (422, "MACHINE_PROCESS_LIMIT_EXCEEDED", "/data")
    assert detail(full) == "process count has exceeded maximum allowed for machine (2)"
    assert application.post(ping).status == 200
    shop.heard()
    assert application.delete(f"/processes/{first.data['id']}").status == 204
    assert shop.heard() == ["process.deleted"]
    assert application.post(ping).error[:2] == (404, "NOT_FOUND")
    assert application.spawn(machine, "4713").status == 201


def test_a_process_that_falls_silent(shop: Shop) -> None:
    license, application = shop.sold(**BEATING, maxProcesses=1)
    machine = application.activated(license, "m1")
    application.ping("m1")
    process = application.spawn(machine, "4711").data
    shop.world.clock.advance(seconds=31)
    application.ping("m1")
    shop.world.clock.advance(seconds=30)
    shop.heard()
    ping = f"/processes/{process['id']}/actions/ping"
    assert application.post(ping).error == (422, "PROCESS_HEARTBEAT_DEAD", None)
    assert shop.read(process)["attributes"]["status"] == "DEAD"
    assert application.spawn(machine, "4712").error[1] == "MACHINE_PROCESS_LIMIT_EXCEEDED"
    shop.world.sweep()
    shop.world.sweep()
    assert shop.heard() == ["process.heartbeat.dead"]
    assert application.post(ping).error[:2] == (404, "NOT_FOUND")
    assert application.spawn(machine, "4712").status == 201


def test_processes_go_with_their_machine(local_shop: Shop) -> None:
    license, application = local_shop.sold(**BEATING)
    process = application.spawn(application.activated(license, "m1"), "4711").data
    local_shop.heard()
    assert application.deactivate("m1").status == 204
    assert local_shop.heard() == ["machine.deleted"]
    assert application.get(f"/processes/{process['id']}").status == 404
