"""Every operation can be reached in both path forms, no request scans, and no file of operations is left out."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

import chalicelib.api.resources as package
from chalicelib.api.operation import Operation
from chalicelib.api.resources import OPERATIONS
from tests.api.helpers import NOWHERE
from tests.api.test_matrix import Scene
from tests.api.watch import watched
from tests.world import World

FORMS = [
    pytest.param(operation, base, id=f"{operation.name}-{form}")
    for operation in OPERATIONS
    for form, base in (("long", "/v1/accounts/acme"), ("short", "/v1"))
    if operation.path or form == "long"
]


@pytest.mark.parametrize(("operation", "base"), FORMS)
def test_every_record_is_reachable(shared_world: World, operation: Operation, base: str) -> None:
    path = base + operation.path.replace("{id}", NOWHERE)
    for method in operation.methods:
        answer = shared_world.send(method, path, as_=None)
        assert answer.status in (200, 204, 400, 401), answer.raw
        with_id = shared_world.send(method, path)
        assert with_id.status < 500
        if with_id.status == 404:
            assert NOWHERE in with_id.errors[0]["detail"]


def test_no_request_scans(world: World) -> None:
    scene = Scene(world)
    world.listen("*")
    with watched(world) as calls:
        for operation in sorted(OPERATIONS, key=lambda one: "DELETE" in one.methods):
            for bearer in scene.bearers:
                scene.send(operation.name, bearer)
        for query in ("limit=3", "order=asc", "page[number]=2&page[size]=1", f"page[cursor]={NOWHERE}"):
            for kind in ("products", "policies", "licenses"):
                assert world.get(f"/v1/{kind}?{query}").status == 200
    assert {"GetItem", "BatchGetItem", "Query", "TransactWriteItems"} <= set(calls)
    assert "Scan" not in calls


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
