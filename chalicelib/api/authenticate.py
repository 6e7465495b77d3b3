"""From a presented credential to a bearer (spec auth.md §2)."""

from __future__ import annotations

from datetime import datetime

from chalicelib.api.accounts import Tenant
from chalicelib.api.credentials import Login, Presented
from chalicelib.crypto.digests import token_digest
from chalicelib.licensing import permissions, token_forms
from chalicelib.licensing.access import Bearer
from chalicelib.licensing.authentication import DEFAULT_DETAIL, check_license_key, check_token
from chalicelib.licensing.emails import is_email
from chalicelib.licensing.errors import Problem, Unauthenticated
from chalicelib.licensing.license import effective_permissions
from chalicelib.licensing.login import check_login
from chalicelib.licensing.user import User
from chalicelib.store import keys
from chalicelib.store.fetch import Plan
from chalicelib.store.keys import Key
from chalicelib.store.loads import credentials
from chalicelib.store.loads.credentials import Identity
from chalicelib.store.loads.license import Licensed

NOBODY = Identity()

# API versions in which all wrong emails and passwords are one error (§2.3).
_TELLS_LITTLE = frozenset(f"1.{minor}" for minor in range(8))


def identity_plan(tenant: Tenant, presented: Presented | None) -> Plan[Identity]:
    """Load what the credential leads to; nothing is read for one that cannot be right."""
    if presented is not None and presented.login is not None:
        return (yield from credentials.by_email(tenant.id, presented.login.email))
    if presented is not None and presented.license_key:
        return (yield from credentials.by_license_key(tenant.id, presented.license_key))
    key = token_key(tenant, presented)
    return NOBODY if key is None else (yield from credentials.by_token(tenant.id, key))


def token_key(tenant: Tenant, presented: Presented | None) -> Key | None:
    """Where the presented token is stored, None when none is presented."""
    if presented is None or not presented.token or not token_forms.well_formed(presented.token):
        return None
    return keys.token(tenant.id, token_digest(tenant.secret, presented.token))


def bearer_of(presented: Presented | None, identity: Identity, now: datetime, version: str) -> Bearer | None:
    """The bearer, None when nothing was presented. Raises Unauthenticated or AccessDenied in the order of §2.1, §2.3.

    Who signs in with a password may be banned: such a bearer is refused by authorization. `version` is that of the API.
    """
    if presented is None:
        return None
    if presented.login is not None:
        _check_login(presented.login, identity.user, version)
        return _bearer(identity)
    licensed = identity.licensed
    banned = _banned(identity)
    if presented.license_key is not None:
        license, policy = (None, None) if licensed is None else (licensed.license, licensed.policy)
        check_license_key(license, policy, banned, now, presented.license_key)
    else:
        policy = None if licensed is None else licensed.policy
        check_token(identity.token, presented.token or "", now, banned, policy)
    return _bearer(identity)


def _check_login(login: Login, user: User | None, version: str) -> None:
    try:
        check_login(login.email, user, login.password, _verified(login, user))
    except Unauthenticated as refusal:
        if version not in _TELLS_LITTLE:
            raise
        detail = "email and password must be valid"
        raise Unauthenticated(Problem(detail, code="CREDENTIALS_INVALID", header="Authorization")) from refusal


def _verified(login: Login, user: User | None) -> bool | None:
    """Whether the password is right. For nobody it takes as long to say no, so that time does not tell who exists."""
    if not login.password or not is_email(login.email):
        return None
    from chalicelib.crypto.passwords import NO_PASSWORD, verified

    stored = None if user is None else user.password
    return verified(login.password, stored or NO_PASSWORD) and stored is not None


def require_bearer(bearer: Bearer | None) -> None:
    """Raises Unauthenticated for an anonymous request to an operation that needs somebody."""
    if bearer is None:
        raise Unauthenticated(Problem(DEFAULT_DETAIL, code="TOKEN_MISSING"))


def _banned(identity: Identity) -> bool:
    user = identity.licensed.owner if identity.licensed is not None else identity.user
    return user is not None and user.banned_at is not None


def _bearer(identity: Identity) -> Bearer:
    token = identity.token
    token_id = None if token is None else token.id
    token_held = None if token is None else frozenset(token.permissions)
    if identity.licensed is not None:
        return _license_bearer(identity.licensed, token_id, token_held)
    if identity.product is not None:
        held = permissions.stored_or_default("product", identity.product.permissions)
        return Bearer(
            kind="product",
            id=identity.product.id,
            role="product",
            held=held,
            token_id=token_id,
            token_held=token_held,
            product=identity.product,
        )
    user = identity.user
    assert user is not None
    held = permissions.stored_or_default(user.role, user.permissions)
    return Bearer(
        kind="user",
        id=user.id,
        role=user.role,
        held=held,
        token_id=token_id,
        token_held=token_held,
        user=user,
        banned=user.banned_at is not None,
    )


def _license_bearer(licensed: Licensed, token_id: str | None, token_held: frozenset[str] | None) -> Bearer:
    return Bearer(
        kind="license",
        id=licensed.license.id,
        role="license",
        held=effective_permissions(licensed.license, licensed.owner),
        token_id=token_id,
        token_held=token_held,
        license=licensed.license,
        policy=licensed.policy,
    )
