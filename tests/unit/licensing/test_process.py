"""Processes (spec machines.md §9)."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.licensing import process
from chalicelib.licensing.buckets import Bucket
from chalicelib.licensing.process import Draft, Process
from tests.unit.licensing import make
from tests.unit.licensing.make import DAY, NOW, codes, invalid, license_, machine, policy

PID = "/data/attributes/pid"
BIG = {"a": "x" * 16_384}


def created(**given: Any) -> Process:
    defaults: dict[str, Any] = {"machine": machine(), "license": license_(), "policy": policy()}
    fields = {name: given.pop(name) for name in ("pid", "metadata") if name in given}
    return process.create(Draft(process_id="p", fields={"pid": "42"} | fields, **defaults | given), NOW)


def test_a_process_is_alive_from_its_beginning() -> None:
    assert created(machine=machine(id="m", license_id="l"), metadata=None) == Process(
        id="p", machine_id="m", license_id="l", pid="42", last_heartbeat=NOW, created=NOW, updated=NOW
    )
    assert created(metadata={"a": 1}).metadata == {"a": 1}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (
            {"machine": None, "license": None, "policy": None},
            ("MACHINE_NOT_FOUND", "/data/relationships/machine", "must exist"),
        ),
        ({"pid_taken": True}, ("PID_TAKEN", PID, "has already been taken")),
        ({"pid": "actions"}, ("PID_NOT_ALLOWED", PID, "is reserved")),
        ({"pid": "x" * 4097}, ("PID_TOO_LONG", PID, "is too long (maximum is 4096 characters)")),
        ({"id_taken": True}, ("ID_CONFLICT", "/data/id", "must not conflict with another process")),
        (
            {"machine": machine(processes=2), "policy": policy(max_processes=2)},
            (
                "MACHINE_PROCESS_LIMIT_EXCEEDED",
                "/data",
                "process count has exceeded maximum allowed for machine (2)",
            ),
        ),
        (
            {
                "policy": policy(max_processes=2, process_leasing_strategy="PER_USER"),
                "bucket": Bucket(processes=2),
            },
            ("MACHINE_PROCESS_LIMIT_EXCEEDED", "/data", "process count has exceeded maximum allowed for user (2)"),
        ),
    ],
)
def test_what_a_process_cannot_be(given: dict[str, Any], expected: tuple[str, str, str]) -> None:
    assert invalid(created, **given) == [expected]


def test_a_taken_pid_is_told_before_a_limit() -> None:
    full = machine(processes=1)
    found = codes(created, pid_taken=True, id_taken=True, metadata=BIG, machine=full, policy=policy(max_processes=1))
    assert found == ["PID_TAKEN", "METADATA_TOO_LONG", "ID_CONFLICT", "MACHINE_PROCESS_LIMIT_EXCEEDED"]


def test_an_update_replaces_metadata() -> None:
    stored = make.process(metadata={"a": 1})
    after = process.update(stored, {"metadata": {"b": 2}}, NOW + DAY)
    assert (after.metadata, after.updated) == ({"b": 2}, NOW + DAY)
    assert process.update(stored, {"metadata": None}, NOW).metadata == {"a": 1}
    assert process.update(stored, {"metadata": {}}, NOW).metadata == {}
    assert codes(process.update, stored, {"metadata": BIG}, NOW) == ["METADATA_TOO_LONG"]
