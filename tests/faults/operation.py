"""What one operation of the fault tests is, and the few ways to make one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chalicelib.store.table import Item, Outbox, Row
from tests.faults.stored import of_kind
from tests.world import World

Context = dict[str, Any]
Prepare = Callable[[World], Context]
Effects = Callable[[World, Context], int]


@dataclass(frozen=True)
class Result:
    """What the caller was told: an HTTP status, or 200/503 for a job that ended or raised."""

    status: int
    document: Any = None
    headers: dict[str, str] | None = None


Act = Callable[[World, Context], Result]


@dataclass(frozen=True)
class Operation:
    """`act` once; `effects` counts what it left behind: 0 or 1 if it happened not at all or once.

    `optional`: a success may leave nothing (a touch). `job`: may be run again until it ends. `silent`: no event tells
    of it. `remembers`: what a service did before decides what it sends, so each run starts one of its own.
    """

    name: str
    prepare: Prepare
    act: Act
    effects: Effects
    subscribed: tuple[str, ...] = ()
    optional: bool = False
    job: bool = False
    silent: bool = False
    remembers: bool = False

    def __str__(self) -> str:
        return self.name


def http(
    method: str, path: str, body: Callable[[Context], Any] = lambda context: None, as_: str | None = "admin"
) -> Act:
    """Send a request. `path` may name members of the context; `as_` is `admin`, one of them, or None."""

    def act(world: World, context: Context) -> Result:
        bearer = context.get(as_, as_) if as_ is not None else None
        answer = world.send(method, path.format(**context), body(context), as_=bearer)
        return Result(answer.status, answer.document if answer.raw else None, answer.headers)

    return act


def fixed(document: Any) -> Callable[[Context], Any]:
    """A body that is always the same."""
    return lambda context: document


def link(kind: str, name: str) -> Callable[[Context], Any]:
    """A linkage to what the context names."""
    return lambda context: {"data": {"type": kind, "id": context[name]}}


def links(kind: str, *names: str) -> Callable[[Context], Any]:
    """A linkage to several."""
    return lambda context: {"data": [{"type": kind, "id": context[name]} for name in names]}


def job(run: Callable[[World, Context], bool]) -> Act:
    """Run a job; False, or whatever it raises, is a failure."""

    def act(world: World, context: Context) -> Result:
        try:
            return Result(200 if run(world, context) else 503)
        except Exception as error:
            return Result(503, repr(error))

    return act


def nothing(world: World) -> Context:
    """Nothing to prepare."""
    return {}


def count(kind: str, **attributes: Any) -> Effects:
    """Rows of a kind with these attributes."""
    return lambda world, context: len(with_(world, kind, **attributes))


def with_(world: World, kind: str, **attributes: Any) -> list[Item]:
    """Those rows of a kind that have these attributes."""
    return [item for item in of_kind(world, Row, kind) if all(item.get(k) == v for k, v in attributes.items())]


def stored(world: World, kind: str, identifier: str) -> Item:
    """The row of a kind with an id."""
    (found,) = with_(world, kind, id=identifier)
    return found


def tasks(world: World) -> list[Item]:
    """Every task that is left."""
    return of_kind(world, Outbox, "task")


def either(read: Callable[[World, Context], Any], before: Any, after: Any) -> Effects:
    """0 while what is read is as `before`, 1 when it is as `after`; anything else is half done."""

    def effects(world: World, context: Context) -> int:
        seen = read(world, context)
        assert seen in (before, after), seen
        return int(seen == after)

    return effects


def named(context: Context, identifier: str | None) -> str | None:
    """What the context calls an id; None is nobody."""
    return None if identifier is None else next(name for name, value in context.items() if value == identifier)


def later(prepare: Prepare, **duration: float) -> Prepare:
    """The same, some time ago."""

    def prepared(world: World) -> Context:
        context = prepare(world)
        world.clock.advance(**duration)
        return context

    return prepared
