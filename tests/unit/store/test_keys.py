"""Keys, slots and guards: what must differ differs, what must sort sorts."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from uuid import UUID, uuid5

from chalicelib.store import keys
from tests.unit.licensing.make import NOW, TICK

ACCOUNT, OTHER = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"


def everything(account: str) -> list[keys.Key]:
    return [
        keys.account(account),
        keys.account_meter(account),
        keys.webhooks(account),
        *(keys.resource(account, kind, "x") for kind in ("product", "policy", "user")),
        keys.facts(account, "x"),
        keys.meter(account, "x"),
        keys.token(account, "x"),
        keys.pointer(account, "token", "x"),
        *(keys.unique(account, what, "x") for what in ("license-key", "email", "product-code")),
        keys.event(account, "x"),
        keys.task(account, "x"),
    ]


def test_no_two_things_share_a_key() -> None:
    found = everything(ACCOUNT) + everything(OTHER) + [keys.slug("x"), keys.delivery("x", "y")]
    assert len(set(found)) == len(found)


def test_everything_of_an_account_carries_its_id() -> None:
    assert all(ACCOUNT in key.pk for key in everything(ACCOUNT))


def test_a_license_is_one_partition() -> None:
    assert keys.facts(ACCOUNT, "x").pk == keys.meter(ACCOUNT, "x").pk
    assert keys.facts(ACCOUNT, "x").sk != keys.meter(ACCOUNT, "x").sk


def test_a_guard_hides_and_bounds_what_it_guards() -> None:
    long = "k" * 16_384
    assert long not in keys.unique(ACCOUNT, "license-key", long).pk
    assert len(keys.unique(ACCOUNT, "license-key", long).pk) < 300
    assert keys.unique(ACCOUNT, "license-key", "Key") != keys.unique(ACCOUNT, "license-key", "key")


def test_slugs_ignore_case() -> None:
    assert keys.slug("Acme") == keys.slug("acme")


def test_positions_sort_like_time() -> None:
    moments = [NOW - timedelta(days=9000), NOW, NOW + TICK, NOW + timedelta(seconds=1), NOW + timedelta(days=9000)]
    positions = [keys.position(moment, "z") for moment in moments]
    assert positions == sorted(positions)
    assert len({len(position) for position in positions}) == 1


def test_deadlines_spread_over_all_shards() -> None:
    spread = Counter(keys.due_shard(str(uuid5(UUID(ACCOUNT), str(number)))) for number in range(1600))
    assert set(spread) == set(keys.SHARDS)
    assert max(spread.values()) < 3 * min(spread.values())


def test_slots_of_two_accounts_never_meet() -> None:
    assert keys.slot(ACCOUNT, "product", "P", "license") != keys.slot(OTHER, "product", "P", "license")


def test_where_a_part_is_tells_where_its_machine_is() -> None:
    on = keys.machine(ACCOUNT, "L", "machine's print")
    for part in (keys.component, keys.process):
        assert keys.machine_of(part(ACCOUNT, "L", "machine's print", "own name")) == on
