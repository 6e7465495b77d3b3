"""How credentials are presented and refused (spec auth.md §2)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest

from tests.api.helpers import NOWHERE, basic, by_key, first, open_license, user, user_token
from tests.world import World, resource

DEFAULT = "You must be authenticated to complete the request"


def bare(world: World) -> str:
    return world.admin.removeprefix("Bearer ")


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "Token", "token"])
def test_token_schemes(shared_world: World, scheme: str) -> None:
    assert shared_world.get("/v1/me", as_=f"{scheme} {bare(shared_world)}").status == 200


@pytest.mark.parametrize("form", ["token:{0}", "{0}:", "{0}:ignored", "{0}"])
def test_tokens_in_basic(shared_world: World, form: str) -> None:
    assert shared_world.get("/v1/me", as_=basic(form.format(bare(shared_world)))).status == 200


@pytest.mark.parametrize("key", ["12345678", "key with spaces", "a:b:c:d:e", "key/a+b=="])
def test_license_keys(world: World, key: str) -> None:
    license = open_license(world, key=key)
    for as_ in (f"License {key}", f"license {key}", f"LICENSE {key}", basic(f"license:{key}")):
        assert world.get("/v1/me", as_=as_).data == license
    for name in ("token", "auth"):
        answer = world.get(f"/v1/me?{name}=license:{quote(key, safe='')}", as_=None)
        assert answer.data == license


@pytest.mark.parametrize("query", ["token={0}", "auth={0}", "auth=token:{0}", "token=token:{0}", "auth=no&token={0}"])
def test_tokens_in_the_query(shared_world: World, query: str) -> None:
    assert shared_world.get(f"/v1/me?{query.format(bare(shared_world))}", as_=None).status == 200


@pytest.mark.parametrize(
    ("header", "code", "scheme"),
    [
        (None, "TOKEN_MISSING", "Bearer"),
        ("", "TOKEN_MISSING", "Bearer"),
        ("Bearer", "TOKEN_MISSING", "Bearer"),
        ("Bearer ", "TOKEN_MISSING", "Bearer"),
        ("Digest abc", "TOKEN_MISSING", "Bearer"),
        ("nonsense", "TOKEN_MISSING", "Bearer"),
        ("Bearer nonsense", "TOKEN_INVALID", "Bearer"),
        ("Bearer admin-" + "0" * 64 + "v3", "TOKEN_INVALID", "Bearer"),
        ("Bearer admin-" + "0" * 64 + "v2", "TOKEN_INVALID", "Bearer"),
        ("Bearer " + "x" * 20_000 + "v3", "TOKEN_INVALID", "Bearer"),
        (f"Bearer {NOWHERE}", "TOKEN_FORMAT_INVALID", "Bearer"),
        (f"bearer {NOWHERE.replace('-', '')}", "TOKEN_FORMAT_INVALID", "Bearer"),
        ("License", "TOKEN_MISSING", "License"),
        ("License nonsense", "LICENSE_INVALID", "License"),
        ("license nonsense", "LICENSE_INVALID", "License"),
        ("Basic ???", "TOKEN_MISSING", "Basic"),
        (basic(":"), "TOKEN_MISSING", "Basic"),
        (basic("license:"), "TOKEN_MISSING", "Basic"),
        (basic("license:nonsense"), "LICENSE_INVALID", "Basic"),
        (basic("token:nonsense"), "TOKEN_INVALID", "Basic"),
        (basic("nonsense:nonsense"), "TOKEN_INVALID", "Basic"),
        (basic("a@b.example:secret"), "TOKEN_INVALID", "Basic"),
    ],
)
@pytest.mark.parametrize("path", ["/v1/me", f"/v1/licenses/{NOWHERE}", "/v1/products?limit=0"])
def test_refused(shared_world: World, path: str, header: str | None, code: str, scheme: str) -> None:
    answer = shared_world.get(path, as_=header)
    assert answer.error == (401, code, None)
    assert answer.errors[0]["title"] == "Unauthorized"
    assert code == "TOKEN_FORMAT_INVALID" or answer.errors[0]["detail"] == DEFAULT
    assert answer.headers["www-authenticate"] == f'{scheme} realm="keygen"'
    assert "keygen-bearer" not in answer.headers


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("token=", "TOKEN_MISSING"),
        ("token=nonsense", "TOKEN_INVALID"),
        ("auth=license:nonsense", "LICENSE_INVALID"),
        ("auth=license:", "TOKEN_MISSING"),
        ("other=1", "TOKEN_MISSING"),
    ],
)
def test_refused_in_the_query(shared_world: World, query: str, code: str) -> None:
    assert shared_world.get(f"/v1/me?{query}", as_=None).error == (401, code, None)


def test_the_header_wins(shared_world: World) -> None:
    assert shared_world.get("/v1/me?token=nonsense").status == 200
    assert shared_world.get(f"/v1/me?token={bare(shared_world)}", as_="Bearer no").error[1] == "TOKEN_INVALID"
    assert shared_world.get(f"/v1/me?token={bare(shared_world)}", as_="Digest no").status == 200


@pytest.mark.parametrize(("seconds", "status"), [(59, 200), (60, 200), (60.001, 401)])
def test_expired_tokens(local_world: World, seconds: float, status: int) -> None:
    expiry = local_world.clock.now() + timedelta(seconds=60)
    as_ = user_token(local_world, user(local_world, "developer"), expiry=expiry)
    local_world.clock.advance(seconds=seconds)
    answer = local_world.get("/v1/me", as_=as_)
    assert answer.status == status
    assert status == 200 or first(answer) == (401, "TOKEN_EXPIRED", None, "Token is expired")


TOKEN_NO, KEY_NO = "TOKEN_NOT_ALLOWED", "LICENSE_NOT_ALLOWED"


@pytest.mark.parametrize(
    ("strategy", "token", "key"),
    [
        ("TOKEN", None, KEY_NO),
        ("LICENSE", TOKEN_NO, None),
        ("SESSION", TOKEN_NO, KEY_NO),
        ("MIXED", None, None),
        ("NONE", TOKEN_NO, KEY_NO),
    ],
)
def test_strategies(world: World, strategy: str, token: str | None, key: str | None) -> None:
    license = world.license(world.policy(authenticationStrategy=strategy)["id"])
    for as_, code in ((world.token(f"/v1/licenses/{license['id']}"), token), (by_key(license), key)):
        answer = world.get("/v1/me", as_=as_)
        assert (answer.status, code) == (200, None) if code is None else answer.error[:2] == (403, code)
        assert code is None or answer.errors[0]["title"] == "Access denied"


@pytest.mark.parametrize(
    ("policy", "license", "banned", "key", "token"),
    [
        ({}, {"suspended": True}, False, "LICENSE_SUSPENDED", None),
        ({"expirationStrategy": "REVOKE_ACCESS"}, {"expiry": 0}, False, "LICENSE_EXPIRED", None),
        ({"expirationStrategy": "REVOKE_ACCESS"}, {"expiry": 0, "suspended": True}, False, "LICENSE_SUSPENDED", None),
        ({}, {"expiry": 0, "suspended": True}, True, "LICENSE_BANNED", "USER_BANNED"),
        *(
            ({"expirationStrategy": strategy}, {"expiry": 0}, False, None, None)
            for strategy in ("RESTRICT_ACCESS", "MAINTAIN_ACCESS", "ALLOW_ACCESS")
        ),
        ({"authenticationStrategy": "NONE"}, {"suspended": True}, False, "LICENSE_SUSPENDED", TOKEN_NO),
        ({"authenticationStrategy": "NONE"}, {}, True, "LICENSE_BANNED", "USER_BANNED"),
    ],
)
def test_state_of_the_license(
    local_world: World, policy: Any, license: Any, banned: bool, key: str | None, token: str | None
) -> None:
    owner = user(local_world, banned_at=local_world.clock.now() if banned else None)
    policy_id = local_world.policy(**{"authenticationStrategy": "MIXED", **policy})["id"]
    links = {"policy": ("policies", policy_id), "owner": ("users", owner.id)}
    made = local_world.post("/v1/licenses", resource("licenses", license, **links)).data
    for as_, code in ((by_key(made), key), (local_world.token(f"/v1/licenses/{made['id']}"), token)):
        answer = local_world.get("/v1/me", as_=as_)
        assert answer.status == (200 if code is None else 403)
        assert code is None or answer.error == (403, code, None)


def test_banned_users(local_world: World) -> None:
    as_ = user_token(local_world, user(local_world, banned_at=local_world.clock.now()))
    assert first(local_world.get("/v1/me", as_=as_)) == (403, "USER_BANNED", None, "User is banned")


def test_no_credentials_are_needed(shared_world: World) -> None:
    for path, status in (("/v1/ping", 200), ("/v1/accounts/acme/ping", 200), ("/v1/health", 204)):
        for as_ in (None, "Bearer nonsense"):
            answer = shared_world.get(path, as_=as_)
            assert (answer.status, answer.raw) == (status, b"")
