"""Request documents: what an operation takes, and the one error of a document that is something else.

A schema is data. `check` walks it in the passes of spec http.md §5.2: undeclared members in document order, members
of other roles, coercion, then values depth-first in schema order, children before their parent. Documents arrive
with keys already in snake_case; pointers go out in camelCase.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, NoReturn

import msgspec
from msgspec.structs import replace

from chalicelib.licensing.clock import parse_input
from chalicelib.licensing.errors import BadRequest, Problem
from chalicelib.licensing.identifiers import is_uuid, normal_uuid
from chalicelib.licensing.metadata import camel, depth_problem_path

STRING, INTEGER, BOOLEAN, OBJECT, ARRAY = "string", "integer", "boolean", "object", "array"
TIME, UUID, METADATA = "time", "UUID string", "metadata"

Path = tuple[str | int, ...]
ABSENT: Any = object()


class Member(msgspec.Struct, frozen=True):
    """One member of a document.

    `nullable` members keep null; optional others drop it. `roles` are those that may send it, None for all.
    `bounds` of an integer (inclusive) are those of what stores it, where no rule of the field has closer ones; one that
    is `cut` may be sent with a fraction, which is dropped.
    """

    type: str
    required: bool = False
    nullable: bool = False
    blank: bool = False
    roles: frozenset[str] | None = None
    choices: tuple[str, ...] | None = None
    length: tuple[int, int] | None = None
    bounds: tuple[int, int] | None = None
    cut: bool = False
    members: Mapping[str, Member] = msgspec.field(default_factory=dict)
    element: Member | None = None


def text(**options: Any) -> Member:
    """A string, not blank unless said."""
    return Member(STRING, **options)


def integer(**options: Any) -> Member:
    """A whole number; 5.0 and "5" are none, unless it is `cut`, then 5.0 is."""
    return Member(INTEGER, **options)


def boolean(**options: Any) -> Member:
    """true or false."""
    return Member(BOOLEAN, **options)


def instant(**options: Any) -> Member:
    """A time: ISO 8601 text, or Unix seconds as number or digits; "" is null."""
    return Member(TIME, **options)


def metadata(**options: Any) -> Member:
    """An object of anything, at most two containers deep."""
    return Member(METADATA, **options)


def texts(**options: Any) -> Member:
    """An array of strings."""
    return Member(ARRAY, element=Member(STRING, required=True), **options)


def fields(members: Mapping[str, Member], **options: Any) -> Member:
    """An object with exactly these members."""
    return Member(OBJECT, members=members, **options)


def linkage(*types: str, **options: Any) -> Member:
    """A to-one relationship: `{"data": {"type", "id"}}`; a nullable one may link to null."""
    to_one = fields(
        {"type": text(required=True, choices=types), "id": Member(UUID, required=True)},
        required=True,
        nullable=options.get("nullable", False),
    )
    return fields({"data": to_one}, **options)


def document(
    types: tuple[str, ...],
    attributes: Mapping[str, Member],
    relationships: Mapping[str, Member] | None = None,
    *,
    identifier: Member | None = None,
    attributes_required: bool = True,
    relationships_required: bool = False,
    data_required: bool = True,
    parameters: Mapping[str, Member] | None = None,
) -> Member:
    """The envelope of a resource: `data` with type, attributes and relationships; `parameters` go under `meta`."""
    members: dict[str, Member] = {"type": text(required=True, choices=types)}
    if identifier is not None:
        members["id"] = identifier
    members["attributes"] = fields(attributes, required=attributes_required)
    if relationships is not None:
        members["relationships"] = fields(relationships, required=relationships_required)
    beside = {} if parameters is None else {"meta": fields(parameters)}
    return fields({"data": fields(members, required=data_required), **beside})


def meta(members: Mapping[str, Member], *, required: bool = False) -> Member:
    """The envelope of an action: parameters under `meta`."""
    return fields({"meta": fields(members, required=required)})


def spellings(singular: str, plural: str) -> tuple[str, ...]:
    """How `data.type` may be written (spec http.md §5.2): singular or plural; several words joined any usual way."""
    words = [(singular.replace("-", joint), plural.replace("-", joint)) for joint in ("-", "_")]
    return tuple(
        dict.fromkeys(name for pair in words for name in (*pair, *(camel(one.replace("-", "_")) for one in pair)))
    )


def check(schema: Member, value: Mapping[str, Any], role: str | None) -> dict[str, Any]:
    """`value` as `schema` wants it, absent members left out. Raises BadRequest with the one error."""
    _undeclared(schema, value, ())
    _forbidden(schema, value, (), role)
    coerced = _coerced(schema, value, ())
    checked: dict[str, Any] = _checked(replace(schema, required=True), coerced, ())
    return checked


def refuse(detail: str, path: Path) -> NoReturn:
    """A 400 at a member of the document."""
    raise BadRequest(Problem(detail, pointer=pointer(path)))


def pointer(path: Path) -> str:
    """The JSON pointer of a path, keys in camelCase."""
    return "/" + "/".join(str(part) if isinstance(part, int) else camel(part) for part in path)


def _children(schema: Member, value: Any, path: Path) -> Iterator[tuple[Member | None, Any, Path]]:
    if schema.type == OBJECT and isinstance(value, Mapping):
        for name, child in value.items():
            yield schema.members.get(name), child, (*path, name)
    elif schema.type == ARRAY and isinstance(value, list) and schema.element is not None:
        for index, child in enumerate(value):
            yield schema.element, child, (*path, index)


def _undeclared(schema: Member, value: Any, path: Path) -> None:
    for member, child, where in _children(schema, value, path):
        if member is None:
            refuse("unpermitted parameter", where)
        _undeclared(member, child, where)


def _forbidden(schema: Member, value: Any, path: Path, role: str | None) -> None:
    for member, child, where in _children(schema, value, path):
        assert member is not None
        if member.roles is not None and role not in member.roles:
            refuse("unpermitted parameter", where)
        _forbidden(member, child, where, role)


def _coerced(schema: Member, value: Any, path: Path) -> Any:
    if schema.type == TIME and (isinstance(value, str) or type(value) is int):
        return _instant(value, path)
    if schema.cut and isinstance(value, float):
        return int(value)
    if schema.type == OBJECT and isinstance(value, Mapping):
        return {
            name: _coerced(schema.members[name], child, (*path, name)) if name in schema.members else child
            for name, child in value.items()
        }
    return value


def _instant(value: str | int, path: Path) -> datetime | None:
    try:
        return parse_input(value)
    except (ValueError, OverflowError):
        refuse(f"failed to coerce {received(value)} to time", path)


def received(value: Any) -> str:
    """The name of a JSON type as errors tell it."""
    if value is None:
        return "null"
    for name, kinds in _JSON_TYPES:
        if isinstance(value, kinds):
            return name
    return "time"


_JSON_TYPES: tuple[tuple[str, type | tuple[type, ...]], ...] = (
    ("boolean", bool),
    ("integer", int),
    ("float", float),
    ("string", str),
    ("object", Mapping),
    ("array", list),
)


def _checked(schema: Member, value: Any, path: Path) -> Any:
    """The checked value, ABSENT for an optional member that is not there or null."""
    if value is ABSENT:
        if schema.required:
            refuse("is missing", path)
        return ABSENT
    if value is None:
        return _null(schema, path)
    return _CHECKS[schema.type](schema, value, path)


def _null(schema: Member, path: Path) -> Any:
    if schema.nullable:
        return None
    if schema.required:
        refuse("cannot be null", path)
    return ABSENT


def _expect(matches: bool, schema: Member, value: Any, path: Path) -> None:
    if not matches:
        expected = OBJECT if schema.type == METADATA else schema.type
        refuse(f"type mismatch (received {received(value)} expected {expected})", path)


def _string(schema: Member, value: Any, path: Path) -> str:
    _expect(isinstance(value, str), schema, value, path)
    if not schema.blank and not value.strip():
        refuse("cannot be blank", path)
    if schema.choices is not None and value not in schema.choices:
        refuse("is invalid", path)
    return str(value)


def _integer(schema: Member, value: Any, path: Path) -> int:
    _expect(type(value) is int, schema, value, path)
    if schema.bounds is not None and not schema.bounds[0] <= value <= schema.bounds[1]:
        refuse("integer is too large", path)
    return int(value)


def _boolean(schema: Member, value: Any, path: Path) -> bool:
    _expect(isinstance(value, bool), schema, value, path)
    return bool(value)


def _time(schema: Member, value: Any, path: Path) -> datetime:
    _expect(isinstance(value, datetime), schema, value, path)
    assert isinstance(value, datetime)
    return value


def _uuid(schema: Member, value: Any, path: Path) -> str:
    if not isinstance(value, str):
        _expect(False, schema, value, path)
    if not is_uuid(value):
        refuse("type mismatch (received string expected UUID string)", path)
    return normal_uuid(value)


def _metadata(schema: Member, value: Any, path: Path) -> dict[str, Any]:
    _expect(isinstance(value, Mapping), schema, value, path)
    deep = depth_problem_path(value)
    if deep is not None:
        refuse("maximum depth of 2 exceeded", (*path, *deep))
    return dict(value)


def _object(schema: Member, value: Any, path: Path) -> dict[str, Any]:
    _expect(isinstance(value, Mapping), schema, value, path)
    checked = {
        name: _checked(member, value.get(name, ABSENT), (*path, name)) for name, member in schema.members.items()
    }
    return {name: child for name, child in checked.items() if child is not ABSENT}


def _array(schema: Member, value: Any, path: Path) -> list[Any]:
    _expect(isinstance(value, list), schema, value, path)
    assert schema.element is not None
    checked = [_checked(schema.element, child, (*path, index)) for index, child in enumerate(value)]
    if schema.length is not None and not schema.length[0] <= len(checked) <= schema.length[1]:
        refuse(f"length must be between {schema.length[0]} and {schema.length[1]} (inclusive)", path)
    return checked


_CHECKS: Mapping[str, Callable[[Member, Any, Path], Any]] = {
    STRING: _string,
    INTEGER: _integer,
    BOOLEAN: _boolean,
    OBJECT: _object,
    ARRAY: _array,
    TIME: _time,
    UUID: _uuid,
    METADATA: _metadata,
}
