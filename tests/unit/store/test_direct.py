"""The direct transport: what it sends, and that what comes back looks as botocore would tell it."""

from __future__ import annotations

import json
import os
from base64 import b64encode
from typing import Any

import pytest
import urllib3
from botocore import exceptions as botocore
from botocore.exceptions import ClientError

from chalicelib.store.direct import DirectTransport
from chalicelib.store.retry import Outcome, outcome
from chalicelib.store.transport import BotocoreTransport

ENDPOINT = "http://127.0.0.1:9"


class Pool:
    """Stands for urllib3's pool: keeps what was sent, answers or raises what it was given."""

    def __init__(self, status: int = 200, body: Any = None, error: Exception | None = None) -> None:
        self._status, self._body, self._error = status, body, error
        self.sent: list[tuple[str, str, bytes, dict[str, str]]] = []

    def request(self, method: str, url: str, body: bytes, headers: dict[str, str], **options: Any) -> Any:
        assert options == {"retries": False, "redirect": False}
        self.sent.append((method, url, body, headers))
        if self._error is not None:
            raise self._error
        content = b"" if self._body is None else json.dumps(self._body).encode()
        return urllib3.HTTPResponse(content, {"x-amzn-requestid": "id"}, self._status, preload_content=True)


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """As Lambda gives them."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "session")


def transport(pool: Pool, endpoint: str | None = ENDPOINT, region: str | None = "eu-central-1") -> DirectTransport:
    made = DirectTransport(endpoint, region)
    made.__dict__["_pool"] = pool
    return made


def test_a_request_is_signed_json() -> None:
    pool = Pool(body={"Item": {"pk": {"S": "a"}}})
    assert transport(pool).call("GetItem", {"TableName": "t"}) == {"Item": {"pk": {"S": "a"}}}
    method, url, body, headers = pool.sent[0]
    assert (method, url, json.loads(body)) == ("POST", ENDPOINT + "/", {"TableName": "t"})
    assert headers["X-Amz-Target"] == "DynamoDB_20120810.GetItem"
    assert headers["Content-Type"] == "application/x-amz-json-1.0"
    assert headers["X-Amz-Security-Token"] == "session"
    assert "/eu-central-1/dynamodb/aws4_request" in headers["Authorization"]


def test_binary_values_travel_as_base64() -> None:
    stored = {"wrapped": {"B": b"\x00\xff"}, "list": {"L": [{"B": b"x"}]}, "name": {"S": "B"}}
    pool = Pool(body={"Item": {**stored, "wrapped": {"B": "AP8="}, "list": {"L": [{"B": b64encode(b"x").decode()}]}}})
    assert transport(pool).call("PutItem", {"Item": stored})["Item"] == stored
    assert json.loads(pool.sent[0][2])["Item"]["wrapped"] == {"B": "AP8="}


@pytest.mark.parametrize(
    ("environment", "region", "url"),
    [
        ({}, "eu-central-1", "https://dynamodb.eu-central-1.amazonaws.com/"),
        ({"AWS_REGION": "us-gov-west-1"}, None, "https://dynamodb.us-gov-west-1.amazonaws.com/"),
        ({"AWS_DEFAULT_REGION": "cn-north-1"}, None, "https://dynamodb.cn-north-1.amazonaws.com.cn/"),
        ({"AWS_ENDPOINT_URL": "http://localhost:1"}, "eu-central-1", "http://localhost:1/"),
        ({"AWS_ENDPOINT_URL": "http://a", "AWS_ENDPOINT_URL_DYNAMODB": "http://b/"}, None, "http://b/"),
    ],
)
def test_where_it_goes(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], region: str | None, url: str
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    pool = Pool(body={})
    transport(pool, None, region).call("ListTables", {})
    assert pool.sent[0][1] == url


def test_no_region_and_no_endpoint_is_said() -> None:
    with pytest.raises(botocore.NoRegionError):
        transport(Pool(), None, None).call("ListTables", {})


@pytest.mark.parametrize(
    ("status", "body", "code", "expected"),
    [
        (400, {"__type": "a.b#ConditionalCheckFailedException", "message": "m", "Item": {}}, None, Outcome.CHANGED),
        (400, {"__type": "a.b#ThrottlingException", "Message": "m"}, None, Outcome.NOT_APPLIED),
        (500, {"__type": "a.b#InternalServerError"}, None, Outcome.UNKNOWN),
        (503, None, "503", Outcome.UNKNOWN),
        (400, {"__type": "com.amazon.coral.validate#ValidationException"}, None, Outcome.REFUSED),
    ],
)
def test_errors_of_the_service(status: int, body: Any, code: str | None, expected: Outcome) -> None:
    with pytest.raises(ClientError) as caught:
        transport(Pool(status, body)).call("PutItem", {})
    response: Any = caught.value.response
    assert response["Error"]["Code"] == (code or body["__type"].partition("#")[2])
    assert response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert outcome(caught.value) is expected


def test_reasons_and_old_items_survive() -> None:
    reasons = [{"Code": "None"}, {"Code": "ConditionalCheckFailed", "Item": {"b": {"B": "eA=="}}}]
    body = {"__type": "x#TransactionCanceledException", "Message": "m", "CancellationReasons": reasons}
    with pytest.raises(ClientError) as caught:
        transport(Pool(400, body)).call("TransactWriteItems", {})
    response: Any = caught.value.response
    assert response["CancellationReasons"][1]["Item"] == {"b": {"B": b"x"}}
    assert outcome(caught.value) is Outcome.CHANGED


@pytest.mark.parametrize(
    ("raised", "kind", "expected"),
    [
        (urllib3.exceptions.ConnectTimeoutError(), botocore.ConnectTimeoutError, Outcome.NOT_APPLIED),
        (urllib3.exceptions.ReadTimeoutError(None, "/", "m"), botocore.ReadTimeoutError, Outcome.UNKNOWN),  # type: ignore[arg-type]
        (urllib3.exceptions.ProtocolError("reset"), botocore.ConnectionClosedError, Outcome.UNKNOWN),
        (urllib3.exceptions.SSLError("record"), botocore.HTTPClientError, Outcome.UNKNOWN),
    ],
)
def test_errors_of_the_connection(raised: Exception, kind: type[Exception], expected: Outcome) -> None:
    with pytest.raises(kind) as caught:
        transport(Pool(error=raised)).call("PutItem", {})
    assert outcome(caught.value) is expected


def test_a_port_nobody_listens_on_was_never_sent() -> None:
    with pytest.raises(botocore.EndpointConnectionError) as caught:
        DirectTransport("http://127.0.0.1:1", "eu-central-1").call("ListTables", {})
    assert outcome(caught.value) is Outcome.NOT_APPLIED


@pytest.mark.dynamodb_local
def test_both_transports_tell_the_same(dynamodb_local: str) -> None:
    """Same requests, same replies and same errors, byte values and old items included."""
    told = [
        _conversation(kind(dynamodb_local, "eu-central-1"), kind.__name__)
        for kind in (DirectTransport, BotocoreTransport)
    ]
    assert told[0] == told[1]


def _conversation(transport: Any, table: str) -> list[Any]:
    key = {"AttributeName": "pk", "KeyType": "HASH"}
    transport.call(
        "CreateTable",
        {
            "TableName": table,
            "KeySchema": [key],
            "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
            "BillingMode": "PAY_PER_REQUEST",
        },
    )
    item = {"pk": {"S": "a"}, "b": {"B": b"\x00\x01"}, "n": {"N": "1"}}
    absent = {"ConditionExpression": "attribute_not_exists(pk)", "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
    put = {"TableName": table, "Item": item, **absent}
    requests: list[tuple[str, dict[str, Any]]] = [
        ("PutItem", put),
        ("PutItem", put),
        ("GetItem", {"TableName": table, "Key": {"pk": {"S": "a"}}, "ReturnConsumedCapacity": "NONE"}),
        ("TransactWriteItems", {"TransactItems": [{"Put": put}]}),
        ("GetItem", {"TableName": "nothing", "Key": {"pk": {"S": "a"}}}),
        ("UpdateItem", {"TableName": table, "Key": {"pk": {"S": "a"}}, "UpdateExpression": "SET"}),
    ]
    return [_told(transport, operation, parameters) for operation, parameters in requests]


def _told(transport: Any, operation: str, parameters: dict[str, Any]) -> Any:
    try:
        reply = dict(transport.call(operation, parameters))
    except ClientError as error:
        response: Any = error.response
        return (response["Error"]["Code"], response.get("Item"), response.get("CancellationReasons"), outcome(error))
    return {name: value for name, value in reply.items() if name != "ResponseMetadata"}
