"""The sweep and deliveries: whatever stops them, they come again until their work is done."""

from __future__ import annotations

from chalicelib.store.table import Outbox
from tests.faults.cases.licenses import DAY, license, meter
from tests.faults.operation import Context, Operation, job, later
from tests.races.crowd import feed, rows
from tests.world import World

EVERYTHING = ("*",)


def sweep(world: World, context: Context) -> bool:
    """Run the sweep; whether nothing was lost to others."""
    return world.sweep().lost == 0


def _soon(world: World, context: Context) -> int:
    return int("expiring_soon_sent" in meter(world, context))


def _delivering(world: World) -> Context:
    delivered: list[str] = []
    world.listen("*")
    world.product()
    return {"delivered": delivered, "feed": feed(world, "event")}


def _deliver(world: World, context: Context) -> bool:
    stream = world.stream()
    stream.channels = {"log": lambda delivery: context["delivered"].append(delivery["id"])}
    stream.failed = lambda sequence, error: None
    return not stream.handle(context["feed"])["batchItemFailures"]


def _delivered(world: World, context: Context) -> int:
    done = [item for item in rows(world, Outbox, "delivery") if item["status"] == "DELIVERED"]
    assert len(done) <= 1
    return len(done)


OPERATIONS = (
    Operation("sweep", later(license(duration=DAY), hours=1), job(sweep), _soon, job=True),
    Operation("sweep-subscribed", later(license(duration=DAY), hours=1), job(sweep), _soon, EVERYTHING, job=True),
    Operation("deliver", _delivering, job(_deliver), _delivered, job=True),
)
