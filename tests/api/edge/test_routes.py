"""Paths, methods, versions (spec http.md §1-3, §9)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.helpers import NOWHERE, first, open_license
from tests.world import World, resource


def test_both_forms_and_links(world: World) -> None:
    account = world.account["account"]
    product = world.product()
    assert product["links"]["self"] == f"/v1/accounts/{account}/products/{product['id']}"
    for base in ("/v1", "/v1/accounts/acme", f"/v1/accounts/{account}", f"/v1/accounts/{account.upper()}"):
        assert world.get(f"{base}/products/{product['id']}").data == product
        made = world.post(f"{base}/products", resource("products", {"name": "App"}))
        assert made.headers["location"].endswith(f"/v1/accounts/{account}/products/{made.data['id']}")
        listed = world.get(f"{base}/products?page[number]=1").document["links"]["self"]
        assert listed.startswith(f"{base}/products?")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *(("GET", path) for path in ("/", "/v1/", "/v2/products", "/v1/nowhere", "/v1/products/x/y", "/v1/products/")),
        *(("GET", path) for path in ("/v1//products", "/v1/Products", "/products", "/v1/accounts/acme/nowhere")),
        ("GET", "/v1/licenses/actions/validate-key"),
        ("GET", f"/v1/licenses/{NOWHERE}/actions"),
        ("GET", f"/v1/licenses/{NOWHERE}/actions/nothing"),
        ("PUT", "/v1/products"),
        ("DELETE", "/v1/licenses"),
        ("POST", f"/v1/products/{NOWHERE}"),
        ("GET", f"/v1/licenses/{NOWHERE}/actions/check-in"),
        ("DELETE", "/v1/me"),
        ("POST", "/v1/profile"),
        ("GET", "/v1/products/x.json/"),
    ],
)
@pytest.mark.parametrize("as_", [None, "admin", "Bearer nonsense"])
def test_unrouted(shared_world: World, method: str, path: str, as_: str | None) -> None:
    answer = shared_world.send(method, path, as_=as_)
    assert answer.error == (404, "NOT_FOUND", None)
    assert answer.errors[0]["title"] == "Not found"
    assert answer.errors[0]["detail"].startswith("The requested endpoint was not found")
    assert answer.document["meta"]["id"] == answer.headers["x-request-id"]


@pytest.mark.parametrize("method", ["BREW", "TRACE", "PROPFIND"])
@pytest.mark.parametrize("path", ["/v1/products", "/v1/accounts/acme/products", "/v1/nowhere"])
def test_unknown_methods(shared_world: World, method: str, path: str) -> None:
    answer = shared_world.send(method, path)
    assert answer.error == (400, "HTTP_METHOD_INVALID", None)
    assert set(answer.document) == {"errors"}
    assert "keygen-signature" in answer.headers


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/v1/products/%zz", "URI_INVALID"),
        ("/v1/products/a%", "URI_INVALID"),
        ("/v1/accounts/%2/products", "URI_INVALID"),
        ("/v1/products/%00", "ENCODING_INVALID"),
        ("/v1/licenses/a%00b/actions/validate", "ENCODING_INVALID"),
        ("/v1/products/%ff", "ENCODING_INVALID"),
        ("/v1/accounts/%ff/products", "ENCODING_INVALID"),
    ],
)
def test_malformed_paths(shared_world: World, path: str, code: str) -> None:
    assert shared_world.get(path).error == (400, code, None)


def test_a_plus_is_a_plus(local_world: World) -> None:
    local_world.product(code="a+b")
    local_world.product(code="a b")
    assert local_world.get("/v1/products/a+b").attributes["code"] == "a+b"
    assert local_world.get("/v1/products/a%2Bb").attributes["code"] == "a+b"
    assert local_world.get("/v1/products/a%20b").attributes["code"] == "a b"


def test_escapes_are_decoded_once(local_world: World) -> None:
    local_world.product(code="a%2Fb")
    assert local_world.get("/v1/products/a%252Fb").attributes["code"] == "a%2Fb"
    assert local_world.get("/v1/products/a%2Fb").status == 404


@pytest.mark.parametrize("key", ["key.json", "validate.html", "a.b.c", "..", "-", "v1"])
def test_dots_belong_to_ids(local_world: World, key: str) -> None:
    product = local_world.product(code=key)
    assert local_world.get(f"/v1/products/{key}").data == product


@pytest.mark.parametrize("version", [f"1.{minor}" for minor in range(9)])
@pytest.mark.parametrize("prefix", ["", "v"])
def test_versions(shared_world: World, version: str, prefix: str) -> None:
    for path, status in (("/v1/products", 200), ("/v1/products/none", 404)):
        answer = shared_world.get(path, headers={"keygen-version": prefix + version})
        assert (answer.status, answer.headers["keygen-version"]) == (status, version)


@pytest.mark.parametrize("version", ["1.9", "2.0", "1", "0.9", "latest", "vv1.8", "1.8.0"])
@pytest.mark.parametrize("as_", [None, "admin"])
def test_unsupported_versions(shared_world: World, version: str, as_: str | None) -> None:
    answer = shared_world.get("/v1/products", as_=as_, headers={"keygen-version": version})
    assert first(answer) == (400, "INVALID_API_VERSION", None, "unsupported API version requested")
    assert "source" not in answer.errors[0]


@pytest.mark.parametrize("value", ["global", "", NOWHERE])
def test_environments(shared_world: World, value: str) -> None:
    answer = shared_world.get("/v1/products", as_=None, headers={"keygen-environment": value})
    assert first(answer) == (400, "ENVIRONMENT_NOT_SUPPORTED", "Keygen-Environment", "is unsupported")
    assert answer.errors[0]["source"] == {"header": "Keygen-Environment"}
    answer = shared_world.get(f"/v1/products?environment={value}", as_=None)
    assert answer.errors[0]["source"] == {"parameter": "environment"}
    assert answer.error[:2] == (400, "ENVIRONMENT_NOT_SUPPORTED")


def test_order_before_the_route(shared_world: World) -> None:
    headers = {"accept": "text/html", "keygen-version": "9"}
    sent: dict[str, Any] = {"as_": "Bearer nonsense", "headers": headers}
    assert shared_world.post("/v1/nowhere?a=%zz", raw=b"{", **sent).error[1] == "MIME_TYPE_INVALID"
    del headers["accept"]
    assert shared_world.post("/v1/nowhere?a=%zz", raw=b"{", **sent).error[1] == "JSON_INVALID"
    assert shared_world.post("/v1/nowhere?a=%zz", **sent).error[1] == "PARAMETERS_INVALID"
    assert shared_world.post("/v1/nowhere", **sent).error[1] == "NOT_FOUND"


def test_order_after_the_route(shared_world: World) -> None:
    headers = {"keygen-version": "9", "keygen-accept-signature": "x", "keygen-environment": "x"}

    def error(path: str = "/v1/products") -> tuple[int, str | None, str | None]:
        return shared_world.get(path, as_="Bearer nonsense", headers=headers).error

    assert error("/v1/nowhere")[:2] == (404, "NOT_FOUND")
    assert error("/v1/accounts/none/products")[:2] == (400, "INVALID_API_VERSION")
    del headers["keygen-version"]
    assert error("/v1/accounts/none/products")[:2] == (404, "NOT_FOUND")
    assert error()[:2] == (400, None)
    del headers["keygen-accept-signature"]
    assert error()[:2] == (400, "ENVIRONMENT_NOT_SUPPORTED")
    del headers["keygen-environment"]
    assert error()[:2] == (401, "TOKEN_INVALID")


def test_actions_are_never_ids(local_world: World) -> None:
    license = open_license(local_world)
    key = {"meta": {"key": license["attributes"]["key"]}}
    assert local_world.post("/v1/licenses/actions/validate-key", key).data["id"] == license["id"]
    assert local_world.get("/v1/licenses/actions").error == (404, "NOT_FOUND", None)
