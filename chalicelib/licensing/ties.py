"""The ties between who acts and what is acted on, as predicates that rules name (spec auth.md §5.4, §5.7, §7).

Those to users and groups are in `user_ties`.
"""

from __future__ import annotations

from collections.abc import Callable

from chalicelib.licensing.bearers import Bearer, Subject
from chalicelib.licensing.license import License, is_protected
from chalicelib.licensing.policy import Policy
from chalicelib.licensing.product import Product

Tie = Callable[[Bearer, Subject], bool]


def anyone(bearer: Bearer, subject: Subject) -> bool:
    """No tie is asked for: everything of the account is meant, or rows are chosen by `access.visible`."""
    return True


def itself(bearer: Bearer, subject: Subject) -> bool:
    """The subject is the bearer."""
    subjects = {"license": subject.license, "product": subject.product, "user": subject.user}
    found = subjects[bearer.kind]
    return found is not None and found.id == bearer.id


def related(bearer: Bearer, subject: Subject) -> bool:
    """See `Subject.related`."""
    return subject.related


# --- products and what is theirs ------------------------------------------------------------------------------------


def same_product(bearer: Bearer, subject: Subject) -> bool:
    """The license, pool key, policy or product, the first that is there, is of the bearer product."""
    for found in (subject.license, subject.key, subject.policy):
        if found is not None:
            return found.product_id == bearer.id
    return subject.product is not None and subject.product.id == bearer.id


def same_product_license(bearer: Bearer, subject: Subject) -> bool:
    """The license is of the bearer product."""
    return subject.license is not None and same_product(bearer, subject)


def same_product_policies(bearer: Bearer, subject: Subject) -> bool:
    """The license is of the bearer product, and so is the policy it changes to."""
    new = subject.new_policy
    return same_product_license(bearer, subject) and new is not None and new.product_id == bearer.id


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


# --- licenses -------------------------------------------------------------------------------------------------------


def owner(bearer: Bearer, subject: Subject) -> bool:
    """The bearer user owns the license."""
    return subject.license is not None and subject.license.owner_id == bearer.id


def attached(bearer: Bearer, subject: Subject) -> bool:
    """The bearer user is attached to the license."""
    return subject.license is not None and subject.attached


def named_owner(bearer: Bearer, subject: Subject) -> bool:
    """The bearer user is the owner the new license is to have."""
    return subject.owner_id == bearer.id


def license_protected(bearer: Bearer, subject: Subject) -> bool:
    """The license is closed to its users; without its policy a flag that was never stored counts as set."""
    license = subject.license
    return bearer.kind == "user" and license is not None and _is_protected(license, subject.policy)


def protected_from_holders(bearer: Bearer, subject: Subject) -> bool:
    """The license is closed to its users, and this to the license itself too."""
    license = subject.license
    itself_too = bearer.kind == "license" and license is not None and _is_protected(license, subject.policy)
    return itself_too or license_protected(bearer, subject)


def policy_protected(bearer: Bearer, subject: Subject) -> bool:
    """The licenses of the policy are closed to their users."""
    return bearer.kind == "user" and subject.policy is not None and subject.policy.protected


def new_policy_protected(bearer: Bearer, subject: Subject) -> bool:
    """The policy the license is to change to is closed to users."""
    return bearer.kind == "user" and subject.new_policy is not None and subject.new_policy.protected


# --- machines -------------------------------------------------------------------------------------------------------


def machine_owner(bearer: Bearer, subject: Subject) -> bool:
    """The bearer user owns the machine, which is on a license that is there."""
    machine = subject.machine
    return subject.license is not None and machine is not None and machine.owner_id == bearer.id


# --- tokens ---------------------------------------------------------------------------------------------------------


def own_token(bearer: Bearer, subject: Subject) -> bool:
    """The token belongs to the bearer."""
    token = subject.token
    return token is not None and (token.bearer_kind, token.bearer_id) == (bearer.kind, bearer.id)


def not_of_staff(bearer: Bearer, subject: Subject) -> bool:
    """The token is of a customer, product or license, not of a member of staff."""
    token = subject.token
    if token is None:
        return False
    staff = subject.user.role != "user" if subject.user is not None else token.kind != "user-token"
    return token.bearer_kind != "user" or not staff


def related_token(bearer: Bearer, subject: Subject) -> bool:
    """The token is of a license of the bearer product, or of a customer with one; never of staff."""
    return subject.related and not_of_staff(bearer, subject)


def _is_protected(license: License, policy: Policy | None) -> bool:
    return is_protected(license, policy) if policy is not None else license.protected is not False


def _of(license: License | None, name: str, resource: Policy | Product | None) -> bool:
    return license is not None and resource is not None and getattr(license, name) == resource.id
