"""Products, policies, entitlements and pool keys (spec auth.md §7, resources.md §1, §2, policies.md §2.2, §6)."""

from __future__ import annotations

from collections.abc import Mapping

from chalicelib.licensing.access_rules.rule import EVERYBODY, ITSELF, PRODUCT, Rule
from chalicelib.licensing.ties import closed_product, open_product, own_policy, own_product, related

_RELATED = (related,)

# operation: staff, product, user, license; unless.
RULES: Mapping[str, Rule] = {
    "product.list": Rule("ADSPR", (), EVERYBODY, EVERYBODY),
    "product.read": Rule(
        "ADSPR", ITSELF, (related, open_product), (own_product, open_product), unless=(closed_product,)
    ),
    "product.create": Rule("AD"),
    "product.update": Rule("AD", ITSELF),
    "product.delete": Rule("AD"),
    "product.policies.list": Rule("ADSPR", ITSELF),
    "product.licenses.list": Rule("ADSPR", ITSELF),
    "product.machines.list": Rule("ADSPR", ITSELF),
    "product.users.list": Rule("ADSPR", ITSELF),
    "product.tokens.generate": Rule("AD"),
    "product.tokens.read": Rule("ADSPR", ITSELF),
    "policy.list": Rule("ADSPR", EVERYBODY, EVERYBODY, EVERYBODY),
    "policy.read": Rule("ADSPR", PRODUCT, _RELATED, (own_policy,)),
    "policy.create": Rule("ADS", PRODUCT),
    "policy.update": Rule("ADS", PRODUCT),
    "policy.delete": Rule("AD", PRODUCT),
    "policy.product.read": Rule("ADSPR", PRODUCT),
    "policy.licenses.list": Rule("ADSPR", PRODUCT),
    "policy.pool.list": Rule("ADSPR", PRODUCT),
    "policy.pool.pop": Rule("AD", PRODUCT),
    "policy.entitlements.list": Rule("ADSPR", PRODUCT),
    "policy.entitlements.attach": Rule("ADS", PRODUCT),
    "policy.entitlements.detach": Rule("ADS", PRODUCT),
    "entitlement.list": Rule("ADSPR", EVERYBODY, EVERYBODY, EVERYBODY),
    "entitlement.read": Rule("ADSPR", EVERYBODY, _RELATED, _RELATED),
    "entitlement.create": Rule("AD"),
    "entitlement.update": Rule("AD"),
    "entitlement.delete": Rule("AD"),
    "key.list": Rule("ADSPR", EVERYBODY),
    "key.read": Rule("ADSPR", PRODUCT),
    "key.create": Rule("AD", PRODUCT),
    "key.update": Rule("AD", PRODUCT),
    "key.delete": Rule("AD", PRODUCT),
    "key.policy.read": Rule("ADSPR", PRODUCT),
    "key.product.read": Rule("ADSPR", PRODUCT),
}
