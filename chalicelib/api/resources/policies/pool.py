"""The pool of a policy: what is in it, and taking a key out (spec policies.md §2, §6)."""

from __future__ import annotations

from chalicelib.api.kinds.policies import POLICIES, load_one
from chalicelib.api.kinds.pool_keys import POOL_KEYS
from chalicelib.api.operation import Arrival, Command, Outcome, Scene
from chalicelib.licensing import pool
from chalicelib.licensing.pool import PoolKey
from chalicelib.store.fetch import Plan
from chalicelib.store.items import pool as stored
from chalicelib.store.loads import pool as loads
from chalicelib.store.starts import related

PATH = "/policies/{id}/pool"


def _load_key(arrival: Arrival) -> Plan[PoolKey | None]:
    """The key to pop; another one each time it is decided again."""
    draw = int(arrival.service.random_hex(4), 16)
    return loads.one_of(arrival.account_id, arrival.ids["id"], draw)


def _list(scene: Scene, command: Command) -> Outcome:
    policy = POLICIES.one(scene)
    return POOL_KEYS.page(scene, (related(scene.account_id, "policy", policy.id, stored.KIND),))


def _show(scene: Scene, command: Command) -> Outcome:
    policy = POLICIES.one(scene)
    found = loads.by_id(scene.account_id, scene.arrival.ids["child"])
    return POOL_KEYS.child(scene, found, lambda pooled: pooled.policy_id == policy.id)


def _pop(scene: Scene, command: Command) -> Outcome:
    pooled = pool.popped(POLICIES.one(scene), scene.extra)
    return Outcome(
        body={"data": POOL_KEYS.show(scene, pooled)},
        writes=stored.removal(scene.account_id, pooled, scene.now),
        event="policy.pool.popped",
    )


OPERATIONS = (
    POLICIES.below("policy.pool.list", PATH, load_one, _list, "key.read"),
    POLICIES.member(
        "policy.pool.read",
        ("GET",),
        f"{PATH}/{{child}}",
        load_one,
        _show,
        rule="policy.pool.list",
        permission="key.read",
    ),
    POLICIES.member(
        "policy.pool.pop",
        ("DELETE",),
        PATH,
        load_one,
        _pop,
        extra=_load_key,
        events=("policy.pool.popped",),
    ),
)
