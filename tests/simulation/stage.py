"""Worlds to begin from: two licenses, two owners, a group, a token, some machines; sixteen of them, each built once."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from random import Random
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

from chalicelib.admin.bootstrap import Tools
from chalicelib.store.transport import Transport
from tests.api.helpers import user
from tests.api.installing import activated, add, limited, part, ping, spawn
from tests.api.licenses.cast import grouped, owned, path
from tests.simulation.baton import Baton
from tests.simulation.store import Memory, OneAfterTheOther, Turns
from tests.world import START, Clock, World

W = TypeVar("W", bound=World)
STAGES = 16
D = 60
MAX_MACHINES, MAX_CORES, MAX_PROCESSES, MAX_TOKEN, MAX_GROUP = 2, 6, 2, 1, 2


class Ids:
    """Ids that follow from a seed."""

    def __init__(self, seed: str) -> None:
        self.chance = Random(seed)

    def __call__(self) -> str:
        return str(UUID(int=self.chance.getrandbits(128), version=4))


class Play(World):
    """A world in which one actor moves at a time."""

    baton: Baton
    turns: Turns

    def __post_init__(self) -> None:
        super().__post_init__()
        self.baton = Baton()
        self.turns = Turns(self.transport, self.baton)
        self.database: OneAfterTheOther = OneAfterTheOther(self.turns)
        self.tools = Tools(self.database, self.vault, self.clock.now, self.tools.new_id, self.tools.random_hex)
        self.serve()

    def seed(self, seed: str) -> None:
        """Everything that is drawn follows from the seed from now on."""
        ids = Ids(seed)
        self.service.new_id = self.service.new_event_id = ids
        self.tools = Tools(self.database, self.vault, self.clock.now, ids, self.tools.random_hex)
        self.database.chance = ids.chance


class Shelf(Protocol):
    """Where a store can be kept as it is, and put back."""

    transport: Transport

    def keep(self) -> Any:
        """The store as it is now."""

    def put_back(self, kept: Any) -> None:
        """The store as it was then."""


@dataclass
class Stage(Generic[W]):
    """A world with what is in it by short names; `kept` is how it was built.

    `per_user`: leases are the users'. `wide`: names are unique in the account. `beating`: machines must ping. `heard`:
    somebody listens to everything.
    """

    number: int
    world: W
    shelf: Shelf
    ids: dict[str, str] = field(default_factory=dict)
    token: str = ""
    kept: Any = None

    def __post_init__(self) -> None:
        self.per_user, self.wide, self.beating, self.heard = (bool(self.number >> bit & 1) for bit in range(4))
        process = ("PER_MACHINE", "PER_LICENSE")[self.number >> 1 & 1]
        self.leasing, self.process_leasing = ("PER_USER", "PER_USER") if self.per_user else ("PER_LICENSE", process)

    @property
    def began(self) -> datetime:
        """The instant at which acts begin: half a second before a heartbeat is over."""
        return START + timedelta(seconds=D - 0.5)

    def put_back(self) -> None:
        """As it was built."""
        self.shelf.put_back(self.kept)
        self.world.clock.instant = self.began


@cache
def stage(number: int) -> Stage[Play]:
    """The stage of a number, built once a process."""
    memory = Memory()
    built = Stage(number, Play(memory.transport, clock=Clock(START)), memory)
    built.world.seed(f"stage {number}")
    build(built)
    return built


def build(built: Stage[Any]) -> None:
    """Fill a stage and keep it."""
    world = built.world
    _catalog(built)
    _machines(built)
    if built.heard:
        world.listen("*")
    world.clock.instant = built.began
    built.kept = built.shelf.keep()
    # So that what the service remembers, of the account and of who listens, is the same in every run.
    assert world.post(path({"id": built.ids["one"]}, "actions/validate")).status == 200


def _catalog(built: Stage[Any]) -> None:
    world, ids = built.world, built.ids
    unique = "UNIQUE_PER_ACCOUNT" if built.wide else "UNIQUE_PER_LICENSE"
    beat = {"requireHeartbeat": True, "heartbeatDuration": D, "heartbeatBasis": "FROM_CREATION"}
    common: dict[str, Any] = {
        "floating": True,
        "authenticationStrategy": "MIXED",
        "maxMachines": MAX_MACHINES,
        "maxCores": MAX_CORES,
        "maxProcesses": MAX_PROCESSES,
        "machineLeasingStrategy": built.leasing,
        "processLeasingStrategy": built.process_leasing,
        "machineUniquenessStrategy": unique,
        "componentUniquenessStrategy": unique if built.wide else "UNIQUE_PER_MACHINE",
        "duration": 86_400 * 30,
        "expirationBasis": "FROM_FIRST_ACTIVATION",
        **(beat if built.beating else {"heartbeatDuration": D}),
    }
    product = world.product()["id"]
    for name in ("one", "two"):
        ids[f"policy {name}"] = world.policy(product, **common)["id"]
    ids["ann"], ids["bob"] = user(world).id, user(world).id
    ids["group"] = grouped(world, maxMachines=MAX_GROUP)["id"]
    for name in ("one", "two"):
        ids[name] = owned(world, None, ids[f"policy {name}"])["id"]
        users = [{"type": "users", "id": ids[each]} for each in ("ann", "bob")]
        assert world.post(path({"id": ids[name]}, "users"), {"data": users}).status == 201
    built.token = limited(world, {"id": ids["one"]}, maxActivations=MAX_TOKEN, maxDeactivations=MAX_TOKEN)[0]


def _machines(built: Stage[Any]) -> None:
    """One of ann's with components and a process, in the group; one of nobody's on the other license."""
    world, ids = built.world, built.ids
    one, two = {"id": ids["one"]}, {"id": ids["two"]}
    first = activated(world, one, "a", owner=ids["ann"], group=ids["group"], cores=2, parts=[part("x")])
    ids["m1"], ids["m2"] = first["id"], activated(world, two, "b", cores=1)["id"]
    process = spawn(world, first, "1")
    assert (process.status, add(world, first, "y").status, ping(world, first).status) == (201, 201, 200)
    ids["p1"] = process.data["id"]
