"""What requests that attach and detach share, whatever the holder (spec policies.md §2.1, licenses.md §10, resources.md
§3): targets come in an array, and all of them are attached or detached, or none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from chalicelib.api import pages
from chalicelib.api.document import many
from chalicelib.api.kind import Kind
from chalicelib.api.operation import Arrival, Command, Operation, Order, Outcome, Scene
from chalicelib.api.peek import peek
from chalicelib.api.schema import ARRAY, UUID, Member, fields, text
from chalicelib.api.show import attachment as shown
from chalicelib.licensing.attachment import Attachment
from chalicelib.licensing.identifiers import is_uuid, normal_uuid
from chalicelib.store import keys, walk
from chalicelib.store.fetch import Entry, Plan, need
from chalicelib.store.items import attachment as stored
from chalicelib.store.keys import Key
from chalicelib.store.tasks import attach
from chalicelib.store.unit import Write

Handler = Callable[[Scene, Command], Outcome]

LENGTH = (1, 100)
"""How many targets a request names, at least and at most."""


def body(types: tuple[str, ...], length: tuple[int, int] = LENGTH) -> Member:
    """The document: an array of resource identifiers of one of `types`."""
    members = {"type": text(required=True, choices=types), "id": Member(UUID, required=True)}
    return fields({"data": Member(ARRAY, required=True, length=length, element=fields(members, required=True))})


def named(document: Mapping[str, Any], length: tuple[int, int] = LENGTH) -> tuple[str, ...]:
    """The ids in a document that was not checked yet; none of one that is about to be refused for its length."""
    elements = peek(document, "data")
    if not isinstance(elements, list) or len(elements) > length[1]:
        return ()
    found = [peek(element, "id") for element in elements]
    return tuple(normal_uuid(one) for one in found if isinstance(one, str) and is_uuid(one))


def asked(command: Command) -> tuple[str, ...]:
    """The ids in a checked document, in its order."""
    return tuple(element["id"] for element in command["data"])


def operations(
    kind: Kind[Any],
    name: str,
    path: str,
    load: Callable[[Arrival], Plan[Any]],
    attach: Handler,
    detach: Handler,
    *,
    extra: Callable[[Arrival], Plan[Any]],
    body: Member,
) -> tuple[Operation, Operation]:
    """The two requests at `path`: what they name is loaded by `extra`, and a bad document is told before the 403."""
    more: dict[str, Any] = {"extra": extra, "body": body, "order": Order.BODY_FIRST}
    return (
        kind.member(f"{name}.attach", ("POST",), path, load, attach, events=(f"{name}.attached",), **more),
        kind.member(f"{name}.detach", ("DELETE",), path, load, detach, events=(f"{name}.detached",), **more),
    )


def attached(
    scene: Scene, found: Sequence[Attachment], holder_created: datetime, event: str, *counted: Write
) -> Outcome:
    """200 with the new attachments; `counted` are the writes that take seats for all of them."""
    return Outcome(
        body=_document(scene, found), event=event, **_work(scene, attach.ATTACH, found, holder_created, counted)
    )


def detached(
    scene: Scene, found: Sequence[Attachment], holder_created: datetime, event: str, *counted: Write
) -> Outcome:
    """204, the event tells what was attached; `counted` give back the seats of the first `attach.at_once(found)`."""
    work = _work(scene, attach.DETACH, found, holder_created, counted)
    return Outcome(status=204, payload=_document(scene, found), event=event, **work)


def page(scene: Scene, attachments: Iterable[Attachment]) -> Outcome:
    """A page of attachments that are all at hand: the walk only orders and cuts them."""
    account_id, arrival = scene.account_id, scene.arrival
    found = {one.id: one for one in attachments}
    where = {one.id: _place(account_id, one) for one in found.values()}
    request = pages.parse(arrival.query.tree)

    def load(entries: Sequence[Entry]) -> Plan[list[Attachment]]:
        yield need()
        return [found[entry.identifier] for entry in entries]

    def cursor(identifier: str) -> Key:
        return where[identifier].key if identifier in where else keys.pointer(account_id, stored.KIND, identifier)

    shown_page = scene.read(walk.page((walk.Given(tuple(where.values())),), request, load, cursor))
    links = pages.links(arrival.raw.shown_path, arrival.query.flat, request, shown_page)
    return Outcome(body=many([shown.show(account_id, one) for one in shown_page.resources], links))


def _place(account_id: str, one: Attachment) -> Entry:
    key = stored.key_of(account_id, one.kind, one.holder_id, one.target_id)
    return Entry(keys.position(one.created, one.id), key)


def _document(scene: Scene, found: Sequence[Attachment]) -> dict[str, Any]:
    return many([shown.show(scene.account_id, one) for one in found], None)


def _work(
    scene: Scene, name: str, found: Sequence[Attachment], holder_created: datetime, counted: tuple[Write, ...]
) -> dict[str, Any]:
    """The writes of the first transaction, and what does the rest once it is announced."""
    account_id, now, task_id = scene.account_id, scene.now, scene.new_id()
    writes = (*attach.split(account_id, name, found, holder_created, task_id, now), *counted)
    if len(found) <= attach.AT_ONCE:
        return {"writes": writes}
    return {"writes": writes, "then": scene.begin(task_id)}
