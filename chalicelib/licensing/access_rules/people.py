"""Users, groups, tokens, and the bearer itself (spec auth.md §3.1, §5.6, §7, resources.md §3, §4)."""

from __future__ import annotations

from collections.abc import Mapping

from chalicelib.licensing.access_rules.rule import EVERYBODY, ITSELF, Objection, Rule, narrowed
from chalicelib.licensing.ties import itself, not_of_staff, own_token, related, related_token, same_product_license
from chalicelib.licensing.user_ties import (
    banned,
    customer,
    group_owner,
    in_group,
    new_customer,
    not_customer,
    of_another_product,
    outranked,
    own_user,
    related_customer,
)

_CUSTOMER = (customer,)
_MEMBERS = (in_group, group_owner)
_OWN_TOKEN = (own_token,)
_PRODUCT_TOKEN = (own_token, related_token)

# What narrows the letters of staff.
_ONLY_SELF = narrowed("ADSPR", itself)
_FOR_SELF_OR_CUSTOMER = {**narrowed("AD", itself, customer), **narrowed("SPR", itself)}
_REGENERATED = {**narrowed("AD", own_token, not_of_staff), **narrowed("SPR", own_token)}

_BANNED = Objection(banned, "user is banned")
_NO_CUSTOMER = Objection(not_customer, "must have a user role")
_ELSEWHERE = Objection(of_another_product, "user cannot belong to another product")
_OUTRANKED = Objection(outranked, "{role} lacks privileges to perform action on user")

# operation: staff, product, user, license; what else narrows it.
RULES: Mapping[str, Rule] = {
    "user.list": Rule("ADSPR", EVERYBODY, EVERYBODY, EVERYBODY, admin="admin.read"),
    "user.read": Rule("ADSPR", _CUSTOMER, (itself, related), (own_user,), admin="admin.read"),
    "user.create": Rule(
        "ADS", (new_customer,), narrowed=narrowed("S", new_customer), admin="admin.create", objections=(_OUTRANKED,)
    ),
    "user.update": Rule(
        "ADS", _CUSTOMER, ITSELF, narrowed=narrowed("S", customer), admin="admin.update", objections=(_OUTRANKED,)
    ),
    "user.delete": Rule("AD", _CUSTOMER, admin="admin.delete", objections=(_ELSEWHERE, _OUTRANKED)),
    "user.ban": Rule("ADSP", _CUSTOMER, objections=(_NO_CUSTOMER,)),
    "user.unban": Rule("ADSP", _CUSTOMER, objections=(_NO_CUSTOMER,)),
    "user.password.update": Rule("ADSPR", (), ITSELF, narrowed=_ONLY_SELF),
    "user.password.reset": Rule("ADSPR", (), ITSELF, narrowed=_ONLY_SELF),
    "user.group.read": Rule("ADSPR", _CUSTOMER, ITSELF),
    "user.group.update": Rule("ADS", _CUSTOMER),
    "user.licenses.list": Rule("ADSPR", _CUSTOMER, ITSELF),
    "user.machines.list": Rule("ADSPR", _CUSTOMER, ITSELF),
    "user.products.list": Rule("ADSPR", _CUSTOMER, ITSELF),
    "user.tokens.generate": Rule("AD", (related_customer,), narrowed=_FOR_SELF_OR_CUSTOMER),
    "user.tokens.read": Rule("ADSPR", _CUSTOMER, ITSELF),
    "group.list": Rule("ADSPR", EVERYBODY, EVERYBODY, EVERYBODY),
    "group.read": Rule("ADSPR", EVERYBODY, _MEMBERS, (in_group,)),
    "group.create": Rule("AD", EVERYBODY),
    "group.update": Rule("AD", EVERYBODY),
    "group.delete": Rule("AD", EVERYBODY),
    "group.users.list": Rule("ADSPR", EVERYBODY, (group_owner,)),
    "group.licenses.list": Rule("ADSPR", EVERYBODY, (group_owner,)),
    "group.machines.list": Rule("ADSPR", EVERYBODY, (group_owner,)),
    "group.owners.list": Rule("ADSPR", EVERYBODY, _MEMBERS, (in_group,)),
    "group.owners.read": Rule("ADSPR", EVERYBODY, _MEMBERS, (in_group,)),
    "group.owners.attach": Rule("AD", EVERYBODY),
    "group.owners.detach": Rule("AD", EVERYBODY),
    "token.list": Rule("ADSPR", EVERYBODY, EVERYBODY, EVERYBODY),
    "token.read": Rule("ADSPR", _PRODUCT_TOKEN, _OWN_TOKEN, _OWN_TOKEN),
    "token.generate": Rule(
        "ADSPR", (related_customer, same_product_license), ITSELF, narrowed=_FOR_SELF_OR_CUSTOMER, objections=(_BANNED,)
    ),
    "token.regenerate": Rule("ADSPR", _PRODUCT_TOKEN, _OWN_TOKEN, _OWN_TOKEN, narrowed=_REGENERATED),
    "token.revoke": Rule("ADSPR", _PRODUCT_TOKEN, _OWN_TOKEN, _OWN_TOKEN, narrowed=narrowed("SPR", own_token)),
    "account.read": Rule("ADSPR", EVERYBODY, EVERYBODY, EVERYBODY),
    "profile": Rule("ADSPR", EVERYBODY, EVERYBODY, EVERYBODY, admin="admin.read"),
    "me": Rule("ADSPR", EVERYBODY, EVERYBODY, EVERYBODY),
}
