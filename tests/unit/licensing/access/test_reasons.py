"""Permissions come first, and what is said to whom (spec auth.md §5.2, §5.3)."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from chalicelib.licensing import permissions
from chalicelib.licensing.access import RULES, Bearer, Subject, authorize
from tests.unit.licensing import make
from tests.unit.licensing.access.scene import (
    ANONYMOUS,
    COLLEAGUE,
    CUSTOMER,
    ELSE,
    ENTITLEMENT,
    GROUP,
    ITSELF,
    ON_LICENSE,
    OWNER,
    POLICY,
    PRODUCT,
    STAFF,
    STRANGER,
    letters,
    may,
    reason,
    staff,
    who,
)
from tests.unit.licensing.access.test_catalog import CREATIONS, ENTITLEMENTS, KEYS, POLICIES, PRODUCTS
from tests.unit.licensing.access.test_groups import MATRIX as GROUPS
from tests.unit.licensing.access.test_licenses import MATRIX as LICENSES
from tests.unit.licensing.access.test_machines import MATRIX as MACHINES
from tests.unit.licensing.access.test_releases import MATRIX as RELEASES
from tests.unit.licensing.access.test_users import MATRIX as USERS


@pytest.mark.parametrize("operation", ["account.read", "profile", "me"])
def test_whoever_is_somebody_may_ask_about_itself(operation: str) -> None:
    assert who(operation, Subject()) == letters("ADSPR XY OTZ LM")


def test_every_operation_of_the_contract_has_a_rule() -> None:
    tested = {*LICENSES, *PRODUCTS, *POLICIES, *ENTITLEMENTS, *KEYS, *CREATIONS, *USERS, *GROUPS, *MACHINES, *RELEASES}
    tested |= {"license.create", "user.list", "user.create", "account.read", "profile", "me"}
    tested |= {f"token.{verb}" for verb in ("list", "read", "generate", "regenerate", "revoke")}
    assert set(RULES) == tested


def test_an_unknown_operation_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError):
        authorize(staff("A"), "license.paint", None, ON_LICENSE)


@pytest.mark.parametrize(
    ("actor", "words"),
    [
        (ITSELF, "license"),
        (PRODUCT, "product"),
        (OWNER, "user"),
        (staff("S"), "sales agent"),
        (staff("P"), "support agent"),
        (staff("R"), "read only"),
    ],
)
def test_the_set_of_the_bearer_comes_first(actor: Bearer, words: str) -> None:
    nothing = replace(actor, held=frozenset(), token_held=frozenset())
    assert reason(nothing, "license.update", "license.update") == f"{words} lacks permission to perform action"


def test_the_set_of_the_token_comes_second() -> None:
    narrow = replace(ITSELF, token_held=frozenset({"license.validate"}))
    assert reason(narrow, "license.read", "license.read") == "token lacks permission to perform action"
    assert may(narrow, "license.validate", ON_LICENSE, "license.validate")
    assert may(replace(ITSELF, token_held=frozenset("*")), "license.read", ON_LICENSE, "license.read")
    assert may(replace(ITSELF, token_held=None), "license.read", ON_LICENSE, "license.read")


@pytest.mark.parametrize(
    ("operation", "subject"),
    [("user.ban", Subject(user=COLLEAGUE)), ("user.delete", Subject(user=COLLEAGUE))],
)
def test_permissions_come_before_reasons_of_an_operation(operation: str, subject: Subject) -> None:
    narrow = replace(PRODUCT, held=frozenset())
    assert reason(narrow, operation, operation, subject) == "product lacks permission to perform action"


def test_the_rule_comes_last() -> None:
    assert reason(STRANGER, "license.read", "license.read") == ELSE
    assert reason(ITSELF, "license.list", "license.read") == ELSE
    assert reason(staff("R"), "license.update", None) == ELSE


@pytest.mark.parametrize("operation", RULES)
def test_nobody_is_told_to_present_a_credential(operation: str) -> None:
    assert reason(None, operation, None) == ANONYMOUS


# Operations that are no permission by name: what they ask for. Lists and sub-resources ask to read what they show.
ASKED = {
    **{f"{kind}.list": f"{kind}.read" for kind in ("license", "policy", "product", "token", "user", "group", "key")},
    **{f"{kind}.tokens.read": "token.read" for kind in ("license", "product", "user")},
    **{f"{kind}.entitlements.list": "entitlement.read" for kind in ("license", "policy")},
    **{f"{kind}.licenses.list": "license.read" for kind in ("policy", "product", "user")},
    **{f"{kind}.machines.list": "machine.read" for kind in ("license", "product", "user")},
    **{f"{kind}.list": f"{kind}.read" for kind in ("machine", "component", "process")},
    **{f"{kind}.license.read": "license.read" for kind in ("machine", "component", "process")},
    **{f"{kind}.machine.read": "machine.read" for kind in ("component", "process")},
    **{f"{kind}.product.read": "product.read" for kind in ("license", "policy", "key", "machine")},
    **{f"{kind}.product.read": "product.read" for kind in ("component", "process")},
    **{f"{kind}.policy.read": "policy.read" for kind in ("license", "key")},
    **{f"{kind}.users.list": "user.read" for kind in ("license", "product")},
    **{f"{kind}.group.read": "group.read" for kind in ("license", "user", "machine")},
    **{f"group.{kind}.list": f"group.{kind}.read" for kind in ("users", "licenses", "machines", "owners")},
    **{f"{kind}.list": f"{kind}.read" for kind in ("release", "artifact")},
    **{f"{kind}.artifacts.list": "artifact.read" for kind in ("release", "product")},
    "product.releases.list": "release.read",
    "release.product.read": "product.read",
    "release.entitlements.list": "entitlement.read",
    "release.constraints.list": "constraint.read",
    "entitlement.list": "entitlement.read",
    "license.owner.read": "user.read",
    "machine.owner.read": "user.read",
    "machine.components.list": "component.read",
    "machine.processes.list": "process.read",
    "policy.pool.list": "key.read",
    "product.policies.list": "policy.read",
    "user.products.list": "product.read",
    "profile": None,
    "me": None,
}


@pytest.mark.parametrize("operation", RULES)
def test_whom_the_rule_allows_may_hold_the_permission(operation: str) -> None:
    name = ASKED.get(operation, operation)
    if name is None:
        return
    rule = RULES[operation]
    holders = {letter for letter, role in STAFF.items() if name in permissions.allowed(role)}
    # Read-only staff may act on its own tokens by the rule, but not by its permissions (§3.1).
    assert set(rule.staff) <= holders | ({"R"} if operation in ("token.regenerate", "token.revoke") else set())
    columns = {"product": rule.product, "user": rule.user, "license": rule.license}
    for role, ties in columns.items():
        assert not ties or name in permissions.allowed(role)


@pytest.mark.parametrize(
    ("actor", "operation", "name", "subject", "by_default"),
    [
        (ITSELF, "license.read", "license.read", ON_LICENSE, True),
        (ITSELF, "license.usage.increment", "license.usage.increment", ON_LICENSE, True),
        (ITSELF, "license.entitlements.list", "entitlement.read", ON_LICENSE, True),
        (ITSELF, "license.group.read", "group.read", ON_LICENSE, True),
        (ITSELF, "license.policy.read", "policy.read", ON_LICENSE, False),
        (ITSELF, "license.product.read", "product.read", ON_LICENSE, False),
        (ITSELF, "license.owner.read", "user.read", ON_LICENSE, False),
        (ITSELF, "license.users.list", "user.read", ON_LICENSE, False),
        (ITSELF, "policy.read", "policy.read", Subject(policy=POLICY), False),
        (ITSELF, "product.read", "product.read", Subject(product=make.product()), False),
        (ITSELF, "user.read", "user.read", Subject(user=CUSTOMER), False),
        (ITSELF, "group.read", "group.read", Subject(group=GROUP), True),
        (ITSELF, "entitlement.read", "entitlement.read", Subject(entitlement=ENTITLEMENT, related=True), True),
        (ITSELF, "account.read", "account.read", Subject(), False),
        (OWNER, "license.renew", "license.renew", ON_LICENSE, True),
        (OWNER, "license.users.list", "user.read", ON_LICENSE, True),
        (OWNER, "license.users.attach", "license.users.attach", ON_LICENSE, False),
        (OWNER, "license.users.detach", "license.users.detach", ON_LICENSE, False),
        (OWNER, "license.policy.update", "license.policy.update", ON_LICENSE, True),
        (OWNER, "license.policy.read", "policy.read", ON_LICENSE, False),
        (OWNER, "user.update", "user.update", Subject(user=CUSTOMER), True),
        (OWNER, "user.products.list", "product.read", Subject(user=CUSTOMER), False),
        (OWNER, "group.users.list", "group.users.read", Subject(group=GROUP, group_owner=True), True),
        (OWNER, "policy.read", "policy.read", Subject(policy=POLICY, related=True), False),
        (OWNER, "product.read", "product.read", Subject(product=make.product(), related=True), False),
        (OWNER, "user.read", "user.read", Subject(user=CUSTOMER), True),
        (OWNER, "account.read", "account.read", Subject(), False),
        (PRODUCT, "account.read", "account.read", Subject(), True),
    ],
)
def test_what_the_default_sets_leave_out(
    actor: Bearer, operation: str, name: str, subject: Subject, by_default: bool
) -> None:
    assert may(replace(actor, held=permissions.default(actor.role)), operation, subject, name) is by_default
    assert may(actor, operation, subject, name)


def test_the_wildcard_does_not_widen_a_role() -> None:
    everything = replace(staff("R"), held=frozenset("*"), token_held=frozenset("*"))
    assert may(everything, "license.read", ON_LICENSE, "license.read")
    assert reason(everything, "license.read", "license.update") == "read only lacks permission to perform action"
