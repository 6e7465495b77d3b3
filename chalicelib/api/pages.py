"""Pagination: parameters in, links out (spec http.md §7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn
from urllib.parse import quote_plus

from chalicelib.licensing.errors import BadRequest, Problem
from chalicelib.licensing.identifiers import is_uuid, normal_uuid
from chalicelib.store.walk import After, First, Numbered, Page, PageRequest

DEFAULT_SIZE = 10
_HIDDEN = ("token", "auth")


def parse(parameters: Mapping[str, Any]) -> PageRequest:
    """What part of a list is asked for. Raises BadRequest naming the parameter."""
    newest_first = _newest_first(parameters.get("order"))
    if "page" not in parameters:
        return First(_bounded(parameters.get("limit", DEFAULT_SIZE), "limit", "limit"), newest_first)
    page = parameters["page"]
    if not isinstance(page, Mapping):
        _refuse_page()
    if "cursor" in page:
        return After(_cursor(page["cursor"]), _size(page, parameters), newest_first)
    if "number" in page and not isinstance(page["number"], Mapping | list):
        return Numbered(_number(page["number"]), _size(page, parameters), newest_first)
    _refuse_page()


def links(path: str, flat: Sequence[tuple[str, str]], request: PageRequest, page: Page[Any]) -> dict[str, Any] | None:
    """The `links` of a list, None in limit mode."""
    if isinstance(request, Numbered):
        return _numbered_links(path, flat, request, page.count or 0)
    if isinstance(request, After):
        shown = request.cursor or ""
        return {
            "self": _link(path, flat, "cursor", shown, request.size),
            "next": None if page.next_cursor is None else _link(path, flat, "cursor", page.next_cursor, request.size),
        }
    return None


def _numbered_links(path: str, flat: Sequence[tuple[str, str]], request: Numbered, count: int) -> dict[str, Any]:
    last = -(-count // request.size)

    def link(number: int) -> str:
        return _link(path, flat, "number", str(number), request.size)

    return {
        "self": link(request.number),
        "prev": link(request.number - 1) if 1 < request.number <= last else None,
        "next": link(request.number + 1) if request.number < last else None,
        "first": link(1),
        "last": link(last),
        "meta": {"pages": last, "count": count},
    }


def _link(path: str, flat: Sequence[tuple[str, str]], name: str, value: str, size: int) -> str:
    kept = [(key, text) for key, text in flat if key not in _HIDDEN and not key.startswith("page[") and key != "page"]
    shown = sorted([*kept, (f"page[{name}]", value), ("page[size]", str(size))], key=lambda pair: pair[0])
    return path + "?" + "&".join(f"{quote_plus(key)}={quote_plus(text)}" for key, text in shown)


def _newest_first(order: Any) -> bool:
    if order is None:
        return True
    if not isinstance(order, str) or order.lower() not in ("asc", "desc"):
        raise BadRequest(Problem("order is invalid", parameter="order"))
    return order.lower() == "desc"


def _size(page: Mapping[str, Any], parameters: Mapping[str, Any]) -> int:
    return _bounded(page.get("size", parameters.get("limit", DEFAULT_SIZE)), "page size", "page[size]")


def _number(value: Any) -> int:
    number = _whole(value)
    if number > 100:
        hint = ", please use cursors to go further"
        _refuse(f"page number must be a number between 1 and 100 (got {number}{hint})", "page[number]")
    return _bounded(value, "page number", "page[number]")


def _cursor(value: Any) -> str | None:
    if isinstance(value, Mapping | list):
        _refuse_page()
    if value == "":
        return None
    if not is_uuid(value):
        _refuse(f'page cursor must be a valid UUID (got "{value}")', "page[cursor]")
    return normal_uuid(value)


def _bounded(value: Any, words: str, parameter: str) -> int:
    number = _whole(value)
    if not 1 <= number <= 100:
        _refuse(f"{words} must be a number between 1 and 100 (got {number})", parameter)
    return number


def _whole(value: Any) -> int:
    """A whole number within reach; everything else reads as 0."""
    text = str(value).strip()
    digits = text[1:] if text[:1] in ("-", "+") else text
    return int(text) if digits.isascii() and digits.isdigit() and len(digits) <= 18 else 0


def _refuse_page() -> NoReturn:
    _refuse("page must be an object containing a cursor or number and optional size", "page")


def _refuse(detail: str, parameter: str) -> NoReturn:
    raise BadRequest(Problem(detail, parameter=parameter))
