"""What the operations on one kind of resource share: finding, hiding, asking who may touch it, listing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar

import msgspec

from chalicelib.api import pages
from chalicelib.api.document import Resource, many
from chalicelib.api.operation import Arrival, Command, Operation, Order, Outcome, Scene
from chalicelib.licensing.access import Bearer, Subject, authorize, visible
from chalicelib.licensing.bearers import NOTHING
from chalicelib.licensing.errors import missing
from chalicelib.store import keys, walk
from chalicelib.store.fetch import Entry, Plan
from chalicelib.store.keys import Key

T = TypeVar("T")


class Kind(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """A kind of resource: its words, how it is shown, read in lists, and what authorization sees of it.

    `relate` reads what ties a bearer to resources of this kind beyond their own attributes (`subject` gets it, None
    for staff), `relate_one` the same of one resource, where that can be told sooner; `key` is where the resource of a
    cursor is, `created` when a resource was made.
    """

    word: str
    plural: str
    show: Callable[[Scene, T], Resource]
    subject: Callable[[T, Any], Subject]
    many: Callable[[Scene, Sequence[Entry]], Plan[Sequence[T | None]]]
    key: Callable[[str, str], Key]
    created: Callable[[T], datetime]
    relate: Callable[[Arrival, Bearer], Plan[Any]] | None = None
    relate_one: Callable[[Arrival, Bearer, T], Plan[Any]] | None = None

    def one(self, scene: Scene) -> T:
        """What the path names and `load` found; NotFound when it is not there for the bearer."""
        return self.seen(scene, scene.loaded, scene.arrival.ids["id"], scene.relation)

    def seen(self, scene: Scene, found: T | None, identifier: str, relation: Any) -> T:
        """`found`, if it is there and visible; NotFound otherwise."""
        if found is None or not visible(scene.bearer, self.subject(found, relation)):
            raise missing(self.word, identifier)
        return found

    def may(self, operation: str, permission: str) -> Callable[[Scene], None]:
        """Authorization of an operation on one resource: its 404, then its 403."""

        def check(scene: Scene) -> None:
            authorize(scene.bearer, operation, permission, self.subject(self.one(scene), scene.relation))

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
        permission: str | None = None,
        **more: Any,
    ) -> Operation:
        """An operation on one resource. Its rule is called as the operation, its permission as its rule."""
        allowed = rule or name
        given: dict[str, Any] = {
            "relate": self._related,
            "find": self.one,
            "authorize": self.may(allowed, permission or allowed),
        } | more
        return Operation(name=name, methods=methods, path=path, load=load, decide=decide, **given)

    def below(
        self,
        name: str,
        path: str,
        load: Callable[[Arrival], Plan[T | None]],
        decide: Callable[[Scene, Command], Outcome],
        permission: str,
        *,
        rule: str | None = None,
    ) -> Operation:
        """A read of what hangs on one resource: its 404, then bad pagination, then the 403."""
        may = self.may(rule or name, permission)

        def check(scene: Scene) -> None:
            pages.parse(scene.arrival.query.tree)
            may(scene)

        return self.member(name, ("GET",), path, load, decide, authorize=check)

    def shown(self, scene: Scene, command: Command) -> Outcome:
        """The decision of a plain read."""
        return Outcome(body={"data": self.show(scene, self.one(scene))})

    def child(
        self,
        scene: Scene,
        plan: Plan[T | None],
        belongs: Callable[[T], bool] = lambda found: True,
        *,
        uncut: bool = False,
    ) -> Outcome:
        """A read of what the second id of a path names and `plan` finds; NotFound unless it `belongs` there.

        `uncut` as for pages.
        """
        found, identifier = scene.read(plan), scene.arrival.ids["child"]
        kept = found if found is not None and belongs(found) else None
        if kept is None or not uncut:
            kept = self.seen(scene, kept, identifier, self.relation(scene))
        return Outcome(body={"data": self.show(scene, kept)})

    def created_as(self, scene: Scene, identifier: str, resource: Resource, **outcome: Any) -> Outcome:
        """A 201 with its location."""
        location = scene.url(self.plural, identifier)
        return Outcome(status=201, body={"data": resource}, location=location, **outcome)

    def page(
        self,
        scene: Scene,
        streams: Sequence[walk.Source],
        *,
        matches: Callable[[T], bool] | None = None,
        selective: bool = False,
        uncut: bool = False,
        check: Callable[[Sequence[Subject]], None] | None = None,
    ) -> Outcome:
        """A page of what `streams` list, `matches` wants and the bearer may see.

        `selective` when the last two may leave something out. `uncut` shows the bearer what it may not see elsewhere;
        `check` may refuse what is about to be shown.
        """
        arrival, relation = scene.arrival, None if uncut else self.relation(scene)
        request = pages.parse(arrival.query.tree)

        def wanted(one: T | None) -> bool:
            if one is None or (matches is not None and not matches(one)):
                return False
            return uncut or visible(scene.bearer, self.subject(one, relation))

        def load(entries: Sequence[Entry]) -> Plan[Sequence[T | None]]:
            found = yield from self.many(scene, entries)
            return [one if wanted(one) else None for one in found]

        def where(identifier: str) -> Key:
            return self.key(scene.account_id, identifier)

        page = scene.read(walk.page(streams, request, load, where, selective=selective))
        if check is not None:
            check([self.subject(one, relation) for one in page.resources])
        links = pages.links(arrival.raw.shown_path, arrival.query.flat, request, page)
        return Outcome(body=many([self.show(scene, one) for one in page.resources], links))

    def these(self, scene: Scene, identifiers: Iterable[str]) -> tuple[walk.Source, ...]:
        """The stream of resources that are known by id already."""
        entries = [Entry(f"#{one}", self.key(scene.account_id, one)) for one in sorted(set(identifiers))]
        found = scene.read(self.many(scene, entries)) if entries else ()
        placed = [
            Entry(keys.position(self.created(one), entry.identifier), entry.key)
            for entry, one in zip(entries, found, strict=True)
            if one is not None
        ]
        return (walk.Given(tuple(placed)),)

    def relation(self, scene: Scene) -> Any:
        """What ties the bearer to resources of this kind."""
        if self.relate is None or scene.bearer is None:
            return None
        return scene.read(self.relate(scene.arrival, scene.bearer))

    def _related(self, arrival: Arrival, bearer: Bearer, loaded: T | None) -> Plan[Any]:
        if self.relate_one is not None:
            return None if loaded is None else (yield from self.relate_one(arrival, bearer, loaded))
        return None if self.relate is None else (yield from self.relate(arrival, bearer))


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


def collection(
    name: str, path: str, permission: str, decide: Callable[[Scene, Command], Outcome], **more: Any
) -> Operation:
    """The list of a kind."""
    return Operation(
        name=name, methods=("GET",), path=path, authorize=may_list(name, permission), decide=decide, **more
    )


def creation(
    name: str,
    path: str,
    decide: Callable[[Scene, Command], Outcome],
    *,
    event: str,
    **more: Any,
) -> Operation:
    """The creation of a resource: the document is told first (spec licenses.md §0.1)."""
    given: dict[str, Any] = {"authorize": may(name, name), "order": Order.BODY_FIRST} | more
    return Operation(name=name, methods=("POST",), path=path, decide=decide, events=(event,), **given)


def is_customer(scene: Scene) -> bool:
    """Whether a user or a license asks: they see rows of the account that no single partition lists."""
    return scene.bearer is not None and (scene.bearer.kind == "license" or scene.bearer.role == "user")
