from __future__ import annotations

from typing import Any

import pytest

from chalicelib.licensing import product
from chalicelib.licensing.product import Product
from tests.unit.licensing import make
from tests.unit.licensing.make import NOW, codes, invalid


def created(**fields: Any) -> Product:
    code_taken = fields.pop("code_taken", False)
    return product.create("id", {"name": "App"} | fields, code_taken=code_taken, now=NOW)


def updated(**changes: Any) -> Product:
    code_taken = changes.pop("code_taken", False)
    stored = make.product(code="app", url="https://example.com", platforms=("linux",), permissions=("license.read",))
    return product.update(stored, changes, code_taken=code_taken, now=NOW)


def test_defaults() -> None:
    assert created() == Product(id="id", name="App", created=NOW, updated=NOW)
    assert created().distribution_strategy == "LICENSED"
    assert created(distribution_strategy=None, url=None, code=None) == created()


def test_everything_sent_is_kept() -> None:
    fields = {
        "name": "N",
        "code": "c",
        "distribution_strategy": "OPEN",
        "url": "https://example.com",
        "platforms": ["mac", "win"],
        "permissions": ["license.read"],
        "metadata": {"a": 1},
    }
    made = created(**fields)
    assert made.platforms == ("mac", "win")
    assert made.permissions == ("license.read",)
    assert (made.name, made.code, made.distribution_strategy, made.metadata) == ("N", "c", "OPEN", {"a": 1})


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"name": "n" * 256}, "NAME_TOO_LONG"),
        ({"name": None}, "NAME_MISSING"),
        ({"code": "action"}, "CODE_NOT_ALLOWED"),
        ({"code": "app", "code_taken": True}, "CODE_TAKEN"),
        ({"distribution_strategy": "open"}, "DISTRIBUTION_STRATEGY_NOT_ALLOWED"),
        ({"url": "ftp://example.com"}, "URL_PROTOCOL_INVALID"),
        ({"permissions": ["product.create"]}, "PERMISSIONS_NOT_ALLOWED"),
        ({"permissions": ["license.read", "license.read"]}, "PERMISSIONS_NOT_ALLOWED"),
        ({"metadata": {"a": "x" * 17_000}}, "METADATA_TOO_LONG"),
    ],
)
def test_errors(fields: dict[str, Any], code: str) -> None:
    assert codes(created, **fields) == [code]


def test_a_product_without_a_name_is_refused() -> None:
    assert invalid(lambda: product.create("id", {}, code_taken=False, now=NOW)) == [
        ("NAME_MISSING", "/data/attributes/name", "can't be blank")
    ]


def test_all_errors_are_listed_in_order() -> None:
    found = invalid(created, name="n" * 256, code="c" * 256, distribution_strategy="X", url="https://localhost")
    assert found == [
        ("NAME_TOO_LONG", "/data/attributes/name", "is too long (maximum is 255 characters)"),
        ("CODE_TOO_LONG", "/data/attributes/code", "is too long (maximum is 255 characters)"),
        (
            "DISTRIBUTION_STRATEGY_NOT_ALLOWED",
            "/data/attributes/distributionStrategy",
            "unsupported distribution strategy",
        ),
        ("URL_HOST_INVALID", "/data/attributes/url", "must be a URL with a valid host"),
    ]


def test_own_hosts_are_refused() -> None:
    fields = {"name": "App", "url": "https://api.own.test"}
    found = invalid(lambda: product.create("id", fields, code_taken=False, now=NOW, own_hosts={"api.own.test"}))
    assert [code for code, _, _ in found] == ["URL_HOST_INVALID"]


def test_an_update_changes_what_was_sent_only() -> None:
    changed = updated(name="New")
    assert (changed.name, changed.code, changed.platforms, changed.updated) == ("New", "app", ("linux",), NOW)
    assert changed.created == make.LONG_AGO


@pytest.mark.parametrize("name", ["url", "platforms", "distribution_strategy"])
def test_null_clears_what_may_be_null(name: str) -> None:
    assert getattr(updated(**{name: None}), name) is None


@pytest.mark.parametrize("name", ["name", "code", "permissions", "metadata"])
def test_null_changes_nothing_else(name: str) -> None:
    assert getattr(updated(**{name: None}), name) == getattr(updated(), name)


def test_an_update_is_judged_too() -> None:
    assert codes(updated, code="other", code_taken=True) == ["CODE_TAKEN"]
