"""Activations and deactivations of a license token (spec machines.md §4.8, §6.4)."""

from __future__ import annotations

from chalicelib.api.authenticate import token_key
from chalicelib.api.operation import Scene
from chalicelib.licensing.activation_limits import Quota, quota_bound, quota_problem
from chalicelib.licensing.errors import check
from chalicelib.store.items import token as stored
from chalicelib.store.unit import Write


def spent(scene: Scene, counter: Quota) -> tuple[Write, ...]:
    """The write that counts one more for the license token that asks; others never count. Raises InvalidFields."""
    token = scene.identity.token
    key = token_key(scene.arrival.tenant, scene.arrival.presented)
    if token is None or key is None or token.bearer_kind != "license":
        return ()
    check([quota_problem(token, counter)])
    return (stored.counted(key, token, counter, quota_bound(token, counter)),)
