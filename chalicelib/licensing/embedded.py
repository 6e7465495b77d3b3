"""Records that a document carries inside another one (spec machines.md §4.7, resources.md §9.1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec.structs import replace

from chalicelib.licensing.errors import InvalidState, Problem

MAXIMUM = 20


def check_count(records: Sequence[object]) -> None:
    """Raises InvalidState for more than `MAXIMUM`, whatever is in them."""
    if len(records) > MAXIMUM:
        raise InvalidState(Problem("too many records"))


def inside(relationship: str, index: int, found: Iterable[Problem | None]) -> Iterator[Problem]:
    """Problems of a record on its own, as those of the one at `index` of `relationship`."""
    for problem in found:
        if problem is not None:
            assert problem.code is not None and problem.pointer is not None
            place = problem.pointer.removeprefix("/data")
            pointer = f"/data/relationships/{relationship}/data/{index}{place}"
            yield replace(problem, code=f"{relationship.upper()}_{problem.code}", pointer=pointer)
