"""Why a request is refused, as values. `api/problems.py` maps each kind to a status and a title."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec


class Problem(msgspec.Struct, frozen=True):
    """One reason. At most one of `pointer`, `parameter`, `header` says where (spec http.md §10)."""

    detail: str
    code: str | None = None
    pointer: str | None = None
    parameter: str | None = None
    header: str | None = None


class Refusal(Exception):
    """A request ends here; `problems` are rendered in order, clients read the first."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(problem.detail for problem in problems))
        self.problems = problems


class BadRequest(Refusal):
    """400: the document, the query or a header is not what the operation takes."""


class Unauthenticated(Refusal):
    """401: no usable credential."""


class AccessDenied(Refusal):
    """403: known, but not allowed."""


class NotFound(Refusal):
    """404: unknown, or outside what the bearer can see."""


class Conflicting(Refusal):
    """409: the world kept changing under a bounded number of decisions."""


class InvalidState(Refusal):
    """422 `Unprocessable entity`: the action does not fit the state of the resource."""


class InvalidFields(Refusal):
    """422 `Unprocessable resource`: field rules failed, all of them listed."""


class Unavailable(Refusal):
    """503: the outcome of a write cannot be known, or the store does not answer. Claims nothing."""


def missing(kind: str, identifier: str | None = None) -> NotFound:
    """The 404 of a resource; `kind` in lowercase words (spec http.md §3)."""
    name = f"{kind} '{identifier}'" if identifier is not None else kind
    return NotFound(Problem(f"The requested {name} was not found", code="NOT_FOUND"))


class Problems:
    """Collects field problems; of those with one code and one place the first wins."""

    def __init__(self) -> None:
        self._found: dict[tuple[str | None, str | None], Problem] = {}

    def add(self, problem: Problem | None) -> None:
        """Note `problem` if there is one."""
        if problem is not None:
            self._found.setdefault((problem.code, problem.pointer), problem)

    def extend(self, problems: Iterable[Problem | None]) -> None:
        """Note every problem of `problems`, in order."""
        for problem in problems:
            self.add(problem)

    def raise_if_any(self) -> None:
        """Raise `InvalidFields` with everything noted."""
        if self._found:
            raise InvalidFields(*self._found.values())


def check(found: Iterable[Problem | None]) -> None:
    """Raise `InvalidFields` with every problem of `found`, if there is one."""
    problems = Problems()
    problems.extend(found)
    problems.raise_if_any()
