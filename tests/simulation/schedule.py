"""One schedule: what a seed makes of a stage, and whether everything that must hold still does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

from chalicelib.store import tasks
from chalicelib.store.table import Item, Outbox, Row
from tests.races.crowd import rows
from tests.races.invariants import problems as invariants
from tests.simulation import verdict
from tests.simulation.acts import Act, Told, perform, plan
from tests.simulation.baton import Order, Ranked, Restless
from tests.simulation.stage import STAGES, Play, Stage, stage
from tests.simulation.store import Step, Weather
from tests.simulation.story import Story
from tests.simulation.witness import Witness

REPLAY = "python -m tests.simulation"
RATES = (0.0, 0.0, 0.02, 0.06, 0.15)
STEPS, WRITES = 30, 14
"""Within how many steps, or writes, ranks change: about as many as three requests take."""


@dataclass
class Run:
    """What happened under a seed: deeds in the order of their acts, every call of the store, what is wrong."""

    seed: int
    stage: Stage[Play]
    deeds: list[tuple[Act, Told]] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        found = self.stage
        lines = [
            f"seed {self.seed}, replay with: {REPLAY} {self.seed}",
            f"stage {found.number}: per_user={found.per_user} wide={found.wide} beating={found.beating}"
            f" heard={found.heard}",
            *(f"  {number}: {act} -> {told}" for number, (act, told) in enumerate(self.deeds)),
            *(f"  {one}" for one in self.problems),
        ]
        return "\n".join(lines)


def run(seed: int) -> Run:
    """Play one schedule to its end."""
    chance = Random(seed)
    found = stage(chance.randrange(STAGES))
    found.put_back()
    found.world.seed(f"seed {seed}")
    played = Run(seed, found)
    acts = plan(found, chance)
    weather = _play(found, acts, chance, played)
    played.problems += _judged(found, played, weather)
    return played


def _play(found: Stage[Play], acts: list[Act], chance: Random, played: Run) -> Weather:
    weather = Weather(chance, chance.choice(RATES))
    told: dict[int, Told] = {}
    turns, witness = found.world.turns, Witness(found, found.shelf.transport)
    turns.steps, turns.weather, turns.locking = [], weather, chance.random() < 0.4
    turns.applied = None if _counts_anew(found, acts) else witness.applied
    for one in acts:
        if one.kind == "policy" and "maxMachines" in one.given:
            witness.policy_changes(one.given["policy"].removeprefix("policy "), one.given["maxMachines"])

    def act(number: int) -> None:
        told[number] = perform(found, acts[number])

    try:
        found.world.baton.run([lambda one=one: act(one) for one in range(len(acts))], _order(chance, len(acts)))  # type: ignore[misc]
    finally:
        turns.weather = None
    played.steps, played.problems = turns.steps, witness.problems
    played.deeds = [(one, told[number]) for number, one in enumerate(acts)]
    return weather


def _order(chance: Random, actors: int) -> Order:
    """Most schedules hold somebody up, the others go back and forth."""
    kind = chance.choice(("steps", "writes", "writes", "back and forth"))
    if kind == "back and forth":
        return Restless(chance, chance.choice((0.15, 0.4, 0.8, 1.0)))
    writes_only = kind == "writes"
    steps, ranks = WRITES if writes_only else STEPS, list(range(actors))
    if chance.random() < 0.5:
        chance.shuffle(ranks)
    return Ranked(chance, ranks, chance.choice((1, 2, 2, 3)), steps, writes_only=writes_only)


def _counts_anew(found: Stage[Play], acts: list[Act]) -> bool:
    """Whether a limit may be passed that nobody asks for: when leasing changes, or machines change hands."""
    leases = any("machineLeasingStrategy" in one.given for one in acts)
    return leases or (found.per_user and any(one.kind in ("hand", "detach") for one in acts))


def _judged(found: Stage[Play], played: Run, weather: Weather) -> Iterator[str]:
    """With the work done that requests left to do."""
    world, outbox = found.world, rows(found.world, Outbox)
    while waiting := [item for item in outbox if item["kind"] == "task"]:
        for task in waiting:
            tasks.run(world.database, task, world.service.new_id, world.clock.instant)
        outbox = rows(world, Outbox)
    stored: list[Item] = rows(world, Row)
    yield from verdict.problems(Story(found, played.deeds, stored, outbox, weather.uncertain, weather.conflicts))
    yield from invariants(world, stored)
