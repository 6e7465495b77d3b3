"""One token: retrieve, regenerate, revoke (spec auth.md §1.2, §3, §3.1)."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.api.helpers import NOWHERE, basic, by_key, first, open_license, user, user_token
from tests.api.test_events import outbox
from tests.api.tokens.bearers import STAFF, Bearers, narrowed
from tests.world import Answer, World, resource

BEARERS = [
    *STAFF,
    *("customer", "attached", "stranger", "product", "other-product", "license", "other-license"),
]


def act(world: World, name: str, identifier: str, **options: Any) -> Answer:
    method = {"read": "GET", "regenerate": "PUT", "revoke": "DELETE"}[name]
    return world.send(method, f"/v1/tokens/{identifier}", **options)


def alive(world: World, value: str) -> bool:
    return world.get("/v1/profile", as_=f"Bearer {value}").status == 200


READERS, MAKERS = {*STAFF}, {"admin", "developer"}
OWN: dict[str, set[str]] = {
    "customer": {"customer", "product"},
    "attached": {"attached", "product"},
    "stranger": {"stranger"},
    "product": {"product"},
    "other-product": {"other-product"},
    "license": {"license", "product"},
    "other-license": {"other-license", "other-product"},
}
"""Beside staff: who has to do with whose token."""

ROWS: dict[str, tuple[set[str], set[str], set[str]]] = {
    # whose token: who reads, regenerates, revokes it
    "admin": (READERS, {"admin"}, MAKERS),
    "developer": (READERS, {"developer"}, MAKERS),
    "sales": (READERS, {"sales"}, MAKERS | {"sales"}),
    "support": (READERS, {"support"}, MAKERS | {"support"}),
    "reader": (READERS, set(), MAKERS),
    "owner": (READERS, set(), MAKERS),
    **{name: (READERS | own, MAKERS | own, MAKERS | own) for name, own in OWN.items()},
}
SUCCESS = {"read": 200, "regenerate": 200, "revoke": 204}


@pytest.mark.parametrize("token", ROWS)
@pytest.mark.parametrize("name", SUCCESS)
def test_who_may_not(local_world: World, name: str, token: str) -> None:
    """Whoever does not see a token is told that there is none."""
    bearers = Bearers(local_world)
    allowed, identifier = dict(zip(SUCCESS, ROWS[token], strict=True)), bearers.tokens[token]
    for bearer in set(BEARERS) - allowed[name]:
        expected = (403, None, None) if bearer in allowed["read"] else (404, "NOT_FOUND", None)
        assert act(local_world, name, identifier, as_=bearers.headers[bearer]).error == expected, bearer
    assert act(local_world, name, identifier, as_=None).error == (401, "TOKEN_MISSING", None)
    assert local_world.get("/v1/profile", as_=bearers.headers[token]).status == 200


@pytest.mark.parametrize("token", ROWS)
@pytest.mark.parametrize("name", SUCCESS)
def test_who_may(local_world: World, name: str, token: str) -> None:
    allowed = dict(zip(SUCCESS, ROWS[token], strict=True))
    for bearer in sorted(allowed[name]):
        bearers = Bearers(local_world)
        answer = act(local_world, name, bearers.tokens[token], as_=bearers.headers[bearer])
        assert answer.status == SUCCESS[name], bearer
        is_alive = local_world.get("/v1/profile", as_=bearers.headers[token]).status == 200
        assert is_alive == (name == "read")


@pytest.mark.parametrize("name", SUCCESS)
@pytest.mark.parametrize("named", [NOWHERE, "x"])
def test_unknown(shared_world: World, name: str, named: str) -> None:
    answer = act(shared_world, name, named)
    assert first(answer) == (404, "NOT_FOUND", None, f"The requested token '{named}' was not found")


def test_a_token_is_not_read_by_its_value(local_world: World) -> None:
    value = local_world.admin.removeprefix("Bearer ")
    assert act(local_world, "read", value).error == (404, "NOT_FOUND", None)


def test_any_spelling_of_the_id(world: World) -> None:
    made = world.post("/v1/tokens").data
    del made["attributes"]["token"]
    for spelling in (made["id"], made["id"].upper(), made["id"].replace("-", "")):
        assert act(world, "read", spelling).data == made


FORMS = {
    "product": (r"prod-[0-9a-f]{64}v3", "product-token"),
    "license": (r"activ-[0-9a-f]{32}v3", "activation-token"),
    "customer": (r"user-[0-9a-f]{64}v3", "user-token"),
    "sales": (r"sales-[0-9a-f]{64}v3", "sales-token"),
}


@pytest.mark.parametrize("name", FORMS)
def test_a_new_value(world: World, name: str) -> None:
    bearers = Bearers(world)
    identifier, header = bearers.tokens[name], bearers.headers[name]
    before = act(world, "read", identifier).data
    world.clock.advance(days=1)
    answer = act(world, "regenerate", identifier, as_=header)
    value = answer.attributes.pop("token")
    form, kind = FORMS[name]
    assert answer.status == 200
    assert "location" not in answer.headers
    assert re.fullmatch(form, value)
    assert f"Bearer {value}" != header
    assert alive(world, value)
    assert world.get("/v1/profile", as_=header).error == (401, "TOKEN_INVALID", None)
    expected = before["attributes"] | {"updated": "2026-03-02T12:00:00.000Z"}
    if name == "customer":
        assert before["attributes"]["expiry"] == "2026-03-15T12:00:00.000Z"
        expected["expiry"] = "2026-03-16T12:00:00.000Z"
    shown = act(world, "read", identifier).data
    assert shown == before | {"attributes": expected}
    assert shown["attributes"]["kind"] == kind
    assert world.get("/v1/profile", as_=f"Bearer {value}").document["meta"]["tokenId"] == identifier


def test_what_stays(world: World) -> None:
    path = f"/v1/licenses/{open_license(world)['id']}/tokens"
    sent = {"name": "Box", "maxActivations": 2, "maxDeactivations": 3, "permissions": ["license.read"]}
    made = world.post(path, resource("tokens", sent))
    again = act(world, "regenerate", made.data["id"])
    assert again.attributes | {"token": None} == made.attributes | {"token": None}
    assert again.attributes["token"] != made.attributes["token"]


@pytest.mark.parametrize(
    ("expiry", "shown"), [(None, None), ("2030-01-01", "2026-03-16T12:00:00.000Z"), (0, "2026-03-16T12:00:00.000Z")]
)
def test_expiry(local_world: World, expiry: Any, shown: str | None) -> None:
    """Whatever ends gets two weeks from now, even what ended already; what never ends stays so."""
    product = local_world.product()["id"]
    made = local_world.post(f"/v1/products/{product}/tokens", resource("tokens", {"expiry": expiry})).data
    local_world.clock.advance(days=1)
    answer = act(local_world, "regenerate", made["id"])
    assert answer.attributes["expiry"] == shown
    assert alive(local_world, answer.attributes["token"])


def test_again_and_again(world: World) -> None:
    values = [world.post("/v1/tokens").attributes["token"]]
    identifier = world.get("/v1/profile", as_=f"Bearer {values[0]}").document["meta"]["tokenId"]
    for _ in range(3):
        values.append(act(world, "regenerate", identifier).attributes["token"])
        assert [alive(world, value) for value in values] == [False] * (len(values) - 1) + [True]
    assert len({one["id"] for one in world.get("/v1/tokens").data}) == len(world.get("/v1/tokens").data)


@pytest.mark.parametrize("body", [None, {}, {"data": {"type": "x"}}, {"meta": {}}])
def test_documents_are_ignored(local_world: World, body: Any) -> None:
    identifier = local_world.post("/v1/tokens").data["id"]
    assert act(local_world, "regenerate", identifier, body=body).status == 200


def test_the_presented_one(world: World) -> None:
    bearers = Bearers(world)
    for name in ("product", "license", "customer", "sales", "admin"):
        answer = world.send("PUT", "/v1/tokens", as_=bearers.headers[name])
        assert (answer.status, answer.data["id"]) == (200, bearers.tokens[name])
        assert world.get("/v1/profile", as_=bearers.headers[name]).error == (401, "TOKEN_INVALID", None)
        again = world.send("PUT", "/v1/tokens", as_=basic(f"token:{answer.attributes['token']}"))
        assert again.data["id"] == answer.data["id"]
        assert not alive(world, answer.attributes["token"])
        assert alive(world, again.attributes["token"])


def test_nothing_presented(world: World) -> None:
    license = open_license(world)
    answer = world.send("PUT", "/v1/tokens", as_=by_key(license))
    assert first(answer) == (404, "NOT_FOUND", None, "The requested token was not found")
    assert world.send("PUT", "/v1/tokens", as_=None).error == (401, "TOKEN_MISSING", None)
    assert world.send("PUT", "/v1/tokens", as_="Bearer nonsense").error == (401, "TOKEN_INVALID", None)


def test_revoked(world: World) -> None:
    bearers = Bearers(world)
    identifier, header = bearers.tokens["product"], bearers.headers["product"]
    answer = act(world, "revoke", identifier, as_=header)
    assert (answer.status, answer.raw) == (204, b"")
    assert world.get("/v1/profile", as_=header).error == (401, "TOKEN_INVALID", None)
    for name in SUCCESS:
        assert act(world, name, identifier).error == (404, "NOT_FOUND", None)
        assert act(world, name, identifier, as_=header).error == (401, "TOKEN_INVALID", None)
    assert world.get(f"/v1/products/{bearers.product}/tokens").data == []
    assert identifier not in {one["id"] for one in world.get("/v1/tokens?limit=100").data}
    assert world.send("PUT", "/v1/tokens", as_=header).error == (401, "TOKEN_INVALID", None)


def test_the_other_tokens_live_on(local_world: World) -> None:
    product = local_world.product()["id"]
    path = f"/v1/products/{product}"
    one, two = local_world.token(path), local_world.token(path)
    identifier = local_world.get("/v1/profile", as_=one).document["meta"]["tokenId"]
    assert act(local_world, "revoke", identifier, as_=two).status == 204
    assert local_world.get("/v1/profile", as_=two).status == 200


def test_tokens_go_with_their_bearer(world: World) -> None:
    bearers = Bearers(world)
    world.send("DELETE", f"/v1/products/{bearers.product}")
    for name in ("product", "license"):
        assert act(world, "read", bearers.tokens[name]).error == (404, "NOT_FOUND", None)
        assert world.get("/v1/profile", as_=bearers.headers[name]).status == 401
    assert act(world, "read", bearers.tokens["other-license"]).status == 200


def test_events(local_world: World) -> None:
    made = local_world.post("/v1/tokens").data
    local_world.listen("*")
    again = act(local_world, "regenerate", made["id"]).document
    assert again["data"]["attributes"].pop("token")
    presented = local_world.send("PUT", "/v1/tokens")
    local_world.admin = f"Bearer {presented.attributes['token']}"
    own = presented.document
    del own["data"]["attributes"]["token"]
    assert act(local_world, "revoke", made["id"]).status == 204
    assert outbox(local_world) == [("token.regenerated", again), ("token.regenerated", own), ("token.revoked", again)]


def test_permissions(world: World) -> None:
    bearer = user(world)
    header = user_token(world, bearer)
    identifier = world.get("/v1/profile", as_=header).document["meta"]["tokenId"]
    needed = {"read": "token.read", "regenerate": "token.regenerate", "revoke": "token.revoke"}
    holding = {name: narrowed(world, header, permission) for name, permission in needed.items()}
    for name in SUCCESS:
        for held, narrow in holding.items():
            if held != name:
                assert act(world, name, identifier, as_=narrow).error == (403, None, None)
        if name != "revoke":
            assert act(world, name, identifier, as_=holding[name]).status == SUCCESS[name]
    assert world.send("PUT", "/v1/tokens", as_=holding["read"]).error == (403, None, None)
    assert world.send("PUT", "/v1/tokens", as_=holding["regenerate"]).status == 200
    assert act(world, "revoke", identifier, as_=holding["revoke"]).status == 204


def test_a_suspended_license_may_still_change_its_token(world: World) -> None:
    license = open_license(world)
    header = world.token(f"/v1/licenses/{license['id']}")
    world.post(f"/v1/licenses/{license['id']}/actions/suspend")
    answer = world.send("PUT", "/v1/tokens", as_=header)
    assert answer.status == 200
    assert alive(world, answer.attributes["token"])
