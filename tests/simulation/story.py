"""A run as it is told afterwards: what was asked, what was answered, what is stored."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from chalicelib.store.table import Item
from tests.simulation.acts import Act, Told
from tests.simulation.stage import Stage

Deed = tuple[Act, Told]
THERE = Told(201)


class Begun(NamedTuple):
    """A machine there was or may have been: what acts call it, its id, license and first owner, what was told of it."""

    name: str
    identifier: str
    license: str
    owner: str | None
    cores: int
    told: Told


class Tally(NamedTuple):
    """How often something was acknowledged, and how often it may have happened or not."""

    done: int
    unknown: int

    def allows(self, number: int) -> bool:
        """Whether it may have happened that often."""
        return self.done <= number <= self.done + self.unknown


@dataclass
class Story:
    """The deeds of a run, and what is stored when everything is rolled forward.

    `uncertain`: something failed on purpose. `conflicts`: so did a write, by a conflict.
    """

    stage: Stage[Any]
    deeds: Sequence[Deed]
    rows: Sequence[Item]
    outbox: Sequence[Item]
    uncertain: bool
    conflicts: bool

    def did(self, *kinds: str, **given: Any) -> list[Deed]:
        """Deeds of some kinds with these words."""
        return [
            deed
            for deed in self.deeds
            if deed[0].kind in kinds and all(deed[0].given.get(name) == value for name, value in given.items())
        ]

    def may_have(self, *kinds: str, **given: Any) -> list[Told]:
        """What was told of those that happened, or may have."""
        return [told for _, told in self.did(*kinds, **given) if told.done or told.unknown]

    def tally(self, *kinds: str, **given: Any) -> Tally:
        """How often some deeds happened."""
        found = [told for _, told in self.did(*kinds, **given)]
        return Tally(sum(one.done for one in found), sum(one.unknown for one in found))

    def stored(self, kind: str) -> dict[str, Item]:
        """Everything of a kind by its id."""
        return {item["id"]: item for item in self.rows if item["kind"] == kind}

    def identifier(self, name: str) -> str:
        """The id of what acts call so."""
        return self.stage.ids.get(name, name)

    def machines(self) -> Iterator[Begun]:
        """Every machine there was or may have been."""
        yield Begun("m1", self.stage.ids["m1"], "one", "ann", 2, THERE)
        yield Begun("m2", self.stage.ids["m2"], "two", None, 1, THERE)
        for act, told in self.did("activate"):
            given = act.given
            yield Begun(given["id"], given["id"], given["license"], given["owner"], given["cores"], told)

    def machine(self, name: str) -> Begun:
        """The one that acts call so."""
        return next(one for one in self.machines() if one.name == name)

    def ends(self, machine: Begun) -> list[Told]:
        """What may have ended a machine."""
        handed = self.did("hand", machine=machine.name)
        owners = {machine.owner, *(act.given["owner"] for act, _ in handed)}
        return [
            *self.may_have("deactivate", machine=machine.name),
            *self.may_have("sweep"),
            *self.may_have("delete-license", license=machine.license),
            *self.may_have("delete-policy", policy=f"policy {machine.license}"),
            *(told for owner in owners if owner for told in self.may_have("delete-user", user=owner)),
        ]
