"""Who acts, and what is acted on (spec auth.md §1, §5.4, §7)."""

from __future__ import annotations

import msgspec

from chalicelib.licensing.entitlement import Entitlement
from chalicelib.licensing.group import Group
from chalicelib.licensing.license import License
from chalicelib.licensing.machine import Machine
from chalicelib.licensing.policy import Policy
from chalicelib.licensing.pool import PoolKey
from chalicelib.licensing.product import Product
from chalicelib.licensing.token import Token
from chalicelib.licensing.user import User

STAFF_LETTERS = {"admin": "A", "developer": "D", "sales-agent": "S", "support-agent": "P", "read-only": "R"}


class Bearer(msgspec.Struct, frozen=True, kw_only=True):
    """Who acts. Nobody (anonymous) is None instead.

    `kind` is `user`, `product` or `license`; `role` as in `permissions.ROLES`. `held` is the set of the bearer (for a
    license already narrowed by its owner), `token_held` that of the token, stored or effective; None without token.
    `banned` is about the bearer user, or the owner of the bearer license.
    """

    kind: str
    id: str
    role: str
    held: frozenset[str]
    token_id: str | None = None
    token_held: frozenset[str] | None = None
    user: User | None = None
    product: Product | None = None
    license: License | None = None
    policy: Policy | None = None
    banned: bool = False

    @property
    def letter(self) -> str:
        """The letter of a member of staff in rules, empty for everybody else."""
        return STAFF_LETTERS.get(self.role, "") if self.kind == "user" else ""


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """What is acted on; for a creation, what the new resource would belong to.

    A license comes with its policy, a machine with both; a component or process is acted on through its machine.
    A new machine: `machine` as it would be, and the license it names, None when that is unknown. A new license:
    `policy` and `owner_id` as named by the request. A new policy: `product`. A new pool key: `policy`. A token:
    `token`, and `user` when its bearer is one. A new token: the bearer it is for, in `user`, `license` or `product`.
    What is read, attached or changed under a resource: that resource.
    `attached`: the bearer user is attached to `license`.
    `related`: for a policy or product, the bearer user owns or is attached to a license of it; for a user, the bearer
    user shares a license with it, the bearer license has it attached, the bearer product has a license with it; for a
    token, it belongs to a license or user of the bearer product; for an entitlement, a license of the bearer has it,
    itself or through its policy.
    `group_owner`: the bearer user owns `group`.
    A change of policy: `license` with its own `policy`, and `new_policy` (None when it is unknown).
    A change of a user: `user` as it is, `new_role` and `new_permissions` as sent, None where nothing was. A new user:
    these two only, None for the defaults. A user to delete: `products` are those of its licenses, None where nobody
    asked.
    """

    license: License | None = None
    machine: Machine | None = None
    policy: Policy | None = None
    product: Product | None = None
    token: Token | None = None
    user: User | None = None
    group: Group | None = None
    entitlement: Entitlement | None = None
    key: PoolKey | None = None
    owner_id: str | None = None
    attached: bool = False
    related: bool = False
    group_owner: bool = False
    new_policy: Policy | None = None
    new_role: str | None = None
    new_permissions: tuple[str, ...] | None = None
    products: frozenset[str] | None = None


NOTHING = Subject()
