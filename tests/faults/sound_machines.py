"""What must hold of machines, components and processes at any moment: counters, holders, fences, lists, deadlines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.admin import counting
from chalicelib.licensing import deaths
from chalicelib.licensing.license import License
from chalicelib.licensing.policy import Policy
from chalicelib.licensing.uniqueness import Kind, is_wide, strategy
from chalicelib.store import keys
from chalicelib.store.items import component as components
from chalicelib.store.items import license as licenses
from chalicelib.store.items import machine as machines
from chalicelib.store.items import policy as policies
from chalicelib.store.items import process as processes
from chalicelib.store.keys import Key
from chalicelib.store.table import Item
from tests.faults.stored import Stored, living, slots_of
from tests.world import World

COUNTED = ("machine", "component", "process", "bucket")
FENCED: tuple[Kind, ...] = ("machine", "component")
FOLLOWING = ("in_2", "in_3")
Licensed = Mapping[str, tuple[License, Policy]]
"""The licenses that exist, and their policies, by id."""


def assert_machines_sound(world: World, stored: Stored) -> None:
    """Nothing about machines contradicts anything else."""
    if not any(stored.of(kind) for kind in (*COUNTED, "fingerprint", "fence")):
        return
    found = _licensed(stored)
    _counters(world, stored, found)
    _holders(stored)
    _parts(stored, found)
    _fences(stored, found)
    _tokens(stored)
    for item in (*stored.of("machine"), *stored.of("component"), *stored.of("process")):
        if item["license_id"] in found:
            _placed(stored, item, *found[item["license_id"]])


def _licensed(stored: Stored) -> Licensed:
    meters, ruling = stored.by_id("license-meter"), stored.by_id("policy")
    return {
        facts["id"]: (
            licenses.license_of(facts, meters[facts["id"]]),
            policies.policy_of(ruling[facts["policy_id"]]),
        )
        for facts in living(stored)
    }


def _counters(world: World, stored: Stored, found: Licensed) -> None:
    """Meter, buckets and machines say what the rows add up to; who waits for a seat as a user is judged elsewhere."""
    partitions = {item["pk"] for kind in COUNTED for item in stored.of(kind)}
    for license_id in found:
        if keys.facts(stored.account_id, license_id).pk in partitions:
            count = counting.of_license(world.database, stored.account_id, license_id)
            assert count is not None
            assert not [drift for drift in count.drift if {*drift.counted} != {"users"}]


def _holders(stored: Stored) -> None:
    """Each fingerprint in use leads to who holds it, and no other does."""
    expected = {_holder(stored.account_id, item): _key(item) for kind in FENCED for item in stored.of(kind)}
    assert {_key(item): (item["target_pk"], item["target_sk"]) for item in stored.of("fingerprint")} == expected


def _holder(account_id: str, item: Item) -> Key:
    machine = item["kind"] == "machine"
    position = keys.position(item["created"], item["id"]) if machine else keys.component_holder(_key(item))
    return Key(keys.fingerprint(account_id, item["kind"], item["fingerprint"]), position)


def _parts(stored: Stored, found: Licensed) -> None:
    """What has no machine any more is about to be removed."""
    installed, going = stored.by_id("machine"), {task["target"] for task in stored.announced("erase-machine")}
    for item in (*stored.of("component"), *stored.of("process")):
        if item["license_id"] in found and item["machine_id"] not in going:
            machine = installed[item["machine_id"]]
            assert _key(machine) == keys.machine_of(_key(item))
            assert machine["fingerprint"] == item["machine_fingerprint"]


def _fences(stored: Stored, found: Licensed) -> None:
    """Who holds a fingerprint under a wide strategy went through its fence; there is none where nothing is wide."""
    passed = {item["pk"] for item in stored.of("fence")}
    ruling = [policies.policy_of(item) for item in stored.of("policy")]
    for kind in FENCED:
        wide = any(is_wide(kind, strategy(kind, policy)) for policy in ruling)
        assert wide or not [pk for pk in passed if f"#fence#{kind}#" in pk]
        for item in stored.of(kind):
            if item["license_id"] in found and is_wide(kind, strategy(kind, found[item["license_id"]][1])):
                assert keys.fence(stored.account_id, kind, item["fingerprint"]).pk in passed


def _tokens(stored: Stored) -> None:
    """Tokens count no more activations than there were, no more deactivations, and neither beyond their quota."""
    counted = Counter[str]()
    for token in stored.of("token"):
        for name in ("activations", "deactivations"):
            counted[name] += token[name]
            assert token.get(f"max_{name}") is None or token[name] <= token[f"max_{name}"]
    buried = [item for item in stored.of("tombstone") if item["pk"].startswith(f"{stored.account_id}#machine#")]
    assert counted["activations"] <= len(stored.of("machine")) + len(buried)
    assert counted["deactivations"] <= len(buried)


def _placed(stored: Stored, item: Item, license: License, policy: Policy) -> None:
    """Listed where it belongs and due when it has to be, unless a task is about to see to that."""
    following = license.id in {task["target"] for task in stored.announced("follow-license")}
    listed, expected = slots_of(item), dict(_slots(stored.account_id, item, license))
    if following:
        listed, expected = ({name: one[name] for name in one if name not in FOLLOWING} for one in (listed, expected))
    assert listed == expected
    rearming = policy.id in {task["target"] for task in stored.announced("rearm-policy")}
    if item["kind"] != "component" and not following and not rearming:
        _due(item, policy, stored.now)


def _slots(account_id: str, item: Item, license: License) -> Mapping[str, Any]:
    if item["kind"] == "machine":
        return machines.slots(account_id, machines.machine_of(item), license)
    if item["kind"] == "component":
        return components.slots(account_id, components.component_of(item), license)
    return processes.slots(account_id, processes.process_of(item), license)


def _due(item: Item, policy: Policy, now: datetime) -> None:
    """What is overdue is looked at by the next sweep, whenever it was due."""
    watched = machines.machine_of(item) if item["kind"] == "machine" else processes.process_of(item)
    due_at = item.get("due_at")
    assert (None if due_at is None else max(due_at, now)) == deaths.next_due(watched, policy, now)
    assert item.get("due_shard") == (None if due_at is None else keys.due_shard(item["id"]))


def _key(item: Item) -> Key:
    return Key(item["pk"], item["sk"])
