"""Update expressions: SET, REMOVE, ADD and DELETE, applied to a copy of the item."""

from collections.abc import Callable, Mapping, MutableMapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from . import decimals
from .conditions import Attribute, Given, Values
from .errors import refuse
from .syntax import Path, Reader, refuse_overlaps
from .values import SET_TYPES, AttributeValue, Item, sorted_set, tag_of

_INVALID_PATH = "The document path provided in the update expression is invalid for update"
_ABSENT = "The provided expression refers to an attribute that does not exist in the item"
_WRONG_TYPE = "An operand in the update expression has an incorrect data type"


@dataclass(frozen=True, slots=True)
class IfNotExists:
    """The value at a path, else the fallback."""

    attribute: Attribute
    fallback: "Source"


@dataclass(frozen=True, slots=True)
class Join:
    """Two operands and what makes one of them: plus, minus or list_append."""

    operator: str
    left: "Source"
    right: "Source"


Source = Attribute | Given | IfNotExists | Join

_JOINS: dict[str, tuple[str, Callable[[Any, Any], Any]]] = {
    "+": ("N", decimals.add),
    "-": ("N", decimals.subtract),
    "list_append": ("L", list.__add__),
}


def _evaluate(source: Source, item: Item, values: Values) -> AttributeValue:
    if isinstance(source, Join):
        tag, join = _JOINS[source.operator]
        left, right = _evaluate(source.left, item, values), _evaluate(source.right, item, values)
        if tag not in left or tag not in right:
            refuse(_WRONG_TYPE)
        return {tag: join(left[tag], right[tag])}
    if isinstance(source, IfNotExists):
        found = source.attribute.read(item, values)
        return _evaluate(source.fallback, item, values) if found is None else found
    value = source.read(item, values)
    if value is None:
        refuse(_ABSENT)
    return value


def _check(source: Source, values: Values) -> None:
    if isinstance(source, IfNotExists):
        _check(source.fallback, values)
    elif isinstance(source, Join):
        tag = _JOINS[source.operator][0]
        for operand in (source.left, source.right):
            _check(operand, values)
            if isinstance(operand, Given) and tag not in values[operand.name]:
                refuse(f"Incorrect operand type for operator or function; operator or function: {source.operator}")


@dataclass(frozen=True, slots=True)
class Update:
    """A parsed update expression."""

    sets: tuple[tuple[Path, Source], ...] = ()
    removes: tuple[Path, ...] = ()
    adds: tuple[tuple[Path, str], ...] = ()
    deletes: tuple[tuple[Path, str], ...] = ()

    def paths(self) -> list[Path]:
        """Every path the update writes."""
        return [*(path for path, _ in self.sets + self.adds + self.deletes), *self.removes]

    def check(self, values: Values) -> None:
        """Refuses operands that are wrong for any item."""
        for _, source in self.sets:
            _check(source, values)
        for names, allowed in ((self.adds, SET_TYPES | {"N"}), (self.deletes, SET_TYPES)):
            for _, name in names:
                if tag_of(values[name]) not in allowed:
                    refuse("Incorrect operand type for operator or function in an update expression")

    def apply(self, item: Item, values: Values) -> Item:
        """The item after the update; `item` stays as it is. Raises Refusal."""
        result = dict(item)
        for name in {str(path[0]) for path in self.paths() if len(path) > 1}:
            if name in result:
                result[name] = deepcopy(result[name])
        changes = [(path, _evaluate(source, item, values)) for path, source in self.sets]
        changes += [(path, _added(_read(item, path), values[name])) for path, name in self.adds]
        removes = list(self.removes)
        for path, name in self.deletes:
            _holder(result, path)
            kept = _without(_read(item, path), values[name])
            if kept is not None:
                changes.append((path, kept))
            else:
                removes.append(path)
        # Ascending positions let members behind the end of a list follow in order; removals count from behind,
        # because all positions mean the list as it was.
        for path, value in sorted(changes, key=_position):
            _put(result, path, value)
        for path in sorted(removes, key=_position, reverse=True):
            _drop(result, path)
        return result


def _position(entry: Any) -> int:
    path = entry[0] if isinstance(entry[0], tuple) else entry
    return path[-1] if isinstance(path[-1], int) else -1


def _read(item: Item, path: Path) -> AttributeValue | None:
    return Attribute(path).read(item, {})


def _added(old: AttributeValue | None, value: AttributeValue) -> AttributeValue:
    if old is None:
        return value
    tag = tag_of(value)
    if tag not in old:
        refuse(_WRONG_TYPE)
    if tag == "N":
        return {"N": decimals.add(old["N"], value["N"])}
    return sorted_set(tag, {*old[tag], *value[tag]})


def _without(old: AttributeValue | None, value: AttributeValue) -> AttributeValue | None:
    if old is None:
        return None
    tag = tag_of(value)
    if tag not in old:
        refuse(_WRONG_TYPE)
    left = {*old[tag]} - {*value[tag]}
    return sorted_set(tag, left) if left else None


def _holder(item: Item, path: Path) -> Any:
    """The dictionary or list that holds the last step of a path."""
    holder: Any = item
    for position, step in enumerate(path[:-1]):
        value = _member(holder, step)
        wanted = "M" if isinstance(path[position + 1], str) else "L"
        if value is None or wanted not in value:
            refuse(_INVALID_PATH)
        holder = value[wanted]
    return holder


def _member(holder: Any, step: str | int) -> Any:
    if isinstance(holder, Mapping):
        return holder.get(step)
    return holder[step] if isinstance(step, int) and step < len(holder) else None


def _put(item: Item, path: Path, value: AttributeValue) -> None:
    holder, step = _holder(item, path), path[-1]
    if isinstance(holder, MutableMapping) or (isinstance(step, int) and step < len(holder)):
        holder[step] = value
    else:
        holder.append(value)


def _drop(item: Item, path: Path) -> None:
    holder, step = _holder(item, path), path[-1]
    if isinstance(holder, MutableMapping):
        holder.pop(step, None)
    elif isinstance(step, int) and step < len(holder):
        del holder[step]


def parse_update(reader: Reader) -> Update:
    """Reads a whole update expression. Raises Refusal."""
    sections: dict[str, tuple[Any, ...]] = {}
    while reader.kind_ahead == "name":
        word = reader.take().upper()
        entry = _SECTIONS.get(word)
        if entry is None:
            reader.fail(f"Syntax error; token: {word!r}")
        if word in sections:
            reader.fail(f'The "{word}" section can only be used once in an update expression;')
        entries = [entry(reader)]
        while reader.accept(","):
            entries.append(entry(reader))
        sections[word] = tuple(entries)
    reader.finish()
    get = sections.get
    update = Update(get("SET", ()), get("REMOVE", ()), get("ADD", ()), get("DELETE", ()))
    refuse_overlaps(reader.kind, update.paths())
    return update


def _assignment(reader: Reader) -> tuple[Path, Source]:
    path = reader.path()
    reader.expect("=")
    return path, _sum(reader)


def _sum(reader: Reader) -> Source:
    if reader.accept("("):
        inside = _sum(reader)
        reader.expect(")")
        return inside
    left = _source(reader)
    if reader.ahead in ("+", "-"):
        return Join(reader.take(), left, _source(reader))
    return left


def _source(reader: Reader) -> Source:
    if reader.kind_ahead == "value":
        return Given(reader.value())
    if reader.kind_ahead == "name" and reader.after == "(":
        return _function(reader)
    return Attribute(reader.path())


def _function(reader: Reader) -> Source:
    name = reader.take()
    if name not in ("if_not_exists", "list_append"):
        reader.fail(f"Invalid function name; function: {name}")
    reader.expect("(")
    first = _source(reader)
    reader.expect(",")
    second = _source(reader)
    reader.expect(")")
    if name == "list_append":
        return Join(name, first, second)
    if not isinstance(first, Attribute):
        reader.fail("Operator or function requires a document path; operator or function: if_not_exists")
    return IfNotExists(first, second)


def _path_and_value(reader: Reader) -> tuple[Path, str]:
    return reader.path(), reader.value()


_SECTIONS: dict[str, Callable[[Reader], Any]] = {
    "SET": _assignment,
    "REMOVE": Reader.path,
    "ADD": _path_and_value,
    "DELETE": _path_and_value,
}
