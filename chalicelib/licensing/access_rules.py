"""The authorization matrix as a table (spec auth.md §3.1, §7, licenses.md §3.2).

Columns: letters of the staff that may act (§7: A admin, D developer, S sales agent, P support agent, R read only);
what must tie the subject to a product, user (a customer) or license bearer, any one of several, none for never;
and what protects the subject from users.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from chalicelib.licensing.bearers import (
    Tie,
    anyone,
    attached,
    closed_product,
    customer,
    itself,
    license_protected,
    named_owner,
    not_of_other_staff,
    open_product,
    own_policy,
    own_product,
    own_token,
    own_user,
    owner,
    policy_protected,
    related,
    related_customer,
    same_product,
    same_product_license,
)

Ties = tuple[Tie, ...]
Narrowed = Mapping[str, Ties]

EVERYBODY: Ties = (anyone,)


class Rule(msgspec.Struct, frozen=True):
    """One row. `unless` takes back what the columns for products, users and licenses grant; `staff_ties` narrows
    single letters of `staff`.

    `admin`: a further permission that is needed when the subject is an admin. `banned_may`: whether a banned user
    may still do it.
    """

    staff: str
    product: Ties = ()
    user: Ties = ()
    license: Ties = ()
    unless: Ties = ()
    staff_ties: Narrowed | None = None
    admin: str | None = None
    banned_may: bool = True


_OF_LICENSE = (same_product,)
_HOLDERS = (owner, attached)

# What narrows the letters of staff.
_SELF: Narrowed = dict.fromkeys("SPR", (itself,))
_SELF_OR_CUSTOMER: Narrowed = dict.fromkeys("AD", (itself, customer))
_OWN_TOKEN: Narrowed = dict.fromkeys("SPR", (own_token,))
_NOT_OF_OTHERS: Narrowed = dict.fromkeys("AD", (own_token, not_of_other_staff))
_PRODUCT_TOKEN = (own_token, related)

RULES: Mapping[str, Rule] = {
    "license.list": Rule("ADSPR", EVERYBODY, EVERYBODY),
    "license.read": Rule("ADSPR", _OF_LICENSE, _HOLDERS, (itself,)),
    "license.validate": Rule("ADSPR", _OF_LICENSE, _HOLDERS, (itself,)),
    "license.create": Rule("ADS", _OF_LICENSE, (named_owner,), unless=(policy_protected,)),
    "license.update": Rule("ADSP", _OF_LICENSE),
    "license.delete": Rule("ADS", _OF_LICENSE, (owner,), unless=(policy_protected,)),
    "license.revoke": Rule("ADS", _OF_LICENSE, (owner,), unless=(policy_protected,)),
    "license.renew": Rule("ADS", _OF_LICENSE, (owner,), unless=(policy_protected,)),
    "license.suspend": Rule("ADSP", _OF_LICENSE),
    "license.reinstate": Rule("ADSP", _OF_LICENSE),
    "license.check-in": Rule("ADSP", _OF_LICENSE, (owner,), (itself,), unless=(license_protected,)),
    "license.check-out": Rule("ADSP", _OF_LICENSE, _HOLDERS, (itself,), unless=(license_protected,)),
    "license.usage.increment": Rule("ADSP", _OF_LICENSE, (owner,), (itself,), unless=(license_protected,)),
    "license.usage.decrement": Rule("ADSP", _OF_LICENSE),
    "license.usage.reset": Rule("ADSP", _OF_LICENSE),
    "license.tokens.generate": Rule("ADS", _OF_LICENSE),
    "license.tokens.read": Rule("ADSPR", _OF_LICENSE),
    "policy.list": Rule("ADSPR", EVERYBODY, EVERYBODY, EVERYBODY),
    "policy.read": Rule("ADSPR", (same_product,), (related,), (own_policy,)),
    "policy.create": Rule("ADS", (same_product,)),
    "policy.update": Rule("ADS", (same_product,)),
    "policy.delete": Rule("AD", (same_product,)),
    "product.list": Rule("ADSPR", (), EVERYBODY, EVERYBODY),
    "product.read": Rule(
        "ADSPR", (itself,), (related, open_product), (own_product, open_product), unless=(closed_product,)
    ),
    "product.create": Rule("AD"),
    "product.update": Rule("AD", (itself,)),
    "product.delete": Rule("AD"),
    "product.tokens.generate": Rule("AD"),
    "product.tokens.read": Rule("ADSPR", (itself,)),
    "token.list": Rule("ADSPR", EVERYBODY, EVERYBODY, EVERYBODY),
    "token.read": Rule("ADSPR", _PRODUCT_TOKEN, (own_token,), (own_token,)),
    "token.generate": Rule(
        "ADSPR",
        (related_customer, same_product_license),
        (itself,),
        staff_ties={**_SELF, **_SELF_OR_CUSTOMER},
        banned_may=False,
    ),
    "token.regenerate": Rule(
        "ADSPR", _PRODUCT_TOKEN, (own_token,), (own_token,), staff_ties={**_OWN_TOKEN, **_NOT_OF_OTHERS}
    ),
    "token.revoke": Rule("ADSPR", _PRODUCT_TOKEN, (own_token,), (own_token,), staff_ties=_OWN_TOKEN),
    "account.read": Rule("ADSPR", EVERYBODY, EVERYBODY, EVERYBODY),
    "user.read": Rule("ADSPR", (customer,), (itself, related), (own_user,), admin="admin.read"),
    "user.tokens.generate": Rule("AD", (related_customer,), staff_ties=_SELF_OR_CUSTOMER),
    "user.tokens.read": Rule("ADSPR", (customer,), (itself,)),
    "profile": Rule("ADSPR", EVERYBODY, EVERYBODY, EVERYBODY, admin="admin.read"),
    "me": Rule("ADSPR", EVERYBODY, EVERYBODY, EVERYBODY),
}
"""By operation. Lists are narrowed to what `access.visible` shows."""
