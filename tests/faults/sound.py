"""What must hold of everything stored at any moment, whatever failed: names, ways, counters, lists."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from chalicelib.licensing.admins import full_admins_added
from chalicelib.licensing.deadlines import next_due
from chalicelib.licensing.license import License
from chalicelib.store import keys
from chalicelib.store.items import entitlement as entitlements
from chalicelib.store.items import license as licenses
from chalicelib.store.items import machine as machines
from chalicelib.store.items import policy as policies
from chalicelib.store.items import pool as pools
from chalicelib.store.items import product as products
from chalicelib.store.items import release as releases
from chalicelib.store.items import user as users
from chalicelib.store.items.hint import Listed
from chalicelib.store.keys import Key
from chalicelib.store.table import Item
from tests.faults.sound_machines import assert_machines_sound
from tests.faults.stored import Stored, living, read, slots_of
from tests.world import World

MEMBERS = ("user", "license", "machine")
TIES = ("policy_id", "product_id", "owner_id", "group_id")
Place = tuple[str, str]


def assert_sound(world: World) -> None:
    """Nothing contradicts anything else."""
    stored = read(world)
    for check in (_names, _ways, _groups, _admins, _licenses, _people, _releases):
        check(stored)
    assert_machines_sound(world, stored)
    missing = true_hints(stored) - hints(stored)
    assert not missing, f"lists would miss {missing}"


def _names(stored: Stored) -> None:
    """Each unique name in use is guarded, and leads to whose it is; no other is."""
    guards = {item["pk"]: item["target"] for item in stored.of("unique") if not item["pk"].startswith("unique#slug#")}
    assert guards == dict(_expected_names(stored))


def _expected_names(stored: Stored) -> Iterator[tuple[str, str]]:
    account_id = stored.account_id
    of_kind: dict[str, tuple[str, Callable[[str, str], Key]]] = {
        "product": ("code", products.code_key),
        "entitlement": ("code", entitlements.code_key),
        "user": ("email", users.email_key),
        "license": ("key", lambda account_id, key: keys.unique(account_id, "license-key", key)),
        "key": ("key", pools.guard_key),
    }
    for kind, (attribute, key_of) in of_kind.items():
        for item in stored.of(kind):
            if item.get(attribute) is not None:
                yield key_of(account_id, item[attribute]).pk, item["id"]
    within = (
        ("release", "product_id", "version", releases.version_key),
        ("release", "product_id", "tag", releases.tag_key),
        ("artifact", "release_id", "filename", releases.filename_key),
    )
    for kind, parent, attribute, key_within in within:
        for item in stored.of(kind):
            if item.get(attribute) is not None:
                yield key_within(account_id, item[parent], item[attribute]).pk, item["id"]


def _ways(stored: Stored) -> None:
    """What has a key of another kind is reached by its id, and nothing else is.

    Only the ways to what was left of a machine stay when another with its fingerprint writes over that: nobody knows
    those ids any more.
    """
    expected = {
        keys.pointer(stored.account_id, kind, item["id"]).pk: (item["pk"], item["sk"])
        for kind in ("token", "key", "machine", "component", "process")
        for item in stored.of(kind)
    }
    found = {item["pk"]: (item["target_pk"], item["target_sk"]) for item in stored.of("pointer")}
    parts = {(item["pk"], item["sk"]) for kind in ("component", "process") for item in stored.of(kind)}
    assert expected.items() <= found.items()
    assert {target for pk, target in found.items() if pk not in expected} <= parts


def _groups(stored: Stored) -> None:
    """Each group counts its members, and one that is gone counts nobody."""
    expected = {
        keys.group_meter(stored.account_id, group_id).pk: [_members(stored.of(kind), group_id) for kind in MEMBERS]
        for group_id in stored.by_id("group")
    }
    counted = {item["pk"]: [item[f"{kind}s"] for kind in MEMBERS] for item in stored.of("group-meter")}
    assert counted == expected


def _members(items: Iterable[Item], group_id: str) -> int:
    return sum(item.get("group_id") == group_id for item in items)


def _admins(stored: Stored) -> None:
    (meter,) = stored.of("account-meter")
    assert meter["admins"] == sum(full_admins_added(None, users.user_of(item)) for item in stored.of("user"))


def _licenses(stored: Stored) -> None:
    """Both halves are there and of one basis, the hints of the key are right, seats are those in use or promised."""
    meters = stored.by_id("license-meter")
    guards = {item["target"]: item for item in stored.of("unique") if "#license-key#" in item["pk"]}
    taken = Counter(item["holder_id"] for item in stored.of("attachment") if item["attached"] == "license-user")
    promised = Counter(_promised(stored))
    existing = {facts["id"] for facts in living(stored)}
    assert stored.by_id("license").keys() == meters.keys()
    for facts in stored.of("license"):
        meter, guard = meters[facts["id"]], guards[facts["id"]]
        assert facts["basis"] == meter["basis"]
        assert [guard.get(name) for name in TIES] == [facts.get(name) for name in TIES]
        license = licenses.license_of(facts, meter)
        assert slots_of(facts) == licenses.slots(stored.account_id, license)
        assert slots_of(meter) == licenses.meter_slots(stored.account_id, license)
        if facts["id"] in existing:
            assert meter["users"] == taken[facts["id"]] + promised[facts["id"]]
            _armed(stored, license, meter)


def _armed(stored: Stored, license: License, meter: Item) -> None:
    """The deadline follows from the rest, unless it is overdue or a task is about to set it again."""
    due_at, policy = meter.get("due_at"), stored.by_id("policy")[license.policy_id]
    rearming = policy["id"] in {task["target"] for task in stored.announced("rearm-policy")}
    if not rearming and (due_at is None or due_at > stored.now):
        assert due_at == next_due(license, policies.policy_of(policy), stored.now)


def _promised(stored: Stored) -> Iterator[str]:
    """The licenses that users wait to be attached to: their seats are taken, who waits is not settled yet."""
    settled = {item["sk"].removeprefix("settled#") for item in stored.of("tombstone")}
    for task in stored.tasks:
        if task["name"] == "attach":
            waiting = [one for one in task["arguments"]["attachments"] if one["kind"] == "license-user"]
            yield from (one["holder_id"] for one in waiting if one["id"] not in settled)


def _people(stored: Stored) -> None:
    for item in stored.of("user"):
        assert slots_of(item) == users.slots(stored.account_id, users.user_of(item))


def _releases(stored: Stored) -> None:
    """Releases and artifacts are found by what they are looked up by."""
    account_id = stored.account_id
    for item in stored.of("release"):
        tag = item.get("tag")
        assert item["in_5"] == releases.versions(account_id, item["version"])
        assert item.get("in_6") == (None if tag is None else releases.tags(account_id, tag))
    for item in stored.of("artifact"):
        checksum, where = item.get("checksum"), item.get("in_4")
        assert where == (checksum and releases.checksum_slot(account_id, item["product_id"], checksum))


def hints(stored: Stored) -> set[Place]:
    """The rows that let lists find something by its metadata."""
    return {(item["pk"], item["sk"]) for item in stored.of("hint")}


def true_hints(stored: Stored) -> set[Place]:
    """Those that there have to be."""
    existing = {facts["id"]: facts for facts in living(stored)}
    listed = [licenses.listed(facts) for facts in existing.values()]
    listed += [users.listed(users.user_of(item)) for item in stored.of("user")]
    installed = [machines.machine_of(item) for item in stored.of("machine") if item["license_id"] in existing]
    listed += [machines.listed(machine) for machine in installed]
    return {place for one in listed for place in _places(stored.account_id, one)}


def _places(account_id: str, listed: Listed) -> Iterator[Place]:
    position = keys.position(listed.created, listed.identifier)
    for text in listed.texts:
        yield keys.listed_metadata(account_id, listed.kind, text), position
