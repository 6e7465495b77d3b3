from __future__ import annotations

import pytest

from tests.unit.licensing.validation.scene import OWNER, machine, snapshot


@pytest.mark.parametrize(
    ("name", "owned", "unowned"),
    [
        (None, False, True),
        ("u1", True, False),
        ("one@example.com", True, False),
        ("ONE@example.com", False, False),
        ("u2", True, True),
        ("two@example.com", True, True),
        ("u3", False, False),
    ],
)
def test_users_are_the_owner_and_the_attached(name: str | None, owned: bool, unowned: bool) -> None:
    attached = frozenset({"u2", "two@example.com"})
    assert snapshot(owner=OWNER, user_names=attached).is_user(name) is owned
    assert snapshot(user_names=attached).is_user(name) is unowned


def test_an_owner_who_was_not_loaded_is_known_by_id() -> None:
    stored = snapshot(owner_id="u1")
    assert stored.is_user("u1")
    assert not stored.is_user(None)


@pytest.mark.parametrize(
    ("owner", "user", "conflict"),
    [
        (None, "u1", False),
        ("u1", None, False),
        ("u1", "u1", False),
        ("u1", "u1@example.com", False),
        ("u1", "u2", True),
    ],
)
def test_a_machine_conflicts_with_another_than_its_owner(owner: str | None, user: str | None, conflict: bool) -> None:
    email = f"{owner}@example.com" if owner else None
    assert machine("f", owner_id=owner, owner_email=email).conflicts(user) is conflict
