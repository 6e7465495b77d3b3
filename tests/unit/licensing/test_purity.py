"""The rules of the room: the standard library and msgspec's value types, no clock, no randomness."""

from __future__ import annotations

import ast
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

import chalicelib.licensing

ROOM = Path(chalicelib.licensing.__file__).parent
MODULES = sorted(ROOM.rglob("*.py"))
FORBIDDEN = {"random", "secrets", "time", "uuid", "os", "socket", "subprocess", "threading", "asyncio", "logging"}


def imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, "absolute imports only"
            yield node.module or ""


def read_attributes(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            yield f"{node.value.id}.{node.attr}"


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOM)))
def test_a_module_keeps_the_rules(module: Path) -> None:
    source = module.read_text(encoding="utf-8")
    tree = ast.parse(source)
    for name in imported(tree):
        top = name.split(".")[0]
        assert name.startswith("chalicelib.licensing") or top in sys.stdlib_module_names or top == "msgspec", name
        assert top not in FORBIDDEN, name
    assert not {"datetime.now", "datetime.utcnow", "datetime.today", "date.today"} & set(read_attributes(tree))
    assert source.count("\n") <= 200
    assert ast.get_docstring(tree) or not source.strip()


def test_every_public_function_and_class_is_documented() -> None:
    for module in MODULES:
        for node in ast.parse(module.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
                assert ast.get_docstring(node), f"{module.name}: {node.name}"


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOM)))
def test_values_cannot_be_changed(module: Path) -> None:
    name = ".".join(("chalicelib.licensing", *module.relative_to(ROOM).with_suffix("").parts))
    for value in vars(importlib.import_module(name.removesuffix(".__init__"))).values():
        if isinstance(value, type) and issubclass(value, msgspec.Struct) and value is not msgspec.Struct:
            assert value.__struct_config__.frozen, value


def test_functions_are_short() -> None:
    lengths = sorted(
        (node.end_lineno or 0) - node.lineno + 1
        for module in MODULES
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
    )
    assert lengths[len(lengths) // 2] <= 6
    assert lengths[len(lengths) * 9 // 10] <= 25
