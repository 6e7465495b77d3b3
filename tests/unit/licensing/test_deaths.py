"""Deaths of machines and processes: what the sweep does, and when it looks again (spec machines.md §7.5)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from chalicelib.licensing import heartbeat
from chalicelib.licensing.deaths import next_due, verdict
from chalicelib.licensing.errors import InvalidState
from chalicelib.licensing.events import KNOWN
from chalicelib.licensing.machine import Machine
from chalicelib.licensing.policy import Policy
from chalicelib.licensing.policy_rules import CHOICES
from chalicelib.licensing.process import Process
from tests.unit.licensing.make import DAY, NOW, TICK, machine, policy, process

MINUTE = timedelta(minutes=1)
WINDOW = 10 * MINUTE
DIES = NOW + WINDOW + TICK
DEAD, PONG = "machine.heartbeat.dead", "machine.heartbeat.pong"

CULLED = policy()
FIVE = policy(heartbeat_resurrection_strategy="5_MINUTE_REVIVE")
KEPT = policy(heartbeat_cull_strategy="KEEP_DEAD")
KEPT_FIVE = policy(heartbeat_cull_strategy="KEEP_DEAD", heartbeat_resurrection_strategy="5_MINUTE_REVIVE")
ALWAYS = policy(heartbeat_cull_strategy="KEEP_DEAD", heartbeat_resurrection_strategy="ALWAYS_REVIVE")

History = list[tuple[datetime, str | None, bool]]


def history(watched: Machine | Process, terms: Policy, start: datetime = NOW) -> History:
    """What the sweep does to something that stays silent: when, which event, and whether it is deleted."""
    told: History = []
    due = next_due(watched, terms, start)
    while due is not None:
        assert len(told) < 5
        found = verdict(watched, terms, due)
        told.append((due, found.event, found.cull))
        watched, due = found.after, found.due_at
    return told


# --- examples -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        (CULLED, [(DIES, DEAD, True)]),
        (FIVE, [(DIES, DEAD, False), (DIES + 5 * MINUTE, None, True)]),
        (KEPT, [(DIES, DEAD, False)]),
        (KEPT_FIVE, [(DIES, DEAD, False)]),
        (ALWAYS, [(DIES, DEAD, False)]),
    ],
)
def test_the_life_of_a_machine_that_stops(terms: Policy, expected: History) -> None:
    assert history(machine(last_heartbeat=NOW), terms) == expected
    words = [(at, event and event.replace("machine", "process"), cull) for at, event, cull in expected]
    assert history(process(created=NOW, last_heartbeat=NOW), terms) == words


def test_a_machine_that_must_ping_and_never_does_has_no_time_to_be_revived() -> None:
    silent = machine(created=NOW)
    assert history(silent, replace(FIVE, require_heartbeat=True)) == [(DIES, DEAD, True)]
    assert history(silent, replace(ALWAYS, require_heartbeat=True)) == [(DIES, DEAD, False)]
    assert history(silent, replace(KEPT, require_heartbeat=True)) == [(DIES, DEAD, False)]


def test_a_machine_that_need_not_ping_and_never_did_is_left_alone() -> None:
    assert next_due(machine(created=NOW - 9 * DAY), CULLED, NOW) is None


def test_the_window_is_that_of_the_policy() -> None:
    assert next_due(machine(last_heartbeat=NOW), policy(heartbeat_duration=60), NOW) == NOW + MINUTE + TICK


def test_a_sweep_that_is_late_does_everything_at_once() -> None:
    found = verdict(machine(last_heartbeat=NOW - DAY), FIVE, NOW)
    assert (found.event, found.cull, found.due_at) == (DEAD, True, None)
    found = verdict(machine(last_heartbeat=NOW - WINDOW - MINUTE), FIVE, NOW)
    assert (found.event, found.cull, found.due_at) == (DEAD, False, NOW + 4 * MINUTE + TICK)


def test_a_death_is_told_once() -> None:
    dead = machine(last_heartbeat=NOW - WINDOW - TICK)
    found = verdict(dead, FIVE, NOW)
    assert found.after == replace(dead, death_sent=NOW, updated=NOW)
    again = verdict(found.after, FIVE, NOW)
    assert (again.after, again.event, again.cull, again.due_at) == (found.after, None, False, found.due_at)


def test_a_machine_alive_at_its_deadline_is_only_armed_again() -> None:
    alive = machine(last_heartbeat=NOW)
    found = verdict(alive, CULLED, NOW + MINUTE)
    assert (found.after, found.event, found.cull, found.due_at) == (alive, None, False, DIES)


def test_a_policy_can_give_the_dead_more_time() -> None:
    told = machine(last_heartbeat=NOW - WINDOW - MINUTE, death_sent=NOW - MINUTE)
    longer = replace(FIVE, heartbeat_duration=3600)
    assert next_due(told, longer, NOW) == NOW
    found = verdict(told, longer, NOW)
    assert found.after == replace(told, death_sent=None)
    assert (found.event, found.cull, found.due_at) == (PONG, False, NOW - WINDOW - MINUTE + timedelta(hours=1) + TICK)


def test_a_policy_that_asks_for_no_heartbeat_any_more_ends_the_watch() -> None:
    told = machine(created=NOW - DAY, death_sent=NOW - MINUTE)
    assert history(told, CULLED) == [(NOW, PONG, False)]


def test_a_policy_that_stops_keeping_the_dead_culls_them_without_telling_again() -> None:
    told = machine(last_heartbeat=NOW - DAY, death_sent=NOW - DAY + WINDOW)
    assert next_due(told, KEPT, NOW) is None
    assert history(told, CULLED) == [(NOW, None, True)]


# --- properties -----------------------------------------------------------------------------------------------------

edges = st.sampled_from([timedelta(0), MINUTE, 6 * MINUTE, WINDOW, 11 * MINUTE, 15 * MINUTE, 25 * MINUTE])
spans = edges.flatmap(lambda span: st.sampled_from([span, span + TICK, span - TICK, span + MINUTE]))
moments = spans.map(lambda span: NOW - span)
policies = st.builds(
    policy,
    require_heartbeat=st.booleans(),
    heartbeat_duration=st.sampled_from([None, 60, 900]),
    heartbeat_cull_strategy=st.sampled_from(CHOICES["heartbeat_cull_strategy"]),
    heartbeat_resurrection_strategy=st.sampled_from(CHOICES["heartbeat_resurrection_strategy"]),
)
machines = st.builds(machine, created=moments, last_heartbeat=st.none() | moments, death_sent=st.none() | moments)
processes = st.builds(process, created=moments, last_heartbeat=moments, death_sent=st.none() | moments)
anything = machines | processes


def naive(watched: Machine | Process, terms: Policy, now: datetime) -> tuple[str | None, bool]:
    """The steps of the specification, word by word: the event, and whether it is deleted."""
    word = "machine" if isinstance(watched, Machine) else "process"
    if heartbeat.status(terms, watched.last_heartbeat, watched.created, now) != "DEAD":
        return (f"{word}.heartbeat.pong" if watched.death_sent is not None else None), False
    event = f"{word}.heartbeat.dead" if watched.death_sent is None else None
    strategy = terms.heartbeat_resurrection_strategy
    if strategy == "ALWAYS_REVIVE":
        return event, False
    last = watched.last_heartbeat
    if strategy != "NO_REVIVE" and last is not None:
        minutes = int(strategy.split("_")[0])
        if now <= last + timedelta(seconds=terms.heartbeat_duration or 600) + minutes * MINUTE:
            return event, False
    return event, terms.heartbeat_cull_strategy == "DEACTIVATE_DEAD"


@given(anything, policies)
def test_what_is_done_follows_the_steps(watched: Machine | Process, terms: Policy) -> None:
    found: Any = verdict(watched, terms, NOW)
    assert (found.event, found.cull) == naive(watched, terms, NOW)
    assert found.event is None or found.event in KNOWN


@given(anything, policies)
def test_something_is_done_exactly_when_it_is_due(watched: Machine | Process, terms: Policy) -> None:
    found: Any = verdict(watched, terms, NOW)
    due = next_due(watched, terms, NOW)
    acts = found.event is not None or found.cull
    assert acts == (due == NOW)
    if not acts:
        assert found.after is watched
        assert found.due_at == due
    if due is not None:
        assert due >= NOW
        assert naive(watched, terms, due) != (None, False)


@given(anything, policies, st.integers(0, 60 * 60_000) | spans.map(lambda span: abs(span // TICK)))
def test_nothing_is_done_before_it_is_due(watched: Machine | Process, terms: Policy, milliseconds: int) -> None:
    instant = NOW + milliseconds * TICK
    due = next_due(watched, terms, NOW)
    if due is None or instant < due:
        assert naive(watched, terms, instant) == (None, False)


@given(anything, policies)
def test_what_is_done_is_done_once(watched: Machine | Process, terms: Policy) -> None:
    found: Any = verdict(watched, terms, NOW)
    if found.cull:
        assert found.due_at is None
        return
    again: Any = verdict(found.after, terms, NOW)
    assert (again.after, again.event, again.cull, again.due_at) == (found.after, None, False, found.due_at)
    assert found.due_at is None or found.due_at > NOW


@given(anything, policies)
def test_the_revivable_are_never_culled(watched: Machine | Process, terms: Policy) -> None:
    found: Any = verdict(watched, terms, NOW)
    if found.cull:
        with pytest.raises(InvalidState):
            heartbeat.ping(watched, terms, NOW)


@given(machines, policies, st.lists(st.integers(0, 60_000), max_size=20))
def test_a_machine_that_keeps_pinging_is_only_armed_again(stored: Machine, terms: Policy, pauses: list[int]) -> None:
    now = NOW
    watched = replace(stored, last_heartbeat=now, death_sent=None)
    for pause in pauses:
        now += pause * TICK
        found: Any = verdict(watched, terms, now)
        assert (found.after, found.event, found.cull) == (watched, None, False)
        assert found.due_at == heartbeat.next_heartbeat(watched, terms) + TICK > now  # type: ignore[operator]
        beat: Any = heartbeat.ping(watched, terms, now)
        assert beat.status == "ALIVE"
        watched = beat.after
