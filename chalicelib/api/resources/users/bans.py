"""Users: banned, and let in again (spec resources.md §4.5)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from chalicelib.api.kinds.users import USERS, load_one, show
from chalicelib.api.operation import Command, Operation, Outcome, Scene
from chalicelib.api.resources.users.common import MEMBER, changed
from chalicelib.licensing import user as users
from chalicelib.licensing.user import User


def _action(name: str, transition: Callable[[User, datetime], User], event: str) -> Operation:
    def decide(scene: Scene, command: Command) -> Outcome:
        """Who is in that state already stays as it was, which is told all the same."""
        person = USERS.one(scene)
        after = transition(person.user, scene.now)
        if after is person.user:
            return Outcome(body={"data": show(scene, person)}, event=event)
        return changed(scene, person, after, event)

    where = f"{MEMBER}/actions/{name}"
    return USERS.member(f"user.{name}", ("POST",), where, load_one, decide, events=(event,))


OPERATIONS = (
    _action("ban", users.ban, "user.banned"),
    _action("unban", users.unban, "user.unbanned"),
)
