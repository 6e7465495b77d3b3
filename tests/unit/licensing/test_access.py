"""The matrix of spec auth.md §7 and licenses.md §3.2, written out once more and by hand."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.licensing import permissions
from chalicelib.licensing.access import RULES, Bearer, Subject, authorize, visible
from chalicelib.licensing.errors import AccessDenied
from tests.unit.licensing import make
from tests.unit.licensing.make import refused

STAFF = {"A": "admin", "D": "developer", "S": "sales-agent", "P": "support-agent", "R": "read-only"}

ELSE = "ensure the token or license is allowed to access all resources"
ANONYMOUS = "ensure a token or license is present and valid"


def bearer(kind: str, identifier: str, role: str | None = None, **fields: Any) -> Bearer:
    role = role or kind
    given: dict[str, Any] = {"kind": kind, "id": identifier, "role": role, "held": permissions.allowed(role)}
    return Bearer(**given | fields)


def staff(letter: str, identifier: str = "staff") -> Bearer:
    return bearer("user", identifier, STAFF[letter])


POLICY = make.policy()
LICENSE = make.license_(owner_id="owner", protected=False)
OWNER, ATTACHED, STRANGER = (bearer("user", name) for name in ("owner", "attached", "stranger"))
PRODUCT, OTHER_PRODUCT = bearer("product", "product"), bearer("product", "other")
ITSELF = bearer("license", "license", license=LICENSE)
OTHER_LICENSE = bearer("license", "other", license=replace(LICENSE, id="other", policy_id="p", product_id="q"))

ON_LICENSE = Subject(license=LICENSE, policy=POLICY)


def may(actor: Bearer | None, operation: str, subject: Subject, permission: str | None = None) -> bool:
    try:
        authorize(actor, operation, permission, subject)
    except AccessDenied:
        return False
    return True


def reason(actor: Bearer | None, operation: str, permission: str | None, subject: Subject = ON_LICENSE) -> str:
    [problem] = refused(AccessDenied, lambda: authorize(actor, operation, permission, subject)).problems
    assert problem.code is None
    assert problem.detail.startswith("You do not have permission to complete the request (")
    return problem.detail.split("(", 1)[1].removesuffix(")")


# operation: staff, product of the license, owner, attached user, the license itself; then which flag shuts users out.
LICENSE_MATRIX = {
    "license.read": ("ADSPR", True, True, True, True, None),
    "license.validate": ("ADSPR", True, True, True, True, None),
    "license.update": ("ADSP", True, False, False, False, None),
    "license.delete": ("ADS", True, True, False, False, "policy"),
    "license.revoke": ("ADS", True, True, False, False, "policy"),
    "license.renew": ("ADS", True, True, False, False, "policy"),
    "license.suspend": ("ADSP", True, False, False, False, None),
    "license.reinstate": ("ADSP", True, False, False, False, None),
    "license.check-in": ("ADSP", True, True, False, True, "license"),
    "license.check-out": ("ADSP", True, True, True, True, "license"),
    "license.usage.increment": ("ADSP", True, True, False, True, "license"),
    "license.usage.decrement": ("ADSP", True, False, False, False, None),
    "license.usage.reset": ("ADSP", True, False, False, False, None),
    "license.tokens.generate": ("ADS", True, False, False, False, None),
    "license.tokens.read": ("ADSPR", True, False, False, False, None),
}


@pytest.mark.parametrize("operation", LICENSE_MATRIX)
class TestLicenseMatrix:
    def test_staff(self, operation: str) -> None:
        letters = "".join(letter for letter in STAFF if may(staff(letter), operation, ON_LICENSE))
        assert letters == LICENSE_MATRIX[operation][0]

    def test_others(self, operation: str) -> None:
        _, product, owner, attached, itself, _ = LICENSE_MATRIX[operation]
        assert may(PRODUCT, operation, ON_LICENSE) is product
        assert may(OWNER, operation, ON_LICENSE) is owner
        assert may(ATTACHED, operation, replace(ON_LICENSE, attached=True)) is attached
        assert may(ITSELF, operation, ON_LICENSE) is itself

    def test_strangers(self, operation: str) -> None:
        for stranger in (None, STRANGER, OTHER_PRODUCT, OTHER_LICENSE):
            assert not may(stranger, operation, ON_LICENSE)

    def test_nothing_is_allowed_on_nothing(self, operation: str) -> None:
        for actor in (PRODUCT, OWNER, ATTACHED, ITSELF):
            assert not may(actor, operation, Subject())

    def test_protection_shuts_out_users_only(self, operation: str) -> None:
        _, product, owner, attached, itself, flag = LICENSE_MATRIX[operation]
        by_license = Subject(license=replace(LICENSE, protected=True), policy=POLICY)
        by_policy = Subject(license=LICENSE, policy=replace(POLICY, protected=True))
        for subject, name in ((by_license, "license"), (by_policy, "policy")):
            assert may(OWNER, operation, subject) is (owner and flag != name)
            assert may(ATTACHED, operation, replace(subject, attached=True)) is (attached and flag != name)
            assert may(PRODUCT, operation, subject) is product
            assert may(ITSELF, operation, subject) is itself
            assert may(staff("A"), operation, subject)


@pytest.mark.parametrize(
    ("stored", "live", "open_"), [(None, False, True), (None, True, False), (False, True, True), (True, False, False)]
)
def test_a_license_without_a_flag_follows_its_policy(stored: bool | None, live: bool, open_: bool) -> None:
    subject = Subject(license=replace(LICENSE, protected=stored), policy=replace(POLICY, protected=live))
    assert may(OWNER, "license.check-in", subject) is open_


def test_a_license_without_a_flag_and_without_its_policy_is_closed() -> None:
    assert not may(OWNER, "license.check-in", Subject(license=replace(LICENSE, protected=None)))


# --- creation and lists ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("actor", "subject", "allowed"),
    [
        *((staff(letter), Subject(), letter in "ADS") for letter in STAFF),
        (PRODUCT, Subject(policy=POLICY), True),
        (OTHER_PRODUCT, Subject(policy=POLICY), False),
        (PRODUCT, Subject(), False),
        (OWNER, Subject(policy=POLICY, owner_id="owner"), True),
        (OWNER, Subject(policy=POLICY, owner_id="other"), False),
        (OWNER, Subject(policy=POLICY), False),
        (OWNER, Subject(policy=replace(POLICY, protected=True), owner_id="owner"), False),
        # An unknown policy is a matter of the fields then.
        (OWNER, Subject(owner_id="owner"), True),
        (ITSELF, Subject(policy=POLICY), False),
        (None, Subject(policy=POLICY), False),
    ],
)
def test_license_creation(actor: Bearer | None, subject: Subject, allowed: bool) -> None:
    assert may(actor, "license.create", subject) is allowed


LISTS = {
    "license.list": ("ADSPR", True, True, False),
    "policy.list": ("ADSPR", True, True, True),
    "product.list": ("ADSPR", False, True, True),
    "token.list": ("ADSPR", True, True, True),
    "account.read": ("ADSPR", True, True, True),
    "profile": ("ADSPR", True, True, True),
    "me": ("ADSPR", True, True, True),
}


@pytest.mark.parametrize("operation", LISTS)
def test_lists(operation: str) -> None:
    letters = "".join(letter for letter in STAFF if may(staff(letter), operation, Subject()))
    found = (letters, *(may(actor, operation, Subject()) for actor in (PRODUCT, OWNER, ITSELF)))
    assert found == LISTS[operation]
    assert not may(None, operation, Subject())


# operation: staff, product of the policy, user with a license of it, the license of the policy.
POLICY_MATRIX = {
    "policy.read": ("ADSPR", True, True, True),
    "policy.create": ("ADS", True, False, False),
    "policy.update": ("ADS", True, False, False),
    "policy.delete": ("AD", True, False, False),
}


@pytest.mark.parametrize("operation", POLICY_MATRIX)
def test_policies(operation: str) -> None:
    creating = operation == "policy.create"
    subject = Subject(product=make.product()) if creating else Subject(policy=POLICY)
    near = replace(subject, related=True)
    letters = "".join(letter for letter in STAFF if may(staff(letter), operation, subject))
    found = (letters, may(PRODUCT, operation, subject), may(OWNER, operation, near), may(ITSELF, operation, subject))
    assert found == POLICY_MATRIX[operation]
    for stranger in (None, OTHER_PRODUCT, OWNER, OTHER_LICENSE):
        assert not may(stranger, operation, subject)


# operation: staff, the product itself, user with a license of it, license of it.
PRODUCT_MATRIX = {
    "product.read": ("ADSPR", True, True, True),
    "product.create": ("AD", False, False, False),
    "product.update": ("AD", True, False, False),
    "product.delete": ("AD", False, False, False),
    "product.tokens.generate": ("AD", False, False, False),
    "product.tokens.read": ("ADSPR", True, False, False),
}


@pytest.mark.parametrize("operation", PRODUCT_MATRIX)
def test_products(operation: str) -> None:
    subject = Subject(product=make.product())
    near = replace(subject, related=True)
    letters = "".join(letter for letter in STAFF if may(staff(letter), operation, subject))
    found = (letters, may(PRODUCT, operation, subject), may(OWNER, operation, near), may(ITSELF, operation, subject))
    assert found == PRODUCT_MATRIX[operation]
    for stranger in (None, OTHER_PRODUCT, OWNER, OTHER_LICENSE):
        assert not may(stranger, operation, subject)


@pytest.mark.parametrize(
    ("strategy", "holder", "stranger"),
    [("LICENSED", True, False), (None, True, False), ("OPEN", True, True), ("CLOSED", False, False)],
)
def test_distribution_decides_who_reads_a_product(strategy: str | None, holder: bool, stranger: bool) -> None:
    subject = Subject(product=make.product(distribution_strategy=strategy))
    assert may(OWNER, "product.read", replace(subject, related=True)) is holder
    assert may(ITSELF, "product.read", subject) is holder
    assert may(STRANGER, "product.read", subject) is stranger
    assert may(OTHER_LICENSE, "product.read", subject) is stranger
    assert may(PRODUCT, "product.read", subject)
    assert may(staff("R"), "product.read", subject)


# --- tokens (spec auth.md §3.1) -------------------------------------------------------------------------------------

CUSTOMER = make.user(id="owner")
COLLEAGUE = make.user(id="colleague", role="developer")


@pytest.mark.parametrize(
    ("actor", "subject", "allowed"),
    [
        *((staff(letter), Subject(user=make.user(id="staff", role=STAFF[letter])), True) for letter in STAFF),
        *((staff(letter), Subject(user=CUSTOMER), letter in "AD") for letter in STAFF),
        *((staff(letter), Subject(user=COLLEAGUE), False) for letter in STAFF),
        *((staff(letter), Subject(license=LICENSE), False) for letter in STAFF),
        *((staff(letter), Subject(product=make.product()), False) for letter in STAFF),
        (PRODUCT, Subject(user=CUSTOMER, related=True), True),
        (PRODUCT, Subject(user=CUSTOMER), False),
        (PRODUCT, Subject(user=COLLEAGUE, related=True), False),
        (PRODUCT, Subject(license=LICENSE), True),
        (PRODUCT, Subject(product=make.product()), False),
        (OTHER_PRODUCT, Subject(license=LICENSE), False),
        (OWNER, Subject(user=CUSTOMER), True),
        (STRANGER, Subject(user=CUSTOMER), False),
        (OWNER, Subject(license=LICENSE), False),
        (ITSELF, Subject(license=LICENSE), False),
    ],
)
def test_token_generation(actor: Bearer, subject: Subject, allowed: bool) -> None:
    assert may(actor, "token.generate", subject) is allowed


def test_a_banned_user_gets_no_token() -> None:
    banned = replace(OWNER, banned=True)
    assert reason(banned, "token.generate", "token.generate", Subject(user=CUSTOMER)) == "user is banned"


@pytest.mark.parametrize(
    ("actor", "subject", "allowed"),
    [
        (staff("A"), Subject(user=CUSTOMER), True),
        (staff("D"), Subject(user=make.user(id="staff", role="developer")), True),
        (staff("A"), Subject(user=COLLEAGUE), False),
        (staff("S"), Subject(user=CUSTOMER), False),
        (PRODUCT, Subject(user=CUSTOMER, related=True), True),
        (PRODUCT, Subject(user=CUSTOMER), False),
        (OWNER, Subject(user=CUSTOMER), False),
    ],
)
def test_tokens_of_users(actor: Bearer, subject: Subject, allowed: bool) -> None:
    assert may(actor, "user.tokens.generate", subject) is allowed


def of(kind: str, identifier: str, token_kind: str = "token", **more: Any) -> Subject:
    return Subject(token=make.token(bearer_kind=kind, bearer_id=identifier, kind=token_kind), **more)


TOKENS = {
    "own user": of("user", "owner", "user-token", user=CUSTOMER),
    "staff": of("user", "staff", "admin-token", user=make.user(id="staff", role="admin")),
    "colleague": of("user", "colleague", "developer-token", user=COLLEAGUE),
    "product": of("product", "product", "product-token"),
    "license": of("license", "license", "activation-token"),
}


@pytest.mark.parametrize(
    ("operation", "token", "letters", "others"),
    [
        ("token.read", "own user", "ADSPR", "U"),
        ("token.read", "staff", "ADSPR", ""),
        ("token.read", "colleague", "ADSPR", ""),
        ("token.read", "product", "ADSPR", "X"),
        ("token.read", "license", "ADSPR", "L"),
        ("token.regenerate", "own user", "AD", "U"),
        ("token.regenerate", "staff", "ADSPR", ""),
        ("token.regenerate", "colleague", "", ""),
        ("token.regenerate", "product", "AD", "X"),
        ("token.regenerate", "license", "AD", "L"),
        ("token.revoke", "own user", "AD", "U"),
        ("token.revoke", "staff", "ADSPR", ""),
        ("token.revoke", "colleague", "AD", ""),
        ("token.revoke", "product", "AD", "X"),
        ("token.revoke", "license", "AD", "L"),
    ],
)
def test_tokens(operation: str, token: str, letters: str, others: str) -> None:
    subject = TOKENS[token]
    assert "".join(letter for letter in STAFF if may(staff(letter), operation, subject)) == letters
    bearers = {"X": PRODUCT, "U": OWNER, "L": ITSELF}
    assert "".join(letter for letter, actor in bearers.items() if may(actor, operation, subject)) == others
    assert may(OTHER_PRODUCT, operation, replace(subject, related=True))


def test_a_token_of_a_user_who_is_not_loaded_is_judged_by_its_kind() -> None:
    assert may(staff("A"), "token.regenerate", of("user", "owner", "user-token"))
    assert not may(staff("A"), "token.regenerate", of("user", "x", "admin-token"))


@pytest.mark.parametrize("operation", ["token.read", "token.regenerate", "token.revoke"])
def test_without_a_token_nobody_owns_it(operation: str) -> None:
    assert not any(may(actor, operation, Subject()) for actor in (OWNER, PRODUCT, ITSELF))


def test_without_a_token_staff_regenerates_nothing() -> None:
    assert not any(may(staff(letter), "token.regenerate", Subject()) for letter in STAFF)


def test_read_only_staff_lacks_the_permission_to_revoke() -> None:
    assert reason(staff("R"), "token.revoke", "token.revoke", TOKENS["staff"]).startswith("read only lacks")


# --- users ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("actor", "subject", "allowed"),
    [
        *((staff(letter), Subject(user=COLLEAGUE), True) for letter in STAFF),
        (PRODUCT, Subject(user=CUSTOMER), True),
        (PRODUCT, Subject(user=COLLEAGUE), False),
        (OWNER, Subject(user=CUSTOMER), True),
        (STRANGER, Subject(user=CUSTOMER), False),
        (STRANGER, Subject(user=CUSTOMER, related=True), True),
        (ITSELF, Subject(user=CUSTOMER), True),
        (ITSELF, Subject(user=make.user(id="attached"), related=True), True),
        (ITSELF, Subject(user=make.user(id="attached")), False),
    ],
)
def test_users(actor: Bearer, subject: Subject, allowed: bool) -> None:
    assert may(actor, "user.read", subject) is allowed
    assert visible(actor, subject) is allowed


@pytest.mark.parametrize("operation", ["user.read", "profile"])
def test_an_admin_needs_a_permission_of_its_own(operation: str) -> None:
    subject = Subject(user=make.user(role="admin"))
    developer = replace(staff("D"), held=frozenset({"user.read"}))
    assert reason(developer, operation, "user.read", subject) == "developer lacks permission to perform action"
    assert may(replace(developer, held=frozenset({"user.read", "admin.read"})), operation, subject, "user.read")
    assert may(developer, operation, Subject(user=CUSTOMER), "user.read")
    assert may(developer, "me", subject, "user.read")


# --- permissions and reasons (spec auth.md §5.3) --------------------------------------------------------------------


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


def test_the_rule_comes_last() -> None:
    assert reason(STRANGER, "license.read", "license.read") == ELSE
    assert reason(ITSELF, "license.list", "license.read") == ELSE
    assert reason(staff("R"), "license.update", None) == ELSE


def test_nobody_is_told_to_present_a_credential() -> None:
    for operation in RULES:
        assert reason(None, operation, None) == ANONYMOUS


# Operations that are no permission by name: what they ask for.
ASKED = {
    **{"license.list": "license.read", "policy.list": "policy.read", "product.list": "product.read"},
    **{"token.list": "token.read", "license.tokens.read": "token.read", "product.tokens.read": "token.read"},
    **{"user.tokens.read": "token.read", "profile": None, "me": None},
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
        (ITSELF, "policy.read", "policy.read", Subject(policy=POLICY), False),
        (ITSELF, "product.read", "product.read", Subject(product=make.product()), False),
        (ITSELF, "user.read", "user.read", Subject(user=CUSTOMER), False),
        (ITSELF, "account.read", "account.read", Subject(), False),
        (OWNER, "license.renew", "license.renew", ON_LICENSE, True),
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


def test_an_unknown_operation_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError):
        authorize(staff("A"), "license.paint", None, ON_LICENSE)


# --- visibility (spec auth.md §5.4) ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("actor", "subject", "seen"),
    [
        *((staff(letter), ON_LICENSE, True) for letter in STAFF),
        (PRODUCT, ON_LICENSE, True),
        (OTHER_PRODUCT, ON_LICENSE, False),
        (OWNER, ON_LICENSE, True),
        (ATTACHED, replace(ON_LICENSE, attached=True), True),
        (ATTACHED, ON_LICENSE, False),
        (ITSELF, ON_LICENSE, True),
        (OTHER_LICENSE, ON_LICENSE, False),
        (None, ON_LICENSE, False),
        (PRODUCT, Subject(policy=POLICY), True),
        (OTHER_PRODUCT, Subject(policy=POLICY), False),
        (OWNER, Subject(policy=POLICY), False),
        (OWNER, Subject(policy=POLICY, related=True), True),
        (ITSELF, Subject(policy=POLICY), True),
        (OTHER_LICENSE, Subject(policy=POLICY), False),
        (PRODUCT, Subject(product=make.product()), True),
        (OTHER_PRODUCT, Subject(product=make.product()), False),
        (OTHER_PRODUCT, Subject(product=make.product(distribution_strategy="OPEN")), False),
        (OWNER, Subject(product=make.product(), related=True), True),
        (STRANGER, Subject(product=make.product()), False),
        (STRANGER, Subject(product=make.product(distribution_strategy="OPEN")), True),
        # Its own closed product is there, only not for it.
        (ITSELF, Subject(product=make.product(distribution_strategy="CLOSED")), True),
        (OTHER_LICENSE, Subject(product=make.product(distribution_strategy="OPEN")), True),
        (staff("S"), TOKENS["colleague"], True),
        (OWNER, TOKENS["own user"], True),
        (STRANGER, TOKENS["own user"], False),
        (PRODUCT, TOKENS["product"], True),
        (PRODUCT, TOKENS["license"], False),
        (PRODUCT, replace(TOKENS["license"], related=True), True),
        (ITSELF, TOKENS["license"], True),
        (OTHER_LICENSE, TOKENS["license"], False),
        (PRODUCT, Subject(), False),
    ],
)
def test_visibility(actor: Bearer | None, subject: Subject, seen: bool) -> None:
    assert visible(actor, subject) is seen


def test_protection_hides_nothing() -> None:
    closed = Subject(license=replace(LICENSE, protected=True), policy=replace(POLICY, protected=True))
    assert visible(OWNER, closed)


def test_every_operation_of_the_contract_has_a_rule() -> None:
    tested = {*LICENSE_MATRIX, *LISTS, *POLICY_MATRIX, *PRODUCT_MATRIX}
    tested |= {"license.create", "token.read", "token.generate", "token.regenerate", "token.revoke"}
    assert set(RULES) == tested | {"user.read", "user.tokens.generate", "user.tokens.read"}
