"""Routes: one record an operation, matched by us and registered with Chalice (spec http.md §2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import unquote

import msgspec

from chalicelib.api.operation import Operation

LONG_PREFIX = "/v1/accounts/{account}"
GREEDY = "/v1/{proxy+}"


class Match(msgspec.Struct, frozen=True):
    """An operation found by method and path: the account segment (None in the short form) and the path's ids."""

    operation: Operation
    account: str | None
    ids: Mapping[str, str]


class _Node(msgspec.Struct):
    static: dict[str, _Node] = msgspec.field(default_factory=dict)
    parameter: _Node | None = None
    name: str = ""
    operations: dict[str, Operation] = msgspec.field(default_factory=dict)


class Router:
    """Finds operations; a static segment wins over a parameter. Ids are percent-decoded once, here."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        self._root = _Node()
        for operation in operations:
            self._add(operation)

    def _add(self, operation: Operation) -> None:
        node = self._root
        for part in operation.path.strip("/").split("/") if operation.path else ():
            if part.startswith("{"):
                node.parameter = node.parameter or _Node()
                node = node.parameter
                node.name = node.name or part[1:-1]
            else:
                node = node.static.setdefault(part, _Node())
        for method in operation.methods:
            if method in node.operations:
                raise ValueError(f"{method} {operation.path} is routed twice")
            node.operations[method] = operation

    def match(self, method: str, path: str) -> Match | None:
        """The operation of a request; None when there is none."""
        account, parts = split_account(path)
        if parts is None or (account is None and not parts):
            return None
        found = self._find(self._root, parts, method, {})
        return None if found is None else Match(found[0], account, found[1])

    def _find(
        self, node: _Node, parts: tuple[str, ...], method: str, ids: dict[str, str]
    ) -> tuple[Operation, dict[str, str]] | None:
        if not parts:
            operation = node.operations.get(method)
            return None if operation is None else (operation, ids)
        child = node.static.get(parts[0])
        found = None if child is None else self._find(child, parts[1:], method, ids)
        if found is None and node.parameter is not None and parts[0]:
            found = self._find(node.parameter, parts[1:], method, {**ids, node.parameter.name: unquote(parts[0])})
        return found


def split_account(path: str) -> tuple[str | None, tuple[str, ...] | None]:
    """The account segment of a path and what follows it; (None, None) outside `/v1`."""
    parts = path.split("/")
    if parts[:2] != ["", "v1"]:
        return None, None
    if len(parts) > 3 and parts[2] == "accounts" and parts[3]:
        return unquote(parts[3]), tuple(parts[4:])
    return None, tuple(parts[2:])


def register(app: Any, operations: Iterable[Operation], view: Callable[..., Any]) -> None:
    """Register the long form route by route, the short form as one greedy route, with a Chalice app."""
    methods: dict[str, list[str]] = {}
    for operation in operations:
        methods.setdefault(operation.path, []).extend(operation.methods)
    for path, known in methods.items():
        app.route(LONG_PREFIX + path, methods=[*known, "OPTIONS"], content_types=[], name=_name(path))(view)
    every = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"]
    app.route(GREEDY, methods=every, content_types=[], name="short_form")(view)


def _name(path: str) -> str:
    return "long_form" + path.replace("/", "_").replace("{", "").replace("}", "").replace("-", "_")
