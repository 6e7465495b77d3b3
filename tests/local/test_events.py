"""The event builder against the shapes the gateway sends, and against Chalice's own handler."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from chalice import Chalice, Response

from infra.local.events import (
    HttpRequest,
    HttpResponse,
    MalformedResponseError,
    RouteTable,
    build_event,
    parse_response,
)

LICENSE = "/v1/accounts/{account}/licenses/{id}"
KEY = "/v1/accounts/{account}/licenses/actions/validate-key"
NESTED = "/v1/accounts/{account}/licenses/{id}/machines/{child}"
GREEDY = "/v1/{proxy+}"
ALL = ("GET", "POST", "HEAD", "OPTIONS")
ROUTES = RouteTable({LICENSE: ("GET",), KEY: ("POST",), NESTED: ("GET",), GREEDY: ALL})


def event_for(
    path: bytes = b"/v1/ping",
    query: bytes = b"",
    headers: tuple[tuple[bytes, bytes], ...] = (),
    body: bytes = b"",
    method: str = "GET",
) -> dict[str, Any]:
    request = HttpRequest(method, path, query, headers, body, "192.0.2.7")
    return build_event(request, ROUTES, "request-1", 1_700_000_000.25)


@pytest.mark.parametrize(
    ("method", "path", "pattern", "parameters"),
    [
        ("GET", "/v1/accounts/a/licenses/k", LICENSE, {"account": "a", "id": "k"}),
        ("GET", "/v1/accounts/a%2Fb/licenses/k+%2B", LICENSE, {"account": "a%2Fb", "id": "k+%2B"}),
        ("GET", "/v1/accounts/a/%6Cicenses/k", LICENSE, {"account": "a", "id": "k"}),
        ("POST", "/v1/accounts/a/licenses/actions/validate-key", KEY, {"account": "a"}),
        ("GET", "/v1/accounts/a/licenses/actions", LICENSE, {"account": "a", "id": "actions"}),
        ("GET", "/v1/accounts/a/licenses/1/machines/2", NESTED, {"account": "a", "id": "1", "child": "2"}),
        ("GET", "/v1/accounts/a/licenses/actions/machines/2", NESTED, {"account": "a", "id": "actions", "child": "2"}),
        ("POST", "/v1/accounts/a/licenses/k", GREEDY, {"proxy": "accounts/a/licenses/k"}),
        ("GET", "/v1/accounts//licenses/k", GREEDY, {"proxy": "accounts//licenses/k"}),
        ("GET", "/v1/accounts/a/licenses/", GREEDY, {"proxy": "accounts/a/licenses/"}),
        ("GET", "/v1/ping", GREEDY, {"proxy": "ping"}),
        ("DELETE", "/v1/ping", GREEDY, {"proxy": "ping"}),
        ("GET", "/elsewhere", GREEDY, {"proxy": "elsewhere"}),
        ("GET", "/", GREEDY, {"proxy": ""}),
    ],
)
def test_the_most_specific_route_wins(method: str, path: str, pattern: str, parameters: dict[str, str]) -> None:
    assert ROUTES.match(method, path) == (pattern, parameters)


def test_the_path_stays_as_received() -> None:
    event = event_for(b"/v1/accounts/a/licenses/a%2Fb%20c+d.e[f]%5B")
    assert event["path"] == event["rawPath"] == event["requestContext"]["path"]
    assert event["rawPath"] == "/v1/accounts/a/licenses/a%2Fb%20c+d.e[f]%5B"
    assert event["pathParameters"] == {"account": "a", "id": "a%2Fb%20c+d.e[f]%5B"}
    assert event["requestContext"]["resourcePath"] == event["resource"] == LICENSE


def test_the_query_is_decoded_and_kept_raw() -> None:
    event = event_for(query=b"page[size]=1&page%5Bnumber%5D=2&a=x+y&b=x%2By&c=&d&a=z&e=%FF&f=\xc3\xa9")
    assert event["rawQueryString"].encode("latin-1") == (
        b"page[size]=1&page%5Bnumber%5D=2&a=x+y&b=x%2By&c=&d&a=z&e=%FF&f=\xc3\xa9"
    )
    assert event["multiValueQueryStringParameters"] == {
        "page[size]": ["1"],
        "page[number]": ["2"],
        "a": ["x y", "z"],
        "b": ["x+y"],
        "c": [""],
        "d": [""],
        "e": ["\ufffd"],
        "f": ["é"],
    }
    assert event["queryStringParameters"]["a"] == "z"


def test_absent_parts_are_none() -> None:
    event = event_for(b"/v1/ping")
    assert event["queryStringParameters"] is event["multiValueQueryStringParameters"] is event["body"] is None
    assert (event["rawQueryString"], event["isBase64Encoded"], event["stageVariables"]) == ("", False, None)
    assert event["headers"] == event["multiValueHeaders"] == {}


def test_headers_keep_every_value_and_the_last_one() -> None:
    event = event_for(headers=((b"x-a", b"1"), (b"x-b", b"2"), (b"x-a", b"3"), (b"user-agent", b"probe")))
    assert event["multiValueHeaders"]["x-a"] == ["1", "3"]
    assert event["headers"] == {"x-a": "3", "x-b": "2", "user-agent": "probe"}
    assert event["requestContext"]["identity"] == {"sourceIp": "192.0.2.7", "userAgent": "probe"}


def test_the_context_names_the_request() -> None:
    context = event_for(method="POST")["requestContext"]
    assert (context["requestId"], context["httpMethod"]) == ("request-1", "POST")
    assert (context["requestTimeEpoch"], context["requestTime"]) == (1_700_000_000_250, "14/Nov/2023:22:13:20 +0000")


def test_a_body_is_text_or_base64() -> None:
    assert event_for(body='{"a":"é"}'.encode())["body"] == '{"a":"é"}'
    event = event_for(body=b"\xff\x00")
    assert event["isBase64Encoded"] is True
    assert base64.b64decode(event["body"]) == b"\xff\x00"


def test_chalice_takes_the_event_and_its_answer_comes_back() -> None:
    app = Chalice(app_name="probe", configure_logs=False)

    @app.route("/v1/{proxy+}", methods=["POST"], content_types=[])
    def short() -> Response:
        request: Any = app.current_request
        assert request.query_params.getlist("page[size]") == ["1"]
        return Response(
            request.uri_params["proxy"] + "|" + request.raw_body.decode(), status_code=201, headers={"X-A": ["1", "2"]}
        )

    request = HttpRequest("POST", b"/v1/a%2Fb", b"page[size]=1", [(b"content-type", b"application/xml")], b"hi", "::1")
    event = build_event(request, RouteTable(app.routes), "request-1", 0.0)
    assert parse_response(app(event, None)) == HttpResponse(201, [("X-A", "1"), ("X-A", "2")], b"a%2Fb|hi")


def test_responses_merge_both_header_maps_and_lose_framing() -> None:
    response = {
        "statusCode": 200,
        "headers": {"A": "1", "B": "x", "Content-Length": "7", "Transfer-Encoding": "chunked"},
        "multiValueHeaders": {"a": ["1", "2"], "N": [3, True]},
        "body": "é",
    }
    expected = [("B", "x"), ("a", "1"), ("a", "2"), ("N", "3"), ("N", "true")]
    assert parse_response(response) == HttpResponse(200, expected, "é".encode())


def test_flagged_bodies_are_decoded() -> None:
    assert parse_response({"statusCode": 200, "body": "/wA=", "isBase64Encoded": True}).body == b"\xff\x00"
    assert parse_response({"statusCode": 204}) == HttpResponse(204, [], b"")


@pytest.mark.parametrize(
    "response",
    [
        None,
        "text",
        {},
        {"statusCode": "200"},
        {"statusCode": 100},
        {"statusCode": 600},
        {"statusCode": 200, "body": {"a": 1}},
        {"statusCode": 200, "body": "%", "isBase64Encoded": True},
        {"statusCode": 200, "headers": {"A": "b\r\nC: d"}},
        {"statusCode": 200, "headers": {"A": "é"}},
    ],
)
def test_what_the_gateway_would_refuse_is_refused(response: object) -> None:
    with pytest.raises(MalformedResponseError):
        parse_response(response)
