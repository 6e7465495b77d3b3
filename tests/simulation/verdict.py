"""What cannot be after acts that were told this or that: a limit passed, a name held twice, an effect lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from chalicelib.store.table import Item
from tests.simulation import effects
from tests.simulation.acts import JOBS
from tests.simulation.stage import MAX_CORES, MAX_GROUP, MAX_MACHINES, MAX_PROCESSES, MAX_TOKEN
from tests.simulation.story import Story

EXPECTED: dict[str, set[str | None]] = {
    "activate": {
        *("FINGERPRINT_TAKEN", "MACHINE_LIMIT_EXCEEDED", "MACHINE_CORE_LIMIT_EXCEEDED"),
        *("GROUP_MACHINE_LIMIT_EXCEEDED", "ACTIVATIONS_LIMIT_EXCEEDED", "COMPONENTS_FINGERPRINT_TAKEN"),
        *("LICENSE_NOT_FOUND", "OWNER_NOT_FOUND", "OWNER_INVALID", "GROUP_NOT_FOUND", "TOKEN_INVALID"),
    },
    "deactivate": {"NOT_FOUND", "DEACTIVATIONS_LIMIT_EXCEEDED", "TOKEN_INVALID"},
    "ping": {"NOT_FOUND", "MACHINE_HEARTBEAT_DEAD"},
    "resize": {"NOT_FOUND", "MACHINE_CORE_LIMIT_EXCEEDED"},
    "hand": {
        *("NOT_FOUND", "OWNER_INVALID", "OWNER_NOT_FOUND"),
        *("MACHINE_CORE_LIMIT_EXCEEDED", "GROUP_MACHINE_LIMIT_EXCEEDED"),
    },
    "move": {"NOT_FOUND", "GROUP_NOT_FOUND", "GROUP_MACHINE_LIMIT_EXCEEDED"},
    "spawn": {"MACHINE_NOT_FOUND", "PID_TAKEN", "MACHINE_PROCESS_LIMIT_EXCEEDED"},
    "beat": {"NOT_FOUND", "PROCESS_HEARTBEAT_DEAD"},
    "add": {"MACHINE_NOT_FOUND", "FINGERPRINT_TAKEN"},
    "detach": {"NOT_FOUND", None},
}
TAKES_AWAY = ("deactivate", "hand", "detach", "sweep", "delete-user", "delete-license", "delete-policy")


def problems(story: Story) -> Iterator[str]:
    """Everything that cannot be, in words."""
    for rule in RULES:
        yield from rule(story)


def answers(story: Story) -> Iterator[str]:
    """Nobody gives up, nothing breaks, and what is refused is refused for a reason. Jobs may fail: they come again."""
    for act, told in story.deeds:
        if told.status == 409 and not story.conflicts:
            yield f"gave up: {act}"
        if told.status == 500 or (told.unknown and not story.uncertain and act.kind not in JOBS):
            yield f"broke: {act}: {told}"
        if 400 <= told.status < 500 and told.status != 409 and told.code not in EXPECTED.get(act.kind, {"NOT_FOUND"}):
            yield f"unexpected: {act}: {told}"


def limits(story: Story) -> Iterator[str]:
    """No limit is passed: of machines and cores, of processes, of the group."""
    moved = bool(story.did("hand", "detach")) and story.stage.per_user
    asked = [act.given.get("maxMachines", 0) for act, _ in story.did("limit", "policy")]
    machines, cores = Counter[Any](), Counter[Any]()
    for item in story.stored("machine").values():
        lessee = item["license_id"], item.get("owner_id") if story.stage.per_user else ""
        machines[lessee] += 1
        cores[lessee] += item.get("cores", 0)
    if not story.did("policy") and not moved:
        yield from _passed("machines", machines, max(MAX_MACHINES, *asked, 0))
        yield from _passed("cores", cores, MAX_CORES)
    if not moved:
        yield from _passed("processes", _processes(story), MAX_PROCESSES)
    groups = {item["pk"]: item["machines"] for item in story.rows if item["kind"] == "group-meter"}
    yield from _passed("machines in a group", Counter(groups), MAX_GROUP)


def _passed(what: str, found: Counter[Any], highest: int) -> Iterator[str]:
    yield from (f"too many {what}: {key} {number} of {highest}" for key, number in found.items() if number > highest)


def _processes(story: Story) -> Counter[Any]:
    machines = story.stored("machine")
    lessee: Callable[[Item], Any] = {
        "PER_MACHINE": lambda item: item["machine_id"],
        "PER_LICENSE": lambda item: item["license_id"],
        "PER_USER": lambda item: (item["license_id"], machines[item["machine_id"]].get("owner_id")),
    }[story.stage.process_leasing]
    return Counter(lessee(item) for item in story.stored("process").values() if item["machine_id"] in machines)


def token(story: Story) -> Iterator[str]:
    """The token counts what was done with it, and no more than it may."""
    for item in story.rows:
        if item["kind"] == "token" and item["bearer_kind"] == "license":
            for name, kind in (("activations", "activate"), ("deactivations", "deactivate")):
                tally = story.tally(kind, token=True)
                if not tally.allows(item[name]) or item[name] > MAX_TOKEN:
                    yield f"counted by the token: {name} {item[name]}, {tally}"


def names(story: Story) -> Iterator[str]:
    """A fingerprint is held once where it has to be unique."""
    wide = story.stage.wide
    if wide and story.did("policy"):
        return
    for what, scope in (("machine", "license_id"), ("component", "machine_id")):
        items = story.stored(what).values()
        held = Counter(("account" if wide else item[scope], item["fingerprint"]) for item in items)
        yield from (f"{what} twice: {one}" for one, number in held.items() if number > 1)


def refusals(story: Story) -> Iterator[str]:
    """Nobody is told of somebody else who was never there, nor of seats that were never taken."""
    holders = {("a", "one"), ("b", "two")}
    holders |= {
        (act.given["fingerprint"], act.given["license"])
        for act, told in story.did("activate")
        if told.done or told.unknown
    }
    wide = story.stage.wide or bool(story.did("policy"))
    for act, told in story.did("activate"):
        fingerprint, license = act.given["fingerprint"], act.given["license"]
        known = {one for name, one in holders if name == fingerprint}
        if told.code == "FINGERPRINT_TAKEN" and license not in known and not (wide and known):
            yield f"taken by nobody: {act}"
        if told.code == "MACHINE_LIMIT_EXCEEDED" and _had_room(story, license, act.given["owner"]):
            yield f"refused though there was room: {act}"


def _had_room(story: Story, license: str, owner: str | None) -> bool:
    """Where nothing was taken away and no limit changed, what is there at the end was the most there ever was."""
    if story.did(*TAKES_AWAY, "limit", "policy"):
        return False
    lessee = owner and story.stage.ids[owner]
    mine = [
        item
        for item in story.stored("machine").values()
        if item["license_id"] == story.stage.ids[license]
        and (not story.stage.per_user or item.get("owner_id") == lessee)
    ]
    return len(mine) < MAX_MACHINES


def licenses(story: Story) -> Iterator[str]:
    """Uses are counted beside seats, and the expiry of the first activation stays."""
    called = {story.stage.ids[name]: name for name in ("one", "two")}
    for item in story.stored("license-meter").values():
        tally = story.tally("use", license=called[item["id"]])
        if not tally.allows(item["uses"]):
            yield f"uses of {called[item['id']]}: {item['uses']}, {tally}"
        if item.get("expiry") is None:
            yield f"activated without expiry: {called[item['id']]}"


RULES = (
    answers,
    effects.machines,
    effects.processes,
    effects.components,
    effects.changes,
    effects.events,
    limits,
    token,
    names,
    refusals,
    licenses,
)
