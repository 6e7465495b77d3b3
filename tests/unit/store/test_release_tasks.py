"""What hangs on deleted releases, and the releases of deleted products: gone in the end (STORE §4.2)."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from chalicelib.licensing.errors import Unavailable
from chalicelib.store import tasks
from chalicelib.store.table import Outbox, Row
from chalicelib.store.tasks import steps
from tests.api.releases.shipping import artifact, entitlement, release
from tests.races.crowd import Watched, crowd, rows
from tests.unit.store.fakes import failed
from tests.world import World

SEVERAL = 4
"""More than a page of three."""


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "PAGE", 3)


class Shelves:
    """A product with releases of several artifacts and constraints each, and another one."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.entitlements = [entitlement(world, f"code-{number}") for number in range(SEVERAL)]
        self.product, self.other = world.product()["id"], world.product()["id"]
        self.releases = [self._release(self.product, number) for number in range(SEVERAL)]
        self.kept = self._release(self.other, 0)

    def _release(self, product: str, number: int) -> str:
        made = release(self.world, product, self.entitlements, version=str(number), tag=f"tag-{number}")
        for name in range(SEVERAL):
            artifact(self.world, made["id"], str(name), checksum="same")
        return str(made["id"])

    def delete(self, path: str) -> None:
        assert self.world.send("DELETE", f"/v1/{path}").status == 204

    def work(self, repeat: int = 1) -> None:
        """Run what is announced, and what that announces, to its end; each pass several times side by side."""
        while announced := rows(self.world, Outbox, "task"):
            crowd([lambda task=task: self.run(task) for task in announced * repeat])  # type: ignore[misc]

    def run(self, task: Any) -> None:
        tasks.run(self.world.database, task, self.world.service.new_id, self.world.clock.now())

    def left(self) -> dict[str, set[str]]:
        """The releases that are stored, and those that have artifacts or constraints."""
        world = self.world
        constraints = [one for one in rows(world, Row, "attachment") if one["attached"] == "release-constraint"]
        return {
            "releases": {one["id"] for one in rows(world, Row, "release")},
            "artifacts": {one["release_id"] for one in rows(world, Row, "artifact")},
            "constraints": {one["holder_id"] for one in constraints},
        }

    def guards(self) -> int:
        names = ("#version#", "#tag#", "#filename#")
        return sum(any(name in one["pk"] for name in names) for one in rows(self.world, Row, "unique"))


@pytest.fixture
def shelves(world: World) -> Shelves:
    return Shelves(world)


def everywhere(*releases: str) -> dict[str, set[str]]:
    return {kind: set(releases) for kind in ("releases", "artifacts", "constraints")}


@pytest.mark.parametrize("repeat", [1, 3])
def test_a_release(shelves: Shelves, repeat: int) -> None:
    gone, *rest = shelves.releases
    shelves.delete(f"releases/{gone}")
    shelves.work(repeat)
    assert shelves.left() == everywhere(*rest, shelves.kept)
    assert shelves.guards() == (len(rest) + 1) * (SEVERAL + 2)


@pytest.mark.parametrize("repeat", [1, 3])
def test_a_product(shelves: Shelves, repeat: int) -> None:
    shelves.delete(f"products/{shelves.product}")
    shelves.work(repeat)
    assert shelves.left() == everywhere(shelves.kept)
    assert shelves.guards() == SEVERAL + 2


def test_entitlements(shelves: Shelves) -> None:
    for one in shelves.entitlements:
        shelves.delete(f"entitlements/{one}")
    shelves.work()
    assert shelves.left() == everywhere(*shelves.releases, shelves.kept) | {"constraints": set()}


@pytest.mark.parametrize("fatal", range(1, 16, 2))
def test_interrupted_anywhere_it_is_taken_up_again(shelves: Shelves, watched: Watched, fatal: int) -> None:
    gone, *rest = shelves.releases
    shelves.delete(f"releases/{gone}")
    [task], written = rows(shelves.world, Outbox, "task"), 0

    def before(operation: str, parameters: Any) -> None:
        nonlocal written
        written += operation in ("TransactWriteItems", "UpdateItem", "DeleteItem")
        if written >= fatal:
            raise failed("ThrottlingException")

    watched.before = before
    with suppress(Unavailable):
        shelves.run(task)
    watched.before = None
    shelves.work()
    assert shelves.left() == everywhere(*rest, shelves.kept)
