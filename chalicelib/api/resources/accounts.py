"""The account itself (spec resources.md §6)."""

from __future__ import annotations

from chalicelib.api.operation import Command, Operation, Outcome, Scene
from chalicelib.api.show import account
from chalicelib.licensing.access import Subject, authorize


def _authorize(scene: Scene) -> None:
    authorize(scene.bearer, "account.read", "account.read", Subject())


def _show(scene: Scene, command: Command) -> Outcome:
    return Outcome(body={"data": account.show(scene.arrival.tenant.account)})


OPERATIONS = (Operation(name="account.read", methods=("GET",), path="", authorize=_authorize, decide=_show),)
