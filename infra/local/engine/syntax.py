"""Tokens and document paths, shared by every kind of expression."""

import re
from collections.abc import Mapping, Sequence
from typing import NoReturn

from .errors import refuse
from .reserved import RESERVED

Path = tuple[str | int, ...]

MAX_EXPRESSION_BYTES = 4096
# Far above what any client writes, and below what Python can recurse.
MAX_DEPTH = 100
_TOKEN = re.compile(
    r"\s*(?:(?P<name>[A-Za-z][A-Za-z0-9_]*)|(?P<alias>#[A-Za-z0-9_]+)|(?P<value>:[A-Za-z0-9_]+)"
    r"|(?P<index>0(?![0-9])|[1-9][0-9]*)|(?P<symbol><>|<=|>=|[=<>+\-().,\[\]]))"
)


class Reader:
    """Walks over the tokens of one expression and notes which names and values it uses."""

    def __init__(self, kind: str, text: str, names: Mapping[str, str]) -> None:
        self.kind = kind
        self.names = names
        self.used_names: set[str] = set()
        self.used_values: set[str] = set()
        self._tokens = self._split(text)
        self._position = 0
        self._depth = 0
        self._closing = self._match_parentheses()

    def _split(self, text: str) -> list[tuple[str, str]]:
        if len(text.encode()) > MAX_EXPRESSION_BYTES:
            self.fail("Expression size has exceeded the maximum allowed size")
        tokens = []
        position, end = 0, len(text.rstrip())
        while position < end:
            match = _TOKEN.match(text, position, end)
            if match is None:
                self.fail(f"Syntax error near: {text[position : position + 10]!r}")
            tokens.append((str(match.lastgroup), match.group(str(match.lastgroup))))
            position = match.end()
        if not tokens:
            self.fail("The expression can not be empty;")
        tokens.append(("end", ""))
        return tokens

    def _match_parentheses(self) -> dict[int, int]:
        closing: dict[int, int] = {}
        open_ones: list[int] = []
        for position, (_, text) in enumerate(self._tokens):
            if text == "(":
                open_ones.append(position)
            elif text == ")" and open_ones:
                closing[open_ones.pop()] = position
        for opened, closed in closing.items():
            if closing.get(opened + 1) == closed - 1 and not self._calls(opened):
                self.fail("The expression has redundant parentheses;")
        return closing

    def _calls(self, opened: int) -> bool:
        """Whether the parenthesis at this position opens the operands of a function or of IN."""
        kind, text = self._tokens[opened - 1] if opened else ("", "")
        return kind == "name" and text.upper() not in ("AND", "OR", "NOT", "BETWEEN")

    def after_closing(self) -> str:
        """Text of the token behind the parenthesis that closes the one which is next."""
        closed = self._closing.get(self._position)
        if closed is None:
            self.unexpected()
        return self._tokens[closed + 1][1]

    def fail(self, reason: str) -> NoReturn:
        """Raises the Refusal of a malformed expression."""
        refuse(f"Invalid {self.kind}: {reason}")

    @property
    def kind_ahead(self) -> str:
        """Class of the next token: name, alias, value, index, symbol or end."""
        return self._tokens[self._position][0]

    @property
    def ahead(self) -> str:
        """Text of the next token, empty at the end."""
        return self._tokens[self._position][1]

    @property
    def after(self) -> str:
        """Text of the token behind the next one."""
        return self._tokens[min(self._position + 1, len(self._tokens) - 1)][1]

    def take(self) -> str:
        """The next token's text; the reader moves on."""
        text = self.ahead
        self._position += 1
        return text

    def accept(self, symbol: str) -> bool:
        """Moves over `symbol` if it is next."""
        if self.kind_ahead == "symbol" and self.ahead == symbol:
            self._position += 1
            return True
        return False

    def expect(self, symbol: str) -> None:
        """Moves over `symbol`, or fails."""
        if not self.accept(symbol):
            self.unexpected()

    def keyword(self, word: str) -> bool:
        """Moves over the keyword, in any letter case, if it is next."""
        if self.kind_ahead == "name" and self.ahead.upper() == word:
            self._position += 1
            return True
        return False

    def descend(self) -> None:
        """Enters one more level of nested conditions, or fails."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            self.fail("The expression is nested too deeply")

    def ascend(self) -> None:
        """Leaves a level."""
        self._depth -= 1

    def unexpected(self) -> NoReturn:
        """Fails at the next token."""
        self.fail(f"Syntax error; token: {self.ahead or '<EOF>'!r}")

    def finish(self) -> None:
        """Fails unless everything is read."""
        if self.kind_ahead != "end":
            self.unexpected()

    def value(self) -> str:
        """A value placeholder, such as `:0`."""
        if self.kind_ahead != "value":
            self.unexpected()
        self.used_values.add(self.ahead)
        return self.take()

    def path(self) -> Path:
        """A document path with its placeholders resolved, such as `("tags", 0, "name")`."""
        steps: list[str | int] = [self._step()]
        while True:
            if self.accept("."):
                steps.append(self._step())
            elif self.accept("["):
                if self.kind_ahead != "index":
                    self.unexpected()
                steps.append(int(self.take()))
                self.expect("]")
            else:
                return tuple(steps)

    def _step(self) -> str:
        if self.kind_ahead == "alias":
            alias = self.take()
            if alias not in self.names:
                self.fail(f"An expression attribute name used in the document path is not defined: {alias}")
            self.used_names.add(alias)
            return self.names[alias]
        if self.kind_ahead != "name":
            self.unexpected()
        if self.ahead.upper() in RESERVED:
            self.fail(f"Attribute name is a reserved keyword; reserved keyword: {self.ahead}")
        return self.take()


def refuse_overlaps(kind: str, paths: Sequence[Path]) -> None:
    """Raises Refusal if one path contains another, or if two disagree whether an attribute is a list or a map."""
    seen: dict[Path, type] = {}
    ends: set[Path] = set()
    for path in paths:
        if path in seen or path in ends or any(path[:length] in ends for length in range(1, len(path))):
            refuse(f"Invalid {kind}: Two document paths overlap with each other")
        for length in range(1, len(path)):
            if seen.setdefault(path[:length], type(path[length])) is not type(path[length]):
                refuse(f"Invalid {kind}: Two document paths conflict with each other")
        ends.add(path)
