"""Least privilege: the three functions do what they do, and may do that and nothing else.

Each function's whole work runs against the local engine while its calls are written down as IAM actions; the policy
files must allow exactly those. An operation that gains a new kind of call fails here before it fails in the cloud.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from infra.package import ROOT
from tests.infra.recorder import Grant
from tests.infra.work import Work, everything


@pytest.fixture(scope="module")
def work() -> Work:
    """What the three functions were seen to need."""
    return everything()


def statements(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((ROOT / ".chalice" / f"policy-{name}.json").read_text("utf-8"))[
        "Statement"
    ]
    return found


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def resource_of(resource: Any) -> str:
    """`ResourcesTable`, `ResourcesTable/index`, `OutboxTable/stream`, `AccountKey` ..."""
    if "Fn::GetAtt" in resource:
        name, attribute = resource["Fn::GetAtt"]
        return f"{name}/stream" if attribute == "StreamArn" else str(name)
    name, _, rest = str(resource["Fn::Sub"]).removeprefix("${").partition(".Arn}")
    return name + rest.removesuffix("/*")


def granted(name: str) -> set[Grant]:
    """Everything a function may do."""
    return {
        Grant(action, resource_of(resource))
        for statement in statements(name)
        for action in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    }


def on_tables(name: str) -> set[Grant]:
    """What a function may do with items."""
    return {
        grant for grant in granted(name) if grant.action.startswith("dynamodb:") and "/stream" not in grant.resource
    }


@pytest.mark.parametrize("name", ["api", "sweep", "events"])
def test_a_function_may_do_what_it_does_and_no_more(work: Work, name: str) -> None:
    needed: set[Grant] = getattr(work, name)
    assert sorted(needed - on_tables(name)) == []
    assert sorted(on_tables(name) - needed) == []


@pytest.mark.parametrize(
    ("name", "others"),
    [
        ("api", {"kms:Decrypt AccountKey", "logs:CreateLogStream ApiLogs", "logs:PutLogEvents ApiLogs"}),
        ("sweep", {"kms:Decrypt AccountKey", "logs:CreateLogStream SweepLogs", "logs:PutLogEvents SweepLogs"}),
        (
            "events",
            {
                "kms:Decrypt AccountKey",
                "logs:CreateLogStream EventsLogs",
                "logs:PutLogEvents EventsLogs",
                "dynamodb:DescribeStream OutboxTable/stream",
                "dynamodb:GetRecords OutboxTable/stream",
                "dynamodb:GetShardIterator OutboxTable/stream",
                "dynamodb:ListStreams OutboxTable/stream",
                "sqs:SendMessage EventsDeadLetters",
            },
        ),
    ],
)
def test_the_rest_is_what_the_platform_asks_for(name: str, others: set[str]) -> None:
    assert {f"{grant.action} {grant.resource}" for grant in granted(name) - on_tables(name)} == others


def test_only_the_api_may_unwrap_account_keys() -> None:
    """The tables are under the same key: the others decrypt through DynamoDB, never themselves."""
    for name in ("sweep", "events"):
        (statement,) = (one for one in statements(name) if "kms:Decrypt" in listed(one["Action"]))
        via = {"Fn::Sub": "dynamodb.${AWS::Region}.amazonaws.com"}
        assert statement["Condition"] == {"StringEquals": {"kms:ViaService": via}}
    (statement,) = (one for one in statements("api") if "kms:Decrypt" in listed(one["Action"]))
    assert "Condition" not in statement


def test_nothing_is_granted_with_a_wildcard() -> None:
    for name in ("api", "sweep", "events"):
        for statement in statements(name):
            assert statement["Effect"] == "Allow"
            assert not [action for action in listed(statement["Action"]) if "*" in action]
            assert all(isinstance(resource, dict) for resource in listed(statement["Resource"]))
