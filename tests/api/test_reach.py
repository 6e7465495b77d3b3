"""Every operation can be reached in both path forms, no request scans, and no file of operations is left out."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

import chalicelib.api.resources as package
from chalicelib.api.operation import Operation
from chalicelib.api.resources import OPERATIONS
from tests.api.helpers import NOWHERE, staff
from tests.api.scene import OPERATION, Scene
from tests.api.shelf import Shelf
from tests.api.watch import Watched, watched
from tests.world import Answer, World

FORMS = [
    pytest.param(operation, base, id=f"{operation.name}-{form}")
    for operation in OPERATIONS
    for form, base in (("long", "/v1/accounts/acme"), ("short", "/v1"))
    if operation.path or form == "long"
]
LISTS = [operation.path for operation in OPERATIONS if operation.name.endswith(".list") and "{" not in operation.path]


@pytest.mark.parametrize(("operation", "base"), FORMS)
def test_every_record_is_reachable(shared_world: World, operation: Operation, base: str) -> None:
    nothing = shared_world.tools.new_id()
    path = base + operation.path.replace("{id}", nothing).replace("{child}", nothing)
    for method in operation.methods:
        for as_ in (None, staff(shared_world, "admin")):
            answer = shared_world.send(method, path, as_=as_)
            assert answer.status < 500
            assert as_ or answer.status in (200, 204, 400, 401, 404)
            if answer.status == 404:
                assert nothing in answer.errors[0]["detail"]


def test_no_request_scans(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    world = World(Watched(shelf))
    scene = Scene(world)
    world.listen("*")
    shelf.keep("built")
    with watched(world) as calls:
        for name in OPERATION:
            answers = [
                _as_built(shelf, scene, name, bearer) for bearer in ("admin", "product", "owner", "license-token")
            ]
            assert any(answer.status < 300 for answer in answers) or name == "license.reinstate"
        for query in ("limit=3", "order=asc", "page[number]=2&page[size]=1", f"page[cursor]={NOWHERE}"):
            for path in LISTS:
                assert world.get(f"/v1{path}?{query}").status == 200
    shelf.close()
    assert {"GetItem", "BatchGetItem", "Query", "TransactWriteItems"} <= set(calls)
    assert "Scan" not in calls


def _as_built(shelf: Shelf, scene: Scene, name: str, bearer: str) -> Answer:
    shelf.put_back("built")
    return scene.send(name, bearer)


def test_every_file_is_listed() -> None:
    """A module below `resources` that declares OPERATIONS must have all of them in the one tuple."""
    root = Path(package.__file__).parent
    listed = {id(operation) for operation in OPERATIONS}
    declared = []
    for file in sorted(root.rglob("*.py")):
        parts = file.relative_to(root).with_suffix("").parts
        module = importlib.import_module(".".join(("chalicelib.api.resources", *parts)))
        if parts[-1] != "__init__":
            declared += list(getattr(module, "OPERATIONS", ()))
    assert [operation.name for operation in declared if id(operation) not in listed] == []
    assert len(declared) == len(OPERATIONS)
    assert len({operation.name for operation in OPERATIONS}) == len(OPERATIONS)
