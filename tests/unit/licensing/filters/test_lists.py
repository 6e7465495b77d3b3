"""The small filters of lists of policies, pool keys and tokens (spec policies.md §2, §6; auth.md §3)."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.licensing.filters import lists as filters
from chalicelib.licensing.filters.licenses import impossible
from chalicelib.licensing.pool import PoolKey
from tests.unit.licensing.make import NOW, policy, token

ONE, OTHER = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
POOLED = PoolKey(id="key", key="POOL-KEY", policy_id=ONE, product_id=OTHER, created=NOW, updated=NOW)


def test_policies_by_product() -> None:
    found = filters.of_policies({"product": ONE.upper(), "policy": OTHER})
    assert [one.matches(policy(product_id=product)) for one in found for product in (ONE, OTHER)] == [True, False]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, True),
        ({"policy": ONE}, True),
        ({"policy": ONE, "product": OTHER}, True),
        ({"policy": ONE, "product": ONE}, False),
        ({"policy": OTHER}, False),
        ({"policy": "x"}, False),
    ],
)
def test_keys_by_policy_and_product(query: Any, expected: bool) -> None:
    found = filters.of_keys(query)
    assert all(one.matches(POOLED) for one in found) is expected
    assert impossible(found) is (query.get("policy") == "x")


@pytest.mark.parametrize("sent", ["", " ", [], [ONE], {"x": ONE}])
def test_skipped(sent: Any) -> None:
    assert filters.of_policies({"product": sent}) == filters.of_keys({"product": sent, "policy": sent}) == ()


def seen(bearer: Any) -> list[str]:
    found = filters.of_tokens({"bearer": bearer})
    bearers = {
        "admin": ("user", ONE),
        "sales-agent": ("user", OTHER),
        "product": ("product", ONE),
        "license": ("license", ONE),
    }
    return [
        role
        for role, (kind, identifier) in bearers.items()
        for candidate in [filters.TokenCandidate(token=token(bearer_kind=kind, bearer_id=identifier), bearer_role=role)]
        if all(one.matches(candidate) for one in found)
    ]


EVERYBODY = ["admin", "sales-agent", "product", "license"]


@pytest.mark.parametrize(
    ("bearer", "expected"),
    [
        ({"type": "user"}, ["admin", "sales-agent"]),
        ({"type": "users"}, ["admin", "sales-agent"]),
        ({"type": "products"}, ["product"]),
        ({"type": "license"}, ["license"]),
        ({"type": "environments"}, []),
        ({"type": "group"}, []),
        ({"type": ""}, []),
        ({"id": ONE.replace("-", "")}, ["admin", "product", "license"]),
        ({"id": "x"}, []),
        ({"id": ""}, []),
        ({"type": "user", "id": ONE}, ["admin"]),
        ({"role": "admin"}, ["admin"]),
        ({"role": "sales_agent"}, ["sales-agent"]),
        ({"role": ["sales-agent", "product", "x"]}, ["sales-agent", "product"]),
        ({"role": ""}, []),
        ({"role": [""]}, []),
        ({"type": "product", "role": "admin"}, []),
        ({"other": "x"}, EVERYBODY),
        ({"type": ["user"], "id": {"x": "y"}, "role": {"x": "y"}}, EVERYBODY),
        ("user", EVERYBODY),
        (["user"], EVERYBODY),
        (None, EVERYBODY),
    ],
)
def test_tokens_by_bearer(bearer: Any, expected: list[str]) -> None:
    assert seen(bearer) == expected
