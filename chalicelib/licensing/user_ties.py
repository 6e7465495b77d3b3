"""The ties between who acts and the users and groups that are acted on (spec auth.md §5.3, §5.6, §7)."""

from __future__ import annotations

from collections.abc import Iterator

from chalicelib.licensing import permissions
from chalicelib.licensing import user as users
from chalicelib.licensing.bearers import Bearer, Subject
from chalicelib.licensing.privileges import lacks_privileges

Standing = tuple[str, frozenset[str]]


def own_user(bearer: Bearer, subject: Subject) -> bool:
    """The user owns the bearer license or is attached to it."""
    user = subject.user
    return user is not None and bearer.license is not None and (bearer.license.owner_id == user.id or subject.related)


def customer(bearer: Bearer, subject: Subject) -> bool:
    """The user is a customer, no staff."""
    return subject.user is not None and subject.user.role == "user"


def new_customer(bearer: Bearer, subject: Subject) -> bool:
    """The new user is to be a customer."""
    return subject.new_role in (None, "user")


def related_customer(bearer: Bearer, subject: Subject) -> bool:
    """A customer with a license of the bearer product."""
    return subject.related and customer(bearer, subject)


def not_customer(bearer: Bearer, subject: Subject) -> bool:
    """The user is staff, or there is none."""
    return not customer(bearer, subject)


def of_another_product(bearer: Bearer, subject: Subject) -> bool:
    """The customer holds a license of a product that is not the bearer; so it counts where nobody asked."""
    products = subject.products
    return bearer.kind == "product" and customer(bearer, subject) and (products is None or not products <= {bearer.id})


def banned(bearer: Bearer, subject: Subject) -> bool:
    """The bearer user is banned, or the owner of the bearer license."""
    return bearer.banned


def in_group(bearer: Bearer, subject: Subject) -> bool:
    """The bearer user or license is in the group."""
    member = bearer.user if bearer.kind == "user" else bearer.license
    return subject.group is not None and member is not None and member.group_id == subject.group.id


def group_owner(bearer: Bearer, subject: Subject) -> bool:
    """The bearer user owns the group."""
    return subject.group is not None and subject.group_owner


def outranked(bearer: Bearer, subject: Subject) -> bool:
    """The user, as it is or as it would become, ranks above the bearer, or equals it and holds what it does not."""
    full = bearer.user is not None and users.is_full_admin(bearer.user)
    return any(lacks_privileges(bearer.role, bearer.held, full, role, held) for role, held in _standings(subject))


def _standings(subject: Subject) -> Iterator[Standing]:
    """Role and permissions of the user as it is and, for a change or a new one, as it would become."""
    user = subject.user
    if user is None:
        role = subject.new_role or "user"
        yield role, permissions.stored_or_default(role, subject.new_permissions)
        return
    held = users.held(user)
    yield user.role, held
    # A new role by itself only takes permissions away (§5.1).
    yield subject.new_role or user.role, held if subject.new_permissions is None else frozenset(subject.new_permissions)
