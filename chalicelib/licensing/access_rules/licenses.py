"""Licenses and what belongs to them (spec auth.md §7, licenses.md §3.2)."""

from __future__ import annotations

from collections.abc import Mapping

from chalicelib.licensing.access_rules.rule import EVERYBODY, HOLDERS, ITSELF, OWNER, PRODUCT, Rule
from chalicelib.licensing.ties import (
    license_protected,
    named_owner,
    new_policy_protected,
    policy_protected,
    same_product_policies,
)

_TO_POLICY = (same_product_policies,)
_PROTECTED = (license_protected,)
_POLICY_PROTECTED = (policy_protected,)
_EITHER_PROTECTED = (license_protected, new_policy_protected)

# operation: staff, product, user, license; unless.
RULES: Mapping[str, Rule] = {
    "license.list": Rule("ADSPR", EVERYBODY, EVERYBODY),
    "license.read": Rule("ADSPR", PRODUCT, HOLDERS, ITSELF),
    "license.validate": Rule("ADSPR", PRODUCT, HOLDERS, ITSELF),
    "license.create": Rule("ADS", PRODUCT, (named_owner,), unless=_POLICY_PROTECTED),
    "license.update": Rule("ADSP", PRODUCT),
    "license.delete": Rule("ADS", PRODUCT, OWNER, unless=_POLICY_PROTECTED),
    "license.revoke": Rule("ADS", PRODUCT, OWNER, unless=_POLICY_PROTECTED),
    "license.renew": Rule("ADS", PRODUCT, OWNER, unless=_POLICY_PROTECTED),
    "license.suspend": Rule("ADSP", PRODUCT),
    "license.reinstate": Rule("ADSP", PRODUCT),
    "license.check-in": Rule("ADSP", PRODUCT, OWNER, ITSELF, unless=_PROTECTED),
    "license.check-out": Rule("ADSP", PRODUCT, HOLDERS, ITSELF, unless=_PROTECTED),
    "license.usage.increment": Rule("ADSP", PRODUCT, OWNER, ITSELF, unless=_PROTECTED),
    "license.usage.decrement": Rule("ADSP", PRODUCT),
    "license.usage.reset": Rule("ADSP", PRODUCT),
    "license.tokens.generate": Rule("ADS", PRODUCT),
    "license.tokens.read": Rule("ADSPR", PRODUCT),
    "license.users.list": Rule("ADSPR", PRODUCT, HOLDERS, ITSELF),
    "license.users.attach": Rule("ADSP", PRODUCT, OWNER, unless=_PROTECTED),
    "license.users.detach": Rule("ADSP", PRODUCT, OWNER, unless=_PROTECTED),
    "license.entitlements.list": Rule("ADSPR", PRODUCT, HOLDERS, ITSELF),
    "license.entitlements.attach": Rule("ADS", PRODUCT),
    "license.entitlements.detach": Rule("ADS", PRODUCT),
    "license.policy.read": Rule("ADSPR", PRODUCT, HOLDERS, ITSELF),
    "license.policy.update": Rule("ADS", _TO_POLICY, OWNER, unless=_EITHER_PROTECTED),
    "license.owner.read": Rule("ADSPR", PRODUCT, HOLDERS, ITSELF),
    "license.owner.update": Rule("ADS", PRODUCT),
    "license.group.read": Rule("ADSPR", PRODUCT, HOLDERS, ITSELF),
    "license.group.update": Rule("ADS", PRODUCT),
    "license.machines.list": Rule("ADSPR", PRODUCT, HOLDERS, ITSELF),
    "license.product.read": Rule("ADSPR", PRODUCT, HOLDERS, ITSELF),
}
