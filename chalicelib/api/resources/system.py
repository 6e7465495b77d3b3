"""Liveness: answers without account, credentials or store."""

from __future__ import annotations

from chalicelib.api.operation import Command, Operation, Outcome, Scene


def _ping() -> Outcome:
    return Outcome(status=200)


def _health() -> Outcome:
    return Outcome(status=204)


def _closed(scene: Scene, command: Command) -> Outcome:
    raise AssertionError("open operations have no scene")


OPERATIONS = (
    Operation(name="system.ping", methods=("GET",), path="/ping", open=_ping, decide=_closed),
    Operation(name="system.health", methods=("GET",), path="/health", open=_health, decide=_closed),
)
