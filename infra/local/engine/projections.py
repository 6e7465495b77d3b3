"""Projection expressions: the wanted parts of an item, in the shape the item has."""

from dataclasses import dataclass
from typing import Any

from .syntax import Path, Reader, refuse_overlaps
from .values import AttributeValue, Item

Tree = dict[str | int, Any]


@dataclass(frozen=True, slots=True)
class Projection:
    """Wanted paths, as a tree whose leaves are None."""

    tree: Tree

    def attributes(self) -> set[str]:
        """Names of the wanted top-level attributes."""
        return {str(name) for name in self.tree}

    def apply(self, item: Item) -> Item:
        """The wanted parts of `item`; parts that it lacks are left out."""
        return _members(item, self.tree)


def _members(members: Item, tree: Tree) -> Item:
    result = {}
    for name, below in tree.items():
        part = _part(members.get(str(name)), below)
        if part is not None:
            result[str(name)] = part
    return result


def _part(value: AttributeValue | None, tree: Tree | None) -> AttributeValue | None:
    if value is None or tree is None:
        return value
    if "M" in value:
        members = _members(value["M"], tree)
        return {"M": members} if members else None
    if "L" in value:
        wanted = sorted(step for step in tree if isinstance(step, int) and step < len(value["L"]))
        parts = [_part(value["L"][step], tree[step]) for step in wanted]
        found = [part for part in parts if part is not None]
        return {"L": found} if found else None
    return None


def parse_projection(reader: Reader) -> Projection:
    """Reads a whole projection expression. Raises Refusal."""
    paths: list[Path] = [reader.path()]
    while reader.accept(","):
        paths.append(reader.path())
    reader.finish()
    refuse_overlaps(reader.kind, paths)
    tree: Tree = {}
    for path in paths:
        below = tree
        for step in path[:-1]:
            below = below.setdefault(step, {})
        below[path[-1]] = None
    return Projection(tree)
