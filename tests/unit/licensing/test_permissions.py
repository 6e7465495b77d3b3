from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.licensing import permissions as sets

ALL = sorted(sets.allowed("admin"))
names = st.frozensets(st.sampled_from([*ALL, "*"]))
roles = st.sampled_from(sets.ROLES)

# Spec auth.md §6, last row and the notes below it.
COUNTS = {
    **dict.fromkeys(("admin", "developer", "sales-agent", "support-agent"), (144, 144)),
    "read-only": (41, 41),
    "environment": (127, 127),
    "product": (109, 109),
    "user": (59, 54),
    "license": (41, 37),
}
NOT_DEFAULT = {
    "user": {"account.read", "policy.read", "product.read", "license.users.attach", "license.users.detach"},
    "license": {"account.read", "policy.read", "product.read", "user.read"},
}


@pytest.mark.parametrize("role", COUNTS)
def test_the_sets_have_the_sizes_of_the_specification(role: str) -> None:
    assert (len(sets.allowed(role)), len(sets.default(role))) == COUNTS[role]
    assert sets.allowed(role) - sets.default(role) == NOT_DEFAULT.get(role, set())


def test_every_role_is_known() -> None:
    assert set(sets.ROLES) == set(COUNTS)
    with pytest.raises(KeyError):
        sets.allowed("root")


@pytest.mark.parametrize(
    ("role", "name", "may"),
    [
        *(("read-only", "license.read", True), ("read-only", "license.create", False)),
        *(("read-only", "token.generate", True), ("read-only", "token.revoke", False)),
        *(("product", "product.create", False), ("product", "product.update", True)),
        *(("product", "entitlement.create", False), ("product", "webhook-event.retry", False)),
        *(("environment", "admin.read", False), ("environment", "environment.read", True)),
        *(("license", "token.generate", False), ("license", "token.revoke", True)),
        *(("user", "license.create", True), ("license", "license.create", False)),
    ],
)
def test_sets_of_the_matrix(role: str, name: str, may: bool) -> None:
    assert (name in sets.allowed(role)) is may


def test_a_stored_set_replaces_the_default_even_when_empty() -> None:
    assert sets.stored_or_default("user", None) == sets.default("user")
    assert sets.stored_or_default("user", ()) == frozenset()
    assert sets.stored_or_default("user", ("license.read",)) == {"license.read"}


@pytest.mark.parametrize(
    ("role", "held", "name", "granted"),
    [
        ("license", {"license.read"}, "license.read", True),
        ("license", {"license.read"}, "license.validate", False),
        ("license", set(), "license.read", False),
        ("license", {"*"}, "policy.read", True),
        ("license", {"*"}, "license.create", False),
        ("admin", {"*"}, "license.create", True),
        ("admin", {"*"}, "no.such", False),
        ("admin", {"license.*"}, "license.read", False),
    ],
)
def test_grants(role: str, held: set[str], name: str, granted: bool) -> None:
    assert sets.grants(role, frozenset(held), name) is granted


@given(roles, st.sampled_from(ALL))
def test_the_wildcard_is_what_the_role_is_allowed(role: str, name: str) -> None:
    assert sets.grants(role, frozenset("*"), name) == (name in sets.allowed(role))


@pytest.mark.parametrize(
    ("bearer", "token", "effective"),
    [
        ({"a", "b"}, {"*"}, {"a", "b"}),
        ({"*"}, {"*"}, {"*"}),
        ({"*"}, {"a"}, {"a"}),
        ({"a", "b"}, {"b", "c"}, {"b"}),
        (set(), {"a"}, set()),
        ({"a"}, set(), set()),
    ],
)
def test_a_token_is_narrowed_by_its_bearer(bearer: set[str], token: set[str], effective: set[str]) -> None:
    assert sets.token_effective("user", frozenset(bearer), tuple(token)) == effective


@given(roles, names, names, st.sampled_from(ALL))
def test_a_token_never_grants_what_its_bearer_lacks(
    role: str, held: frozenset[str], token: frozenset[str], name: str
) -> None:
    both = sets.grants(role, held, name) and sets.grants(role, token, name)
    effective = sets.token_effective(role, held, token)
    assert sets.grants(role, held, name) or not sets.grants(role, effective, name)
    # Names a role may not hold can only be in a set by a change of the role; then the set as stored decides.
    assert sets.grants(role, effective, name) == both or name not in sets.allowed(role)


@pytest.mark.parametrize(
    ("role", "wanted", "legal"),
    [
        ("license", (), True),
        ("license", ("*",), True),
        ("license", ("license.read", "*"), True),
        ("license", ("policy.read",), True),
        ("license", ("license.create",), False),
        ("license", ("license.read", "license.read"), False),
        ("license", ("*", "*"), False),
        ("license", ("license.*",), False),
        ("license", ("LICENSE.READ",), False),
        ("license", ("",), False),
    ],
)
def test_supported(role: str, wanted: tuple[str, ...], legal: bool) -> None:
    assert sets.supported(role, wanted) is legal


@pytest.mark.parametrize(
    ("stored", "wanted", "legal"),
    [
        (("*",), ("policy.read",), True),
        (("*",), ("license.create",), False),
        (("license.read",), ("license.read",), True),
        (("license.read",), ("license.validate",), False),
        (("license.read",), ("*",), True),
        (("license.read",), ("license.read", "license.read"), False),
        ((), ("*",), True),
        ((), ("license.read",), False),
        (None, ("license.read",), True),
        (None, ("policy.read",), False),
        (("license.read",), ("no.such",), False),
    ],
)
def test_token_supported(stored: tuple[str, ...] | None, wanted: tuple[str, ...], legal: bool) -> None:
    assert sets.token_supported("license", stored, wanted) is legal


@pytest.mark.parametrize(
    ("own", "owner", "effective"),
    [
        ({"a"}, None, {"a"}),
        ({"*"}, None, {"*"}),
        ({"*"}, {"a"}, {"a"}),
        ({"*"}, {"*"}, {"*"}),
        ({"a"}, {"*"}, {"a"}),
        ({"a", "b"}, {"b", "c"}, {"b"}),
        ({"a"}, set(), set()),
    ],
)
def test_a_license_is_narrowed_by_its_owner(own: set[str], owner: set[str] | None, effective: set[str]) -> None:
    held = None if owner is None else frozenset(owner)
    assert sets.license_effective(frozenset(own), held) == effective


def test_sets_are_shown_in_order() -> None:
    assert sets.shown(frozenset({"b", "*", "a"})) == ["*", "a", "b"]
