"""Pool keys, and what is left in a pool."""

from __future__ import annotations

from collections.abc import Sequence

from chalicelib.licensing.identifiers import is_uuid, normal_uuid
from chalicelib.licensing.pool import Clashes, PoolKey
from chalicelib.store import keys
from chalicelib.store.fetch import Entry, Need, Plan, Prefix, need
from chalicelib.store.items import pool as pools
from chalicelib.store.keys import Key
from chalicelib.store.loads import resources
from chalicelib.store.loads.live import live

OFFERED = 32
"""How many keys a pop chooses from, so that those who pop at the same time seldom meet."""
GROWTH = 4


def by_id(account_id: str, text: str) -> Plan[PoolKey | None]:
    """A pool key by its id; one whose policy is gone does not exist."""
    if not is_uuid(text):
        return None
    pointer_key = keys.pointer(account_id, pools.KIND, normal_uuid(text))
    found = yield need(pointer_key)
    pointer = live(found, pointer_key, "pointer")
    if pointer is None:
        return None
    (pooled,) = yield from at(account_id, [Key(pointer["target_pk"], pointer["target_sk"])])
    return pooled


def many(account_id: str, entries: Sequence[Entry]) -> Plan[Sequence[PoolKey | None]]:
    """Those of a list."""
    return (yield from at(account_id, [entry.key for entry in entries]))


def at(account_id: str, where: Sequence[Key]) -> Plan[Sequence[PoolKey | None]]:
    """Those stored at these keys, without those whose policy is gone."""
    found = yield need(*where)
    items = [live(found, key, pools.KIND) for key in where]
    pooled = [None if item is None else pools.pool_key_of(item) for item in items]
    alive = yield from resources.living_policies(account_id, {one.policy_id for one in pooled if one is not None})
    return [one if one is not None and one.policy_id in alive else None for one in pooled]


def clashes(account_id: str, key: str | None, own: str | None = None) -> Plan[Clashes]:
    """What else a key that was sent is already; `own` is the id of the pool key that may have it."""
    if not key:
        return Clashes()
    pooled, licensed = pools.guard_key(account_id, key), keys.unique(account_id, "license-key", key)
    named = _license_named(account_id, key)
    found = yield need(pooled, licensed, named)
    return Clashes(
        pool_key=found[pooled] is not None and found[pooled]["target"] != own,
        license_id=named is not None and found[named] is not None,
        license_key=found[licensed] is not None,
    )


def one_of(account_id: str, policy_id: str, draw: int) -> Plan[PoolKey | None]:
    """A key of a pool, None only if it is empty. `draw` is any number: those who pop at once seldom meet."""
    if not is_uuid(policy_id):
        return None
    offered = yield from _offered(account_id, normal_uuid(policy_id), OFFERED)
    return offered[draw % len(offered)] if offered else None


def unused_of(account_id: str, policy_id: str, draw: int) -> Plan[PoolKey | None]:
    """A key of a pool that is no license's key or id by now, None only if there is none (spec licenses.md §4.3).

    Usually it is the first that is drawn; more of the pool is read only while all that was read is used.
    """
    seen, wanted = 0, OFFERED
    while True:
        offered = yield from _offered(account_id, policy_id, wanted)
        start = seen + draw % max(len(offered) - seen, 1)
        candidates = (*offered[start:], *offered[seen:start])
        unused = (yield from _unused(account_id, candidates[:1])) or (yield from _unused(account_id, candidates[1:]))
        if unused or len(offered) < wanted:
            return unused[0] if unused else None
        seen, wanted = len(offered), wanted * GROWTH


def _offered(account_id: str, policy_id: str, wanted: int) -> Plan[tuple[PoolKey, ...]]:
    """What is in a pool right now, read strongly: fewer than `wanted` only if the pool has no more."""
    ask = Prefix(*keys.pool(account_id, policy_id), wanted)
    found = yield Need(asks=(ask,))
    return tuple(pools.pool_key_of(item) for item in found[ask])


def _unused(account_id: str, candidates: Sequence[PoolKey]) -> Plan[tuple[PoolKey, ...]]:
    ties = [
        (keys.unique(account_id, "license-key", one.key), _license_named(account_id, one.key)) for one in candidates
    ]
    found = yield need(*(key for pair in ties for key in pair))
    used = [any(key is not None and found[key] is not None for key in pair) for pair in ties]
    return tuple(one for one, is_used in zip(candidates, used, strict=True) if not is_used)


def _license_named(account_id: str, key: str) -> Key | None:
    """The license that a key would be the id of."""
    return keys.facts(account_id, normal_uuid(key)) if is_uuid(key) else None
