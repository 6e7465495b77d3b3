"""Every kind that moves, in the order of an export: what others refer to comes first.

Pool keys come before licenses: a license may have been given a key that waits in a pool, not the other way round.
"""

from __future__ import annotations

from chalicelib.admin.transfer.kind import Kind
from chalicelib.admin.transfer.kinds import (
    accounts,
    artifacts,
    attachments,
    components,
    entitlements,
    groups,
    licenses,
    machines,
    policies,
    pool_keys,
    processes,
    products,
    releases,
    tokens,
    users,
)

KINDS: tuple[Kind, ...] = (
    accounts.KIND,
    products.KIND,
    entitlements.KIND,
    policies.KIND,
    attachments.POLICY_ENTITLEMENTS,
    releases.KIND,
    attachments.CONSTRAINTS,
    artifacts.KIND,
    pool_keys.KIND,
    groups.KIND,
    users.KIND,
    attachments.GROUP_OWNERS,
    licenses.KIND,
    attachments.LICENSE_USERS,
    attachments.LICENSE_ENTITLEMENTS,
    machines.KIND,
    components.KIND,
    processes.KIND,
    tokens.KIND,
)

BY_TYPE = {kind.shape.type: kind for kind in KINDS}
