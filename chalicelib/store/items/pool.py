"""Pool keys: in the partition of their policy, reached by id through a pointer, unique by a guard."""

from __future__ import annotations

from datetime import datetime

from chalicelib.licensing.identifiers import is_uuid, normal_uuid
from chalicelib.licensing.pool import PoolKey
from chalicelib.store import keys
from chalicelib.store.items import tombstone
from chalicelib.store.items.guard import PointerRow, UniqueRow, moved
from chalicelib.store.items.license import FactsRow
from chalicelib.store.items.mapping import difference, raised, to_attributes, to_value
from chalicelib.store.keys import Key
from chalicelib.store.table import InstantAttribute, IntegerAttribute, Item, Row, UnicodeAttribute
from chalicelib.store.unit import Change, Check, Put, Remove, Write

KIND = "key"


class PoolKeyRow(Row, discriminator=KIND):
    """A key that waits in a pool."""

    id = UnicodeAttribute()
    key = UnicodeAttribute()
    policy_id = UnicodeAttribute()
    product_id = UnicodeAttribute()
    created = InstantAttribute()
    updated = InstantAttribute()
    revision = IntegerAttribute()


def pool_key_of(item: Item) -> PoolKey:
    """The domain value of a stored pool key."""
    return to_value(PoolKey, item)


def guard_key(account_id: str, key: str) -> Key:
    """The guard of a pool key; keys are unique in their account, compared exactly."""
    return keys.unique(account_id, "pool-key", key)


def creation(account_id: str, pooled: PoolKey) -> tuple[Write, ...]:
    """The writes of a new pool key: itself, the way to it by id, and its guard; no license may have the key yet."""
    key, pointer = keys.pool_key(account_id, pooled.policy_id, pooled.id), keys.pointer(account_id, KIND, pooled.id)
    stored = PoolKeyRow(
        pk=key.pk,
        sk=key.sk,
        in_1=keys.slot(account_id, KIND),
        in_2=keys.slot(account_id, "product", pooled.product_id, KIND),
        in_3=keys.slot(account_id, "policy", pooled.policy_id, KIND),
        position=keys.position(pooled.created, pooled.id),
        **to_attributes(pooled, PoolKeyRow),
    )
    reach = PointerRow(pk=pointer.pk, sk=pointer.sk, target_pk=key.pk, target_sk=key.sk, created=pooled.created)
    claimed = moved(None, guard_key(account_id, pooled.key), pooled.id)
    return (Put(stored), Put(reach), *claimed, *_of_no_license(account_id, pooled.key))


def update(account_id: str, before: PoolKey, after: PoolKey) -> tuple[Write, ...]:
    """The writes of a change: itself, and the guards where the key changed; no license may have a new key yet."""
    key = keys.pool_key(account_id, before.policy_id, before.id)
    actions = difference(before, raised(after, before), PoolKeyRow)
    change = Change(PoolKeyRow, key, actions, PoolKeyRow.revision == before.revision)
    if after.key == before.key:
        return (change,)
    claimed = moved(guard_key(account_id, before.key), guard_key(account_id, after.key), before.id)
    return (change, *claimed, *_of_no_license(account_id, after.key))


def _of_no_license(account_id: str, key: str) -> tuple[Write, ...]:
    """Proof that no license has `key` as its key or, where it looks like one, as its id."""
    guard = Check(UniqueRow, keys.unique(account_id, "license-key", key), UniqueRow.pk.does_not_exist())
    if not is_uuid(key):
        return (guard,)
    return (guard, Check(FactsRow, keys.facts(account_id, normal_uuid(key)), FactsRow.pk.does_not_exist()))


def removal(account_id: str, pooled: PoolKey, now: datetime) -> tuple[Write, ...]:
    """The writes that take a key out of its pool, once: it must be there as it was read.

    What is left at its pointer keeps cursors valid; the key itself leaves nothing behind in the pool.
    """
    key = keys.pool_key(account_id, pooled.policy_id, pooled.id)
    pointer = keys.pointer(account_id, KIND, pooled.id)
    return (
        Remove(PoolKeyRow, key, PoolKeyRow.revision == pooled.revision),
        tombstone.over(PointerRow, pointer, pooled.created, now),
        *moved(guard_key(account_id, pooled.key), None, pooled.id),
    )
