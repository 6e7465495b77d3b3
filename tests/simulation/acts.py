"""What actors do: requests and jobs as values that can be planned, printed and carried out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from chalicelib.licensing.errors import Refusal
from chalicelib.store.unit import Changed, Locked
from tests.api.installing import activation, part
from tests.api.licenses.cast import link
from tests.simulation.stage import Stage
from tests.world import Answer, resource

LICENSES, FINGERPRINTS, OWNERS = ("one", "one", "two"), ("a", "b", "c"), ("ann", "bob", None)


@dataclass(frozen=True)
class Act:
    """Something to do, with what it names by the short names of its stage, and ids of its own."""

    kind: str
    given: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.kind + "".join(f" {name}={value}" for name, value in self.given.items())


@dataclass(frozen=True)
class Told:
    """What came of it: a status as of a request, the code of its first error. A job that failed is a 503."""

    status: int
    code: str | None = None
    data: Any = None

    def __str__(self) -> str:
        return f"{self.status} {self.code or ''}".rstrip()

    @property
    def done(self) -> bool:
        """It was acknowledged."""
        return self.status < 400

    @property
    def unknown(self) -> bool:
        """It may have happened or not."""
        return self.status >= 500


def perform(stage: Stage[Any], act: Act) -> Told:
    """Carry an act out."""
    if act.kind in JOBS:
        return JOBS[act.kind](stage)
    method, path, body = REQUESTS[act.kind](stage, act.given)
    as_ = stage.token if act.given.get("token") else "admin"
    return _told(stage.world.send(method, path, body, as_=as_))


def _told(answer: Answer) -> Told:
    document = answer.document if answer.raw else {}
    code = document["errors"][0].get("code") if answer.status >= 400 else None
    return Told(answer.status, code, document.get("data"))


def _sweep(stage: Stage[Any]) -> Told:
    """Time goes on by a second, and what is due is done: what did not ping in that second is dead."""
    stage.world.clock.advance(seconds=1)
    try:
        report = stage.world.sweep()
    except (Refusal, Changed, Locked):
        return Told(503)
    return Told(200 if report.complete else 503)


def _work(stage: Stage[Any]) -> Told:
    """The stream hands over every task that was announced so far."""
    outbox = stage.shelf.transport.call("Scan", {"TableName": stage.world.database.names.outbox})["Items"]
    images = [{"SequenceNumber": "1", "NewImage": item} for item in outbox if item["kind"]["S"] == "task"]
    stream = stage.world.stream()
    stream.failed = lambda sequence, error: None
    failed = stream.handle({"Records": [{"eventName": "INSERT", "dynamodb": image} for image in images]})
    return Told(503 if failed["batchItemFailures"] else 200)


JOBS: dict[str, Callable[[Stage[Any]], Told]] = {"sweep": _sweep, "work": _work}

Request = tuple[str, str, Any]


def _activate(stage: Stage[Any], given: dict[str, Any]) -> Request:
    ids, sent = stage.ids, dict(given)
    sent.pop("token", None)
    license = {"id": ids[sent.pop("license")]}
    owner, group = sent.pop("owner"), sent.pop("group", None)
    parts = [part(one) for one in sent.pop("parts", ())] or None
    body = activation(
        license,
        sent.pop("fingerprint"),
        id_=sent.pop("id"),
        owner=None if owner is None else ids[owner],
        group=None if group is None else ids[group],
        parts=parts,
        **sent,
    )
    return "POST", "/v1/machines", body


def _spawn(stage: Stage[Any], given: dict[str, Any]) -> Request:
    body = resource("processes", {"pid": given["pid"]}, machine=("machines", _id(stage, given["machine"])))
    body["data"]["id"] = given["id"]
    return "POST", "/v1/processes", body


def _add(stage: Stage[Any], given: dict[str, Any]) -> Request:
    attributes = {"fingerprint": given["fingerprint"], "name": "Part"}
    return (
        "POST",
        "/v1/components",
        resource("components", attributes, machine=("machines", _id(stage, given["machine"]))),
    )


def _on(method: str, kind: str, name: str, *action: str) -> Callable[[Stage[Any], dict[str, Any]], Request]:
    def request(stage: Stage[Any], given: dict[str, Any]) -> Request:
        return method, "/".join((f"/v1/{kind}", _id(stage, given[name]), *action)), None

    return request


def _patch(kind: str, name: str) -> Callable[[Stage[Any], dict[str, Any]], Request]:
    def request(stage: Stage[Any], given: dict[str, Any]) -> Request:
        attributes = {key: value for key, value in given.items() if key != name}
        return "PATCH", f"/v1/{kind}/{_id(stage, given[name])}", resource(kind, attributes)

    return request


def _hand(stage: Stage[Any], given: dict[str, Any]) -> Request:
    owner = given["owner"]
    body = link("users", None if owner is None else stage.ids[owner])
    return "PUT", f"/v1/machines/{_id(stage, given['machine'])}/owner", body


def _move(stage: Stage[Any], given: dict[str, Any]) -> Request:
    group = given["group"]
    body = link("groups", None if group is None else stage.ids[group])
    return "PUT", f"/v1/machines/{_id(stage, given['machine'])}/group", body


def _detach(stage: Stage[Any], given: dict[str, Any]) -> Request:
    body = {"data": [{"type": "users", "id": stage.ids[given["user"]]}]}
    return "DELETE", f"/v1/licenses/{stage.ids[given['license']]}/users", body


def _id(stage: Stage[Any], name: str) -> str:
    return stage.ids.get(name, name)


REQUESTS: dict[str, Callable[[Stage[Any], dict[str, Any]], Request]] = {
    "activate": _activate,
    "deactivate": _on("DELETE", "machines", "machine"),
    "ping": _on("POST", "machines", "machine", "actions", "ping"),
    "reset": _on("POST", "machines", "machine", "actions", "reset"),
    "resize": _patch("machines", "machine"),
    "hand": _hand,
    "move": _move,
    "spawn": _spawn,
    "kill": _on("DELETE", "processes", "process"),
    "beat": _on("POST", "processes", "process", "actions", "ping"),
    "add": _add,
    "limit": _patch("licenses", "license"),
    "policy": _patch("policies", "policy"),
    "use": _on("POST", "licenses", "license", "actions", "increment-usage"),
    "validate": _on("POST", "licenses", "license", "actions", "validate"),
    "detach": _detach,
    "delete-license": _on("DELETE", "licenses", "license"),
    "delete-policy": _on("DELETE", "policies", "policy"),
    "delete-user": _on("DELETE", "users", "user"),
    "delete-group": _on("DELETE", "groups", "group"),
}

ANY = (
    "activate deactivate ping reset resize hand move spawn kill beat add sweep limit policy use validate detach work"
    " delete-license delete-policy delete-user delete-group"
)
THEMES: tuple[tuple[str, ...], ...] = (
    ("activate", "activate", "activate", "deactivate activate"),
    ("activate", "limit limit policy", "activate", "activate deactivate"),
    ("activate", "delete-policy delete-license delete-user", "work", "add spawn activate"),
    ("add spawn", "delete-policy delete-license deactivate", "work", "deactivate activate"),
    ("hand", "spawn kill hand", "hand move resize deactivate detach", "delete-user delete-group work spawn"),
    ("ping", "sweep"),
    ("ping", "beat", "sweep"),
    ("ping beat", "sweep", "ping reset resize hand spawn kill deactivate"),
    ("activate add", "activate add", "activate add deactivate"),
    ("activate spawn", "deactivate", "work add activate", "activate resize validate use"),
    (ANY, ANY),
    (ANY, ANY, ANY, ANY, ANY),
)
"""What happens together: one of each."""


def plan(stage: Stage[Any], chance: Random) -> list[Act]:
    """What the actors do; few names, so that they get in each other's way."""
    kinds = [chance.choice(one.split()) for one in chance.choice(THEMES)]
    new = {number: stage.world.service.new_id() for number, kind in enumerate(kinds) if kind == "activate"}
    acts: list[Act] = []
    for number, kind in enumerate(kinds):
        if kind == "sweep" and any(one.kind == "sweep" for one in acts):
            kind = "ping"
        acts.append(Act(kind, _given(stage, kind, chance, ["m1", "m1", "m2", *new.values()], new.get(number))))
    return acts


def _given(stage: Stage[Any], kind: str, chance: Random, machines: list[str], own: str | None) -> dict[str, Any]:
    new, machine = own or stage.world.service.new_id(), chance.choice(machines)
    license = chance.choice(LICENSES)
    given: dict[str, Callable[[], dict[str, Any]]] = {
        "activate": lambda: _new_machine(chance, license, new),
        "deactivate": lambda: {"machine": machine, "token": license == "one" and chance.random() < 0.3},
        "resize": lambda: {"machine": machine, "cores": chance.choice((1, 3, 5))},
        "hand": lambda: {"machine": machine, "owner": chance.choice(OWNERS)},
        "move": lambda: {"machine": machine, "group": chance.choice(("group", None))},
        "spawn": lambda: {"machine": machine, "pid": chance.choice("12"), "id": new},
        "add": lambda: {"machine": machine, "fingerprint": chance.choice("xz")},
        "limit": lambda: {"license": license, "maxMachines": chance.choice((1, 2, 3))},
        "policy": lambda: _policy(chance, license),
        "use": lambda: {"license": license},
        "validate": lambda: {"license": license},
        "detach": lambda: {"license": license, "user": chance.choice(("ann", "bob"))},
        "delete-license": lambda: {"license": license},
        "delete-policy": lambda: {"policy": f"policy {license}"},
        "delete-user": lambda: {"user": chance.choice(("ann", "bob"))},
        "delete-group": lambda: {"group": "group"},
        "sweep": dict,
        "work": dict,
        "kill": lambda: {"process": "p1"},
        "beat": lambda: {"process": "p1"},
    }
    return given.get(kind, lambda: {"machine": machine})()


def _new_machine(chance: Random, license: str, new: str) -> dict[str, Any]:
    given: dict[str, Any] = {"license": license, "fingerprint": chance.choice(FINGERPRINTS), "id": new}
    given |= {"owner": chance.choice(OWNERS), "cores": chance.choice((1, 2, 4))}
    if chance.random() < 0.3:
        given["parts"] = chance.choice((["x"], ["z"], ["x", "z"]))
    if chance.random() < 0.2:
        given["group"] = "group"
    elif license == "one" and chance.random() < 0.5:
        given["token"] = True
    return given


def _policy(chance: Random, license: str) -> dict[str, Any]:
    changes: tuple[dict[str, Any], ...] = (
        {"maxMachines": 1},
        {"maxMachines": 3},
        {"machineLeasingStrategy": "PER_USER"},
        {"machineLeasingStrategy": "PER_LICENSE"},
        {"heartbeatDuration": 90},
        {"machineUniquenessStrategy": "UNIQUE_PER_PRODUCT"},
    )
    return {"policy": f"policy {license}"} | chance.choice(changes)
