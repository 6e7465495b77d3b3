from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from chalicelib.licensing import heartbeat
from chalicelib.licensing.clock import LATEST
from chalicelib.licensing.errors import InvalidState, Problem
from tests.unit.licensing.make import LONG_AGO, NOW, TICK, machine, policy, process, refused

WINDOW = timedelta(seconds=600)
OLD = NOW - WINDOW - TICK
EDGE = NOW - WINDOW
MINUTE = timedelta(minutes=1)
ALWAYS = policy(heartbeat_resurrection_strategy="ALWAYS_REVIVE", heartbeat_cull_strategy="KEEP_DEAD")


@pytest.mark.parametrize(
    ("required", "last", "created", "status"),
    [
        (False, None, NOW, "NOT_STARTED"),
        (False, None, OLD, "NOT_STARTED"),
        (True, None, NOW, "NOT_STARTED"),
        (True, None, EDGE, "NOT_STARTED"),
        (True, None, OLD, "DEAD"),
        (True, NOW, OLD, "ALIVE"),
        (True, EDGE, OLD, "ALIVE"),
        (True, OLD, OLD, "DEAD"),
        # A machine that pinged once is watched even if nobody asks for heartbeats.
        (False, EDGE, OLD, "ALIVE"),
        (False, OLD, OLD, "DEAD"),
    ],
)
def test_status(required: bool, last: datetime | None, created: datetime, status: str) -> None:
    assert heartbeat.status(policy(require_heartbeat=required), last, created, NOW) == status


def test_the_window_is_that_of_the_policy() -> None:
    assert heartbeat.window(policy()) == WINDOW
    assert heartbeat.window(policy(heartbeat_duration=60)) == timedelta(seconds=60)
    assert heartbeat.status(policy(heartbeat_duration=60), NOW - timedelta(seconds=61), OLD, NOW) == "DEAD"


# --- what is shown --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("required", "last", "watched"), [(False, None, False), (True, None, True), (False, OLD, True), (True, OLD, True)]
)
def test_who_must_ping(required: bool, last: datetime | None, watched: bool) -> None:
    assert heartbeat.is_watched(machine(last_heartbeat=last), policy(require_heartbeat=required)) is watched


def test_the_next_heartbeat_is_a_window_after_the_last() -> None:
    assert heartbeat.next_heartbeat(machine(), policy()) is None
    assert heartbeat.next_heartbeat(machine(last_heartbeat=NOW), policy()) == NOW + WINDOW
    assert heartbeat.next_heartbeat(process(last_heartbeat=NOW), policy(heartbeat_duration=60)) == NOW + MINUTE


def test_how_long_the_dead_can_be_revived() -> None:
    pinged, silent = machine(last_heartbeat=NOW), machine()
    for minutes in (1, 2, 5, 10, 15):
        terms = policy(heartbeat_resurrection_strategy=f"{minutes}_MINUTE_REVIVE")
        assert heartbeat.revivable_until(pinged, terms) == NOW + WINDOW + minutes * MINUTE
        assert heartbeat.revivable_until(silent, terms) is None
    assert heartbeat.revivable_until(pinged, policy()) is None
    assert heartbeat.revivable_until(silent, ALWAYS) == LATEST


# --- ping and reset -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("last", [None, NOW, EDGE])
@pytest.mark.parametrize("told", [None, OLD])
def test_a_ping_keeps_alive(last: datetime | None, told: datetime | None) -> None:
    before = machine(last_heartbeat=last, death_sent=told)
    beat = heartbeat.ping(before, policy(), NOW)
    assert beat.after == replace(before, last_heartbeat=NOW, death_sent=None, updated=NOW)
    assert (beat.event, beat.status) == ("machine.heartbeat.ping", "ALIVE")


@pytest.mark.parametrize(
    ("strategy", "last", "revived"),
    [
        ("NO_REVIVE", OLD, False),
        ("5_MINUTE_REVIVE", OLD, True),
        ("5_MINUTE_REVIVE", EDGE - 5 * MINUTE, True),
        ("5_MINUTE_REVIVE", EDGE - 5 * MINUTE - TICK, False),
        ("15_MINUTE_REVIVE", EDGE - 15 * MINUTE, True),
        ("15_MINUTE_REVIVE", None, False),
        ("ALWAYS_REVIVE", None, True),
        ("ALWAYS_REVIVE", LONG_AGO, True),
    ],
)
def test_the_dead_are_revived_in_time(strategy: str, last: datetime | None, revived: bool) -> None:
    terms = policy(heartbeat_resurrection_strategy=strategy, require_heartbeat=True)
    before = machine(last_heartbeat=last, death_sent=OLD, created=LONG_AGO)
    if not revived:
        refusal = refused(InvalidState, lambda: heartbeat.ping(before, terms, NOW))
        assert refusal.problems == (Problem("is dead", code="MACHINE_HEARTBEAT_DEAD"),)
        return
    beat = heartbeat.ping(before, terms, NOW)
    assert beat.after == replace(before, last_heartbeat=NOW, death_sent=None, updated=NOW)
    assert (beat.event, beat.status) == ("machine.heartbeat.resurrected", "RESURRECTED")
    assert heartbeat.status(terms, beat.after.last_heartbeat, beat.after.created, NOW) == "ALIVE"


def test_processes_ping_in_their_own_words() -> None:
    alive, dead = process(last_heartbeat=EDGE), process(last_heartbeat=OLD)
    beat = heartbeat.ping(alive, policy(), NOW)
    assert (beat.after.last_heartbeat, beat.event, beat.status) == (NOW, "process.heartbeat.ping", "ALIVE")
    beat = heartbeat.ping(dead, ALWAYS, NOW)
    assert (beat.event, beat.status) == ("process.heartbeat.resurrected", "RESURRECTED")
    refusal = refused(InvalidState, lambda: heartbeat.ping(dead, policy(), NOW))
    assert refusal.problems == (Problem("is dead", code="PROCESS_HEARTBEAT_DEAD"),)


@pytest.mark.parametrize(
    ("required", "created", "status"),
    [(False, LONG_AGO, "NOT_STARTED"), (True, EDGE, "NOT_STARTED"), (True, OLD, "DEAD")],
)
def test_a_reset_forgets_the_heartbeat(required: bool, created: datetime, status: str) -> None:
    before = machine(last_heartbeat=OLD, death_sent=OLD, created=created)
    beat = heartbeat.reset(before, policy(require_heartbeat=required), NOW)
    told = OLD if status == "DEAD" else None
    assert beat.after == replace(before, last_heartbeat=None, death_sent=told, updated=NOW)
    assert (beat.event, beat.status) == ("machine.heartbeat.reset", status)
