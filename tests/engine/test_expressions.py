"""Conditions, updates and projections: what they mean and what is refused."""

from typing import Any

import pytest

from infra.local.engine import Engine
from tests.engine.tables import code_of, define, get, key, put, refused, update

ITEM: dict[str, Any] = {
    **key("a"),
    "a": {"N": "1"},
    "m": {"M": {"x": {"N": "1"}, "l": {"L": [{"S": "1"}, {"S": "2"}]}}},
    "l": {"L": [{"S": "a"}, {"S": "b"}, {"S": "c"}]},
    "ss": {"SS": ["a", "b"]},
    "t": {"S": "text"},
}
ONE = {":v": {"N": "1"}}


@pytest.fixture
def things(engine: Engine) -> Engine:
    engine.call("CreateTable", define())
    put(engine, ITEM)
    return engine


def holds(engine: Engine, condition: str, values: dict[str, Any] | None) -> str | None:
    """None if a put under the condition succeeds, else the error code."""
    parameters = {"TableName": "things", "Item": ITEM, "ConditionExpression": condition}
    if values:
        parameters["ExpressionAttributeValues"] = values
    try:
        engine.call("PutItem", parameters)
    except Exception as error:
        return str(getattr(error, "response", {})["Error"]["Code"])
    return None


@pytest.mark.parametrize(
    ("condition", "values"),
    [
        ("a = :v", ONE),
        ("absent <> :v", ONE),
        ("(a) = (:v)", ONE),
        ("NOT NOT a = :v", ONE),
        ("NOT " * 1000 + "a = :v", ONE),
        ("(NOT " * 98 + "a = :v" + ")" * 98, ONE),
        ("(a = :v AND (NOT (a = :w)))", {**ONE, ":w": {"N": "2"}}),
        ("absent = :v OR a = :v AND a = :v", ONE),
        ("a in (:v, :w)", {**ONE, ":w": {"S": "x"}}),
        ("a BETWEEN :v AND :v and a = :v", ONE),
        ("size (l) > :v", ONE),
        ("size (:v) > a", {":v": {"S": "abc"}}),
        ("attribute_exists (l[1])", None),
        ("attribute_exists (m.l[1]) AND (attribute_not_exists (zz.b[3].c))", None),
        ("attribute_type (a, :v)", {":v": {"S": "N"}}),
        ("begins_with (t, :v)", {":v": {"S": "te"}}),
        ("contains (ss, :v)", {":v": {"S": "a"}}),
        ("contains (t, :v)", {":v": {"S": "ex"}}),
        ("contains (l, :v)", {":v": {"S": "b"}}),
        ("ss = :v", {":v": {"SS": ["b", "a"]}}),
        ("m . x=:v", ONE),
    ],
)
def test_true_conditions(things: Engine, condition: str, values: dict[str, Any] | None) -> None:
    assert holds(things, condition, values) is None


@pytest.mark.parametrize(
    ("condition", "values"),
    [
        ("absent = :v", ONE),
        ("absent < :v", ONE),
        ("a = :v", {":v": {"S": "1"}}),
        ("a < :v", {":v": {"S": "2"}}),
        ("size (a) = :v", ONE),
        ("size (absent) > :v", ONE),
        ("contains (l, :v)", ONE),
        ("attribute_exists (l[7])", None),
        ("a BETWEEN :v AND :w", {":v": {"N": "2"}, ":w": {"N": "3"}}),
        ("begins_with (a, :v)", {":v": {"S": "1"}}),
    ],
)
def test_false_conditions(things: Engine, condition: str, values: dict[str, Any] | None) -> None:
    assert holds(things, condition, values) == "ConditionalCheckFailedException"


@pytest.mark.parametrize(
    ("condition", "values"),
    [
        ("a + :v <= :v", ONE),
        ("a = a", None),
        ("((a = :v))", ONE),
        ("a < :v", {":v": {"BOOL": True}}),
        ("begins_with (a, :v)", ONE),
        ("attribute_type (a, :v)", {":v": {"S": "NX"}}),
        ("a BETWEEN :v AND :w", {":v": {"N": "3"}, ":w": {"N": "1"}}),
        ("a BETWEEN :v AND :w", {":v": {"N": "3"}, ":w": {"S": "4"}}),
        (f"a IN ({', '.join([':v'] * 101)})", ONE),
        ("name = :v", ONE),
        ("m.Name = :v", ONE),
        ("_a = :v", ONE),
        ("a.1 = :v", ONE),
        ("l[01] = :v", ONE),
        ("l[-1] = :v", ONE),
        ("attribute_exists (:v)", ONE),
        ("attribute_exists (a, t)", None),
        ("attribute_exists (size (a))", None),
        ("attribute_exists (a) = :v", ONE),
        ("a = :v", {**ONE, ":w": {"N": "2"}}),
        ("a = :v", None),
        ("#n = :v", ONE),
        ("a = :v AND", ONE),
        ("", None),
        (" ", None),
        ("SIZE (l) > :v", ONE),
        ("size (:v) > a", ONE),
        ("foo (a)", None),
        ("a == :v", ONE),
        ("a != :v", ONE),
        ("a IN ()", None),
        ("a IN (a, :v)", ONE),
        ("a BETWEEN a AND :v", ONE),
        ("a = :v)", ONE),
        ("(a = :v", ONE),
        ("a = :v; b", ONE),
        ("a = :v", {"v": {"N": "1"}}),
        ("a = :v", {":v": {"SS": []}}),
        ("(NOT " * 101 + "a = :v" + ")" * 101, ONE),
        ("a = :v " + "AND a = :v " * 400, ONE),
    ],
)
def test_conditions_the_service_refuses(things: Engine, condition: str, values: dict[str, Any] | None) -> None:
    assert holds(things, condition, values) == "ValidationException"


@pytest.mark.parametrize(
    "more",
    [
        {"ExpressionAttributeNames": {"#n": "a"}},
        {"ExpressionAttributeValues": ONE},
        {"ConditionExpression": "attribute_exists (a)", "ExpressionAttributeNames": {"#n": "a"}},
        {"ConditionExpression": "attribute_exists (#n)", "ExpressionAttributeNames": {"#n": ""}},
        {"ConditionExpression": "attribute_exists (#n)", "ExpressionAttributeNames": {"n": "a"}},
        {"ConditionExpression": "attribute_exists (a)", "ExpressionAttributeNames": {}},
        {"ConditionExpression": "attribute_exists (a)", "ExpressionAttributeValues": {}},
        {"Expected": {"a": {"Exists": False}}},
        {"Foo": 1},
        {"ReturnConsumedCapacity": "ALL"},
        {"ReturnValuesOnConditionCheckFailure": "ALL_NEW"},
    ],
)
def test_placeholders_and_parameters_are_strict(things: Engine, more: dict[str, Any]) -> None:
    assert code_of(things, "PutItem", {"TableName": "things", "Item": ITEM, **more}) == "ValidationException"


def test_a_placeholder_may_name_anything(things: Engine) -> None:
    names = {"#0": "name", "#1": "with.dot and [bracket]"}
    update(things, key("a"), "SET #0 = :v, #1 = :v", ONE, ExpressionAttributeNames=names)
    found = get(things, key("a"))
    assert found is not None
    assert found["name"] == found["with.dot and [bracket]"] == {"N": "1"}


@pytest.mark.parametrize(
    ("expression", "values", "changes"),
    [
        ("SET b = a + :v", ONE, {"b": {"N": "2"}}),
        ("SET b = a - :v", ONE, {"b": {"N": "0"}}),
        ("SET b = (a + :v)", ONE, {"b": {"N": "2"}}),
        ("SET b = if_not_exists (zz, :v) + :v", ONE, {"b": {"N": "2"}}),
        ("SET b = if_not_exists (a, :v)", {":v": {"S": "x"}}, {"b": {"N": "1"}}),
        ("SET a = :v, b = a", {":v": {"N": "5"}}, {"a": {"N": "5"}, "b": {"N": "1"}}),
        ("set b = :v remove l", ONE, {"b": {"N": "1"}, "l": None}),
        ("SET b = list_append (l, :v)", {":v": {"L": [{"N": "1"}]}}, {"b": {"L": [*ITEM["l"]["L"], {"N": "1"}]}}),
        ("SET b = list_append (:v, l)", {":v": {"L": [{"N": "1"}]}}, {"b": {"L": [{"N": "1"}, *ITEM["l"]["L"]]}}),
        ("SET l[1] = :v", ONE, {"l": {"L": [{"S": "a"}, {"N": "1"}, {"S": "c"}]}}),
        (
            "SET l[9] = :w, l[7] = :v",
            {**ONE, ":w": {"N": "2"}},
            {"l": {"L": [*ITEM["l"]["L"], {"N": "1"}, {"N": "2"}]}},
        ),
        ("SET l[3] = :v REMOVE l[0]", ONE, {"l": {"L": [{"S": "b"}, {"S": "c"}, {"N": "1"}]}}),
        ("REMOVE l[0], l[1]", None, {"l": {"L": [{"S": "c"}]}}),
        ("REMOVE l[8], zz, m.q", None, {}),
        ("SET m.y = :v", ONE, {"m": {"M": {**ITEM["m"]["M"], "y": {"N": "1"}}}}),
        ("REMOVE m.l[0]", None, {"m": {"M": {"x": {"N": "1"}, "l": {"L": [{"S": "2"}]}}}}),
        ("ADD a :v, zz :v", ONE, {"a": {"N": "2"}, "zz": {"N": "1"}}),
        ("ADD m.x :v", ONE, {"m": {"M": {**ITEM["m"]["M"], "x": {"N": "2"}}}}),
        ("ADD ss :v", {":v": {"SS": ["q", "a"]}}, {"ss": {"SS": ["a", "b", "q"]}}),
        ("DELETE ss :v", {":v": {"SS": ["q", "a"]}}, {"ss": {"SS": ["b"]}}),
        ("DELETE ss :v, zz :v", {":v": {"SS": ["a", "b"]}}, {"ss": None}),
    ],
)
def test_updates(things: Engine, expression: str, values: dict[str, Any] | None, changes: dict[str, Any]) -> None:
    update(things, key("a"), expression, values)
    expected = {name: value for name, value in {**ITEM, **changes}.items() if value is not None}
    assert get(things, key("a")) == expected


@pytest.mark.parametrize(
    ("expression", "values"),
    [
        ("SET b = a + :v + :v", ONE),
        ("SET b = a + :v", {":v": {"S": "x"}}),
        ("SET b = ss + :v", ONE),
        ("SET b = zz + :v", ONE),
        ("SET b = zz", None),
        ("SET b = if_not_exists (:v, a)", ONE),
        ("SET b = list_append (l, :v)", ONE),
        ("SET b = list_append (a, :v)", {":v": {"L": []}}),
        ("SET zz.y = :v", ONE),
        ("SET a.y = :v", ONE),
        ("SET m[0] = :v", ONE),
        ("REMOVE zz.y", None),
        ("REMOVE a.b", None),
        ("SET a = :v, a = :v", ONE),
        ("SET a = :v REMOVE a", ONE),
        ("SET m = :v, m.x = :v", ONE),
        ("SET m.x = :v, m[0] = :v", ONE),
        ("SET a = :v SET b = :v", ONE),
        ("SET pk = :v", {":v": {"S": "b"}}),
        ("REMOVE sk", None),
        ("ADD zz :v", {":v": {"S": "x"}}),
        ("ADD ss :v", ONE),
        ("ADD a :v", {":v": {"SS": ["x"]}}),
        ("ADD l[0] :v", ONE),
        ("ADD zz.q :v", ONE),
        ("ADD a b", None),
        ("DELETE a :v", ONE),
        ("DELETE a :v", {":v": {"SS": ["x"]}}),
        ("DELETE ss :v", {":v": {"NS": ["1"]}}),
        ("DELETE zz.q :v", {":v": {"SS": ["x"]}}),
        ("SET b = size (l)", None),
        ("SET b = IF_NOT_EXISTS (a, :v)", ONE),
        ("SET b = :v,", ONE),
        ("SET", None),
        ("", None),
        ("CHANGE b = :v", ONE),
        ("SET b = a + :v", {":v": {"N": "1e40"}}),
        ("SET name = :v", ONE),
    ],
)
def test_updates_the_service_refuses(things: Engine, expression: str, values: dict[str, Any] | None) -> None:
    parameters: dict[str, Any] = {"TableName": "things", "Key": key("a"), "UpdateExpression": expression}
    if values:
        parameters["ExpressionAttributeValues"] = values
    assert code_of(things, "UpdateItem", parameters) == "ValidationException"
    assert get(things, key("a")) == ITEM


@pytest.mark.parametrize(
    ("projection", "expected"),
    [
        ("a", {"a": {"N": "1"}}),
        ("m.x, t", {"m": {"M": {"x": {"N": "1"}}}, "t": {"S": "text"}}),
        ("l[2], l[0]", {"l": {"L": [{"S": "a"}, {"S": "c"}]}}),
        ("m.l[1], m.l[0]", {"m": {"M": {"l": {"L": [{"S": "1"}, {"S": "2"}]}}}}),
        ("l[0], l[1].x", {"l": {"L": [{"S": "a"}]}}),
        ("m.q, l[9], zz, a.x", {}),
    ],
)
def test_projections(things: Engine, projection: str, expected: dict[str, Any]) -> None:
    parameters = {"TableName": "things", "Key": key("a"), "ProjectionExpression": projection}
    assert things.call("GetItem", parameters)["Item"] == expected


@pytest.mark.parametrize("projection", ["a, a", "m, m.x", "m.x, m[0]", "#a", "name", "", "a,", ":v", "a b"])
def test_projections_the_service_refuses(things: Engine, projection: str) -> None:
    parameters = {"TableName": "things", "Key": key("a"), "ProjectionExpression": projection}
    assert code_of(things, "GetItem", parameters) == "ValidationException"


def test_a_refusal_has_the_layout_of_the_service(things: Engine) -> None:
    parameters = {"TableName": "things", "Item": ITEM, "ConditionExpression": "attribute_not_exists (pk)"}
    plain = refused(things, "PutItem", parameters)
    assert plain["Error"] == {"Code": "ConditionalCheckFailedException", "Message": "The conditional request failed"}
    assert plain["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert "Item" not in plain
    telling = {**parameters, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
    assert refused(things, "PutItem", telling)["Item"] == ITEM
    absent = {**telling, "Item": key("none"), "ConditionExpression": "attribute_exists (pk)"}
    assert "Item" not in refused(things, "PutItem", absent)
