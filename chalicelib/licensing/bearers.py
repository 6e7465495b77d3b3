"""Who acts, what is acted on, and the ties between the two that rules ask about (spec auth.md §1, §5.4, §7)."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from chalicelib.licensing.entitlement import Entitlement
from chalicelib.licensing.group import Group
from chalicelib.licensing.license import License, is_protected
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

    A license comes with its policy. A new license: `policy` and `owner_id` as named by the request. A new policy:
    `product`. A token: `token`, and `user` when its bearer is one. A new token: the bearer it is for, in `user`,
    `license` or `product`.
    `attached`: the bearer user is attached to `license`.
    `related`: for a policy or product, the bearer user owns or is attached to a license of it; for a user, the bearer
    user shares a license with it, the bearer license has it attached, the bearer product has a license with it; for a
    token, it belongs to a license or user of the bearer product; for an entitlement, a license of the bearer has it.
    A group: `member` says that the bearer user, or the bearer license, is in it; `group_owner` that the bearer user
    owns it. A change of policy: `license` with its own `policy`, and `new_policy` (None when it is unknown).
    A change of a user: `user` as it is and `new_role` where one is sent; `products` are those of the user's licenses,
    None where nobody asked.
    """

    license: License | None = None
    policy: Policy | None = None
    product: Product | None = None
    token: Token | None = None
    user: User | None = None
    owner_id: str | None = None
    attached: bool = False
    related: bool = False
    group: Group | None = None
    entitlement: Entitlement | None = None
    key: PoolKey | None = None
    member: bool = False
    group_owner: bool = False
    new_policy: Policy | None = None
    new_role: str | None = None
    products: frozenset[str] | None = None


NOTHING = Subject()

Tie = Callable[[Bearer, Subject], bool]


def anyone(bearer: Bearer, subject: Subject) -> bool:
    """No tie is asked for: rows are chosen by `visible`."""
    return True


def same_product(bearer: Bearer, subject: Subject) -> bool:
    """The license, policy or product is of the bearer product."""
    if subject.license is not None:
        return subject.license.product_id == bearer.id
    if subject.policy is not None:
        return subject.policy.product_id == bearer.id
    return subject.product is not None and subject.product.id == bearer.id


def same_product_license(bearer: Bearer, subject: Subject) -> bool:
    """The license is of the bearer product."""
    return subject.license is not None and same_product(bearer, subject)


def owner(bearer: Bearer, subject: Subject) -> bool:
    """The bearer user owns the license."""
    return subject.license is not None and subject.license.owner_id == bearer.id


def attached(bearer: Bearer, subject: Subject) -> bool:
    """The bearer user is attached to the license."""
    return subject.license is not None and subject.attached


def named_owner(bearer: Bearer, subject: Subject) -> bool:
    """The bearer user is the owner the new license is to have."""
    return subject.owner_id == bearer.id


def itself(bearer: Bearer, subject: Subject) -> bool:
    """The subject is the bearer."""
    subjects = {"license": subject.license, "product": subject.product, "user": subject.user}
    found = subjects[bearer.kind]
    return found is not None and found.id == bearer.id


def own_token(bearer: Bearer, subject: Subject) -> bool:
    """The token belongs to the bearer."""
    token = subject.token
    return token is not None and (token.bearer_kind, token.bearer_id) == (bearer.kind, bearer.id)


def related(bearer: Bearer, subject: Subject) -> bool:
    """See `Subject.related`."""
    return subject.related


def own_policy(bearer: Bearer, subject: Subject) -> bool:
    """The policy of the bearer license."""
    return _of(bearer.license, "policy_id", subject.policy)


def own_product(bearer: Bearer, subject: Subject) -> bool:
    """The product of the bearer license."""
    return _of(bearer.license, "product_id", subject.product)


def open_product(bearer: Bearer, subject: Subject) -> bool:
    """The product is open to everybody."""
    return subject.product is not None and subject.product.distribution_strategy == "OPEN"


def closed_product(bearer: Bearer, subject: Subject) -> bool:
    """The product is closed to everybody but staff and itself."""
    product = subject.product
    return bearer.kind != "product" and product is not None and product.distribution_strategy == "CLOSED"


def own_user(bearer: Bearer, subject: Subject) -> bool:
    """The user owns the bearer license or is attached to it."""
    user = subject.user
    return user is not None and bearer.license is not None and (bearer.license.owner_id == user.id or subject.related)


def customer(bearer: Bearer, subject: Subject) -> bool:
    """The user is a customer, no staff."""
    return subject.user is not None and subject.user.role == "user"


def related_customer(bearer: Bearer, subject: Subject) -> bool:
    """A customer with a license of the bearer product."""
    return subject.related and customer(bearer, subject)


def not_of_other_staff(bearer: Bearer, subject: Subject) -> bool:
    """The token is of a customer, product or license, not of a member of staff."""
    token = subject.token
    if token is None:
        return False
    staff = subject.user.role != "user" if subject.user is not None else token.kind != "user-token"
    return token.bearer_kind != "user" or not staff


def license_protected(bearer: Bearer, subject: Subject) -> bool:
    """The license is closed to its users; without its policy a flag that was never stored counts as set."""
    license, policy = subject.license, subject.policy
    if bearer.kind != "user" or license is None:
        return False
    return is_protected(license, policy) if policy is not None else license.protected is not False


def policy_protected(bearer: Bearer, subject: Subject) -> bool:
    """The licenses of the policy are closed to their users."""
    return bearer.kind == "user" and subject.policy is not None and subject.policy.protected


def _of(license: License | None, name: str, resource: Policy | Product | None) -> bool:
    return license is not None and resource is not None and getattr(license, name) == resource.id
