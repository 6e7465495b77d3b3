"""AttributeValues: validation into one canonical form, sizes in bytes, order, and key bytes.

Canonical means that equal values are equal dictionaries: numbers in one spelling, sets sorted, bytes as `bytes`.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from .decimals import canonical_number, number_key, number_size
from .errors import KeyRefusal, refuse

AttributeValue = dict[str, Any]
Item = dict[str, AttributeValue]

MAX_ITEM_BYTES = 400 * 1024
MAX_HASH_BYTES = 2048
MAX_RANGE_BYTES = 1024
MAX_NESTING = 31
ORDERED_TYPES = frozenset("SNB")
SET_TYPES = frozenset(("SS", "NS", "BS"))


def canonical(value: object, depth: int = 0) -> AttributeValue:
    """The canonical form of one AttributeValue, sharing nothing mutable with it. Raises Refusal."""
    if not isinstance(value, Mapping) or len(value) != 1:
        refuse("Supplied AttributeValue must contain exactly one of the supported datatypes")
    ((tag, content),) = value.items()
    if tag == "S" and type(content) is str:
        return {"S": content}
    rule = _RULES.get(tag)
    if rule is None:
        refuse(f"Supplied AttributeValue has an unknown datatype {tag!r}")
    return {tag: rule(content, depth)}


def canonical_item(item: object, depth: int = 0) -> Item:
    """The canonical form of a map of attributes. Raises Refusal."""
    if not isinstance(item, Mapping):
        refuse("A map of attributes is needed here")
    result = {}
    for name, value in item.items():
        if not isinstance(name, str) or not name:
            refuse("Empty attribute name")
        result[name] = canonical(value, depth)
    return result


def _text(content: object, _: int) -> str:
    if not isinstance(content, str):
        refuse("A string must be given as text")
    return str(content)


def _bytes(content: object, _: int) -> bytes:
    if isinstance(content, str):
        # Botocore sends the text of a blob in UTF-8.
        return content.encode()
    if not isinstance(content, bytes | bytearray | memoryview):
        refuse("A binary must be given as bytes")
    return bytes(content)


def _boolean(content: object, _: int) -> bool:
    if not isinstance(content, bool):
        refuse("A boolean must be true or false")
    return content


def _null(content: object, _: int) -> bool:
    if content is not True:
        refuse("Null attribute value types must have the value of true")
    return True


def _nested(depth: int) -> int:
    if depth >= MAX_NESTING:
        refuse("Nesting Levels have exceeded supported limits")
    return depth + 1


def _list(content: object, depth: int) -> list[AttributeValue]:
    if not isinstance(content, Sequence) or isinstance(content, str | bytes):
        refuse("A list must be given as a sequence")
    deeper = _nested(depth)
    return [canonical(value, deeper) for value in content]


def _map(content: object, depth: int) -> Item:
    return canonical_item(content, _nested(depth))


def _set_of(member: Callable[[object, int], Any], order: Callable[[Any], Any]) -> Callable[[object, int], list[Any]]:
    def rule(content: object, depth: int) -> list[Any]:
        if isinstance(content, str | bytes | Mapping) or not isinstance(content, Sequence | set | frozenset):
            refuse("A set must be given as a collection")
        members = [member(value, depth) for value in content]
        if not members:
            refuse("One or more parameter values were invalid: A set may not be empty")
        if len(set(members)) < len(members):
            refuse("One or more parameter values were invalid: Input collection contains duplicates")
        return sorted(members, key=order)

    return rule


def _number(content: object, _: int) -> str:
    return canonical_number(content)


_RULES: dict[object, Callable[[object, int], Any]] = {
    "S": _text,
    "N": _number,
    "B": _bytes,
    "BOOL": _boolean,
    "NULL": _null,
    "L": _list,
    "M": _map,
    "SS": _set_of(_text, str),
    "NS": _set_of(_number, Decimal),
    "BS": _set_of(_bytes, bytes),
}
TYPE_NAMES = frozenset(str(tag) for tag in _RULES)


def sorted_set(tag: str, members: set[Any]) -> AttributeValue:
    """A set in canonical order."""
    return {tag: sorted(members, key=Decimal if tag == "NS" else None)}


def text_size(text: str) -> int:
    """Bytes of `text` in UTF-8. Raises Refusal for text that has none."""
    if text.isascii():
        return len(text)
    try:
        return len(text.encode())
    except UnicodeEncodeError:
        refuse("Text must be encodable in UTF-8")


def item_size(item: Mapping[str, AttributeValue]) -> int:
    """Bytes an item counts for against limits and units: its names and its values."""
    total = 0
    for name, value in item.items():
        total += text_size(name) + value_size(value)
    return total


def value_size(value: Mapping[str, Any]) -> int:
    """Bytes one canonical AttributeValue counts for."""
    ((tag, content),) = value.items()
    if tag == "S":
        return text_size(content)
    if tag == "N":
        return number_size(content)
    if tag == "B":
        return len(content)
    if tag in ("BOOL", "NULL"):
        return 1
    if tag == "L":
        return 3 + sum(1 + value_size(member) for member in content)
    if tag == "M":
        return 3 + len(content) + item_size(content)
    measure: Callable[[Any], int] = {"SS": text_size, "NS": number_size, "BS": len}[tag]
    return sum(map(measure, content))


def tag_of(value: Mapping[str, Any]) -> str:
    """The type of an AttributeValue, such as `S`."""
    return next(iter(value))


def compare(left: AttributeValue, right: AttributeValue) -> int | None:
    """Negative, zero or positive as `left` orders before, with or after `right`; None if they have no order."""
    tag = tag_of(left)
    if tag not in ORDERED_TYPES or tag not in right:
        return None
    first, second = left[tag], right[tag]
    if tag == "N":
        first, second = Decimal(first), Decimal(second)
    # Text orders by code points, which is the order of its UTF-8 bytes.
    return int(first > second) - int(first < second)


def key_bytes(name: str, value: AttributeValue, wanted: str, limit: int) -> bytes:
    """Bytes whose order is the order of keys. Raises Refusal for another type, an empty or too long key."""
    tag = tag_of(value)
    content = value[tag]
    if tag not in ORDERED_TYPES:
        refuse(f"Invalid attribute value type for a key: {name}")
    if tag == "S":
        text_size(content)
        content = content.encode()
    if tag != "N" and not content:
        refuse(f"The AttributeValue for a key attribute cannot contain an empty value. Key: {name}")
    if tag != "N" and len(content) > limit:
        refuse(
            "Hash primary key values must be under 2048 bytes, and range primary key values must be under 1024 bytes"
        )
    if tag != wanted:
        raise KeyRefusal(f"Type mismatch for key: {name}")
    return number_key(content) if tag == "N" else bytes(content)
