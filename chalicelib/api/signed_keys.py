"""License keys under a signing scheme (spec cryptography.md §3): made of the finished license, checked before use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from chalicelib.api.operation import Scene
from chalicelib.crypto.keys import PublicKeys
from chalicelib.licensing.account import Account
from chalicelib.licensing.errors import InvalidFields
from chalicelib.licensing.fields import invalid
from chalicelib.licensing.license import License
from chalicelib.licensing.policy import Policy
from chalicelib.licensing.user import User
from chalicelib.store import keys
from chalicelib.store.loads import resources

if TYPE_CHECKING:
    from chalicelib.crypto.schemes import Facts


def public_keys(account: Account) -> PublicKeys:
    """What everybody verifies the account's signatures with."""
    return PublicKeys(ed25519=account.ed25519_public, rsa=account.rsa_public, ecdsa=account.ecdsa_public)


def signed(scene: Scene, license: License, policy: Policy, owner: User | None, seed: str | None) -> License:
    """`license` with the key its scheme makes of `seed`, or of the default dataset when none was sent.

    Raises InvalidFields: the dataset does not fit the scheme, or the finished key is in use already.
    """
    from chalicelib.crypto.schemes import SCHEMES, SchemeError, expand

    if policy.scheme is None:
        return license
    scheme, tenant = SCHEMES[policy.scheme], scene.arrival.tenant
    facts = _facts(scene, license, policy, owner)
    try:
        dataset = scheme.default(facts) if seed is None else expand(seed, facts)
        key = scheme.sign(tenant.signer, dataset)
    except SchemeError as error:
        raise InvalidFields(invalid("key", error.code.removeprefix("KEY_"), error.detail)) from error
    if scheme.verify(public_keys(tenant.account), key) is None:
        raise RuntimeError(f"a key of scheme {policy.scheme} does not verify")
    if scene.read(resources.guarded(keys.unique(scene.account_id, "license-key", key))) is not None:
        raise InvalidFields(invalid("key", "TAKEN", "has already been taken"))
    return replace(license, key=key)


def _facts(scene: Scene, license: License, policy: Policy, owner: User | None) -> Facts:
    from chalicelib.crypto.schemes import Facts

    return Facts(
        account=scene.account_id,
        product=license.product_id,
        policy=policy.id,
        license=license.id,
        created=license.created,
        expiry=license.expiry,
        duration=policy.duration,
        user=None if owner is None else owner.id,
        email=None if owner is None else owner.email,
        issuer=scene.origin,
        jti=scene.new_id(),
    )
