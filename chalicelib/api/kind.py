"""What the operations on one resource of a kind share: finding it, hiding it, asking who may touch it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

import msgspec

from chalicelib.api import pages
from chalicelib.api.document import Resource, many
from chalicelib.api.operation import Arrival, Command, Operation, Outcome, Scene
from chalicelib.licensing.access import Subject, authorize, visible
from chalicelib.licensing.bearers import NOTHING
from chalicelib.licensing.errors import missing
from chalicelib.store import fetch, walk
from chalicelib.store.fetch import Entry, Plan
from chalicelib.store.keys import Key

T = TypeVar("T")


class Kind(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """A kind of resource: its words, how it is shown and what authorization sees of it."""

    word: str
    plural: str
    show: Callable[[Scene, T], Resource]
    subject: Callable[[T], Subject]

    def one(self, scene: Scene) -> T:
        """What the path names and `load` found; NotFound when it is not there for the bearer."""
        found: T | None = scene.loaded
        if found is None or not visible(scene.bearer, self.subject(found)):
            raise missing(self.word, scene.arrival.ids["id"])
        return found

    def may(self, operation: str, permission: str) -> Callable[[Scene], None]:
        """Authorization of an operation on one resource: its 404, then its 403."""

        def check(scene: Scene) -> None:
            authorize(scene.bearer, operation, permission, self.subject(self.one(scene)))

        return check

    def member(
        self,
        name: str,
        methods: tuple[str, ...],
        path: str,
        load: Callable[[Arrival], Plan[T | None]],
        decide: Callable[[Scene, Command], Outcome],
        *,
        rule: str | None = None,
        **more: Any,
    ) -> Operation:
        """An operation on one resource. Its permission is called as its rule, and that as the operation."""
        allowed = rule or name
        authorize = self.may(allowed, allowed)
        return Operation(
            name=name, methods=methods, path=path, load=load, find=self.one, authorize=authorize, decide=decide, **more
        )

    def shown(self, scene: Scene, command: Command) -> Outcome:
        """The decision of a plain read."""
        return Outcome(body={"data": self.show(scene, self.one(scene))})

    def created(self, scene: Scene, identifier: str, resource: Resource, **outcome: Any) -> Outcome:
        """A 201 with its location."""
        location = scene.url(self.plural, identifier)
        return Outcome(status=201, body={"data": resource}, location=location, **outcome)


def may(operation: str, permission: str) -> Callable[[Scene], None]:
    """Authorization of what needs no resource, such as creating one."""

    def check(scene: Scene) -> None:
        authorize(scene.bearer, operation, permission, NOTHING)

    return check


def may_list(operation: str, permission: str) -> Callable[[Scene], None]:
    """Authorization of a list, whatever it would contain; bad pagination is told first (spec licenses.md §0.1)."""

    def check(scene: Scene) -> None:
        pages.parse(scene.arrival.query.tree)
        authorize(scene.bearer, operation, permission, NOTHING)

    return check


def is_customer(scene: Scene) -> bool:
    """Whether a user or a license asks: they see rows of the account that no single partition lists."""
    return scene.bearer is not None and (scene.bearer.kind == "license" or scene.bearer.role == "user")


def listed(
    kind: Kind[T],
    scene: Scene,
    streams: Sequence[walk.Stream],
    load: Callable[[Sequence[Entry]], Plan[Sequence[T | None]]],
    cursor_key: Callable[[str], Key],
    *,
    selective: bool = False,
) -> Outcome:
    """A page of what `streams` list and the bearer may see; `selective` when that is not all of it."""
    arrival = scene.arrival
    request = pages.parse(arrival.query.tree)

    def seen(entries: Sequence[Entry]) -> Plan[Sequence[T | None]]:
        found = yield from load(entries)
        return [one if one is not None and visible(scene.bearer, kind.subject(one)) else None for one in found]

    page = fetch.run(arrival.service.database, walk.page(streams, request, seen, cursor_key, selective=selective))
    links = pages.links(arrival.raw.shown_path, arrival.query.flat, request, page)
    return Outcome(body=many([kind.show(scene, one) for one in page.resources], links))
