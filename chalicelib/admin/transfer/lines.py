"""From lines of a file, or resource objects, to what kinds can decide on, in runs of one kind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from chalicelib.admin.transfer.document import Sent, read
from chalicelib.admin.transfer.kind import Kind
from chalicelib.admin.transfer.report import Rejected, Rejection
from chalicelib.licensing.identifiers import is_uuid, normal_uuid
from chalicelib.licensing.metadata import normal_keys

Source = Mapping[str, Any] | str | bytes
"""A resource object, or one as JSON text; an empty text is no resource."""

LONGEST = 350_000
"""Bytes of one resource as JSON: what the store takes as one item, with room for what comes along."""
LONGEST_TYPE = 40


class Work(msgspec.Struct, frozen=True):
    """What there is to do: a kind, and what the line says."""

    kind: Kind
    sent: Sent


class Line(msgspec.Struct):
    """A line on its way: `work` until it is done, the `reason` when it was rejected; an empty one has neither.

    `size` is in bytes as JSON, `attempts` counts how often its writes failed.
    """

    number: int
    type: str | None = None
    id: str | None = None
    work: Work | None = None
    reason: str | None = None
    size: int = 0
    attempts: int = 0

    def rejection(self, reason: str) -> Rejection:
        """The line as a report has it."""
        return Rejection(self.number, self.type, self.id, reason)


def runs(lines: Iterable[Line], size: int) -> Iterator[list[Line]]:
    """Lines of one kind that follow each other, at most `size` of them; rejected and empty ones go along."""
    run: list[Line] = []
    kind: Kind | None = None
    for line in lines:
        other = line.work is not None and kind is not None and line.work.kind is not kind
        if len(run) == size or other:
            yield run
            run, kind = [], None
        run.append(line)
        kind = line.work.kind if line.work is not None else kind
    if run:
        yield run


def parsed(number: int, source: Source, kinds: Mapping[str, Kind]) -> Line:
    """A line as its kind reads it, or the reason why it cannot."""
    line = Line(number)
    try:
        resource = _resource(line, source)
        if resource is not None:
            _name(line, resource)
            kind = _kind(resource, kinds)
            line.work = Work(kind, read(kind.shape, resource))
    except Rejected as rejected:
        line.reason = rejected.reason
    return line


def _resource(line: Line, source: Source) -> dict[str, Any] | None:
    """The object with normalised keys; whatever is no JSON by itself is made so, or refused."""
    problem = "is no JSON"
    try:
        text = source if isinstance(source, str | bytes) else msgspec.json.encode(source)
        if not text.strip():
            return None
        line.size = len(text)
        if line.size > LONGEST:
            raise Rejected(f"is longer than {LONGEST} bytes")
        value = normal_keys(msgspec.json.decode(text))
    except (ValueError, TypeError, OverflowError, RecursionError):
        value = None
    else:
        problem = "is no resource object"
    # Raised out here: what was sent would go along as the cause.
    if not isinstance(value, dict):
        raise Rejected(problem)
    return value


def _name(line: Line, resource: Mapping[str, Any]) -> None:
    named, identifier = resource.get("type"), resource.get("id")
    line.type = named[:LONGEST_TYPE] if isinstance(named, str) else None
    line.id = normal_uuid(identifier) if isinstance(identifier, str) and is_uuid(identifier) else None


def _kind(resource: Mapping[str, Any], kinds: Mapping[str, Kind]) -> Kind:
    named = resource.get("type")
    if not isinstance(named, str):
        raise Rejected("type: is missing")
    kind = kinds.get(named)
    if kind is None:
        raise Rejected(f"type: {named[:LONGEST_TYPE]} cannot be imported")
    return kind
