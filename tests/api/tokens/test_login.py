"""An email and a password are good for a token, and for nothing else (spec auth.md §2.3)."""

from __future__ import annotations

import pytest

from chalicelib.crypto import passwords
from infra.local.engine import Engine, EngineTransport
from tests.api.helpers import basic, first, user
from tests.api.users.people import PASSWORD, change, events, lives, path_of, person, sign_in, signed_in
from tests.races.crowd import Watched
from tests.world import HOST, World, resource

EMAIL = "ann@acme.example"


@pytest.mark.parametrize("email", [EMAIL, "ANN@Acme.Example"])
def test_a_token(world: World, email: str) -> None:
    ann = person(world, password=PASSWORD)
    world.listen("*")
    answer = sign_in(world, email)
    assert (answer.status, answer.attributes["kind"]) == (201, "user-token")
    assert answer.attributes["expiry"] == "2026-03-15T12:01:00.000Z"
    assert answer.data["relationships"]["bearer"]["data"] == {"type": "users", "id": ann["id"]}
    assert answer.headers["location"] == f"https://{HOST}{answer.data['links']['self']}"
    assert answer.headers["keygen-bearer"] == ann["id"]
    assert "keygen-token" not in answer.headers
    assert [name for name, _ in events(world)] == ["token.generated"]
    token = f"Bearer {answer.attributes['token']}"
    assert world.get("/v1/me", as_=token).data["id"] == ann["id"]


def test_a_token_as_asked_for(world: World) -> None:
    person(world, password=PASSWORD)
    sent = {"name": "Laptop", "expiry": None, "permissions": ["license.read"]}
    answer = sign_in(world, EMAIL)
    answer = world.post("/v1/tokens", resource("tokens", sent), as_=basic(f"{EMAIL}:{PASSWORD}"))
    assert {name: answer.attributes[name] for name in sent} == sent
    assert world.post("/v1/tokens", resource("tokens", {"x": 1}), as_=basic(f"{EMAIL}:{PASSWORD}")).error[0] == 400


def test_a_second_factor_that_nobody_asks_for(world: World) -> None:
    person(world, password=PASSWORD)
    assert sign_in(world, EMAIL, body={"meta": {"otp": "123456"}}).status == 201
    assert sign_in(world, EMAIL, body={"meta": {"otp": 123456}}).error == (400, None, "/meta/otp")
    assert sign_in(world, EMAIL, body={"meta": {"password": "x"}}).error == (400, None, "/meta/password")
    assert world.post(f"/v1/users/{EMAIL}/tokens", {"meta": {"otp": "123456"}}).error == (400, None, "/meta")


@pytest.mark.parametrize("role", ["admin", "developer", "sales-agent", "support-agent", "read-only"])
def test_staff(local_world: World, role: str) -> None:
    person(local_world, password=PASSWORD, role=role)
    assert sign_in(local_world, EMAIL).status == 201


@pytest.mark.parametrize("password", ["with:colons:", "pässwörd", "      x", "☃" * 20])
def test_odd_passwords(local_world: World, password: str) -> None:
    person(local_world, password=password)
    assert lives(local_world, signed_in(local_world, EMAIL, password))


@pytest.mark.parametrize(
    ("email", "password", "code", "detail"),
    [
        ("nonsense@", PASSWORD, "EMAIL_REQUIRED", "email is required"),
        ("ann@acme", "", "EMAIL_REQUIRED", "email is required"),
        ("@", PASSWORD, "EMAIL_REQUIRED", "email is required"),
        ("bob@acme.example", PASSWORD, "EMAIL_INVALID", "email must be valid"),
        ("bob@acme.example", "", "EMAIL_INVALID", "email must be valid"),
        ("managed@acme.example", PASSWORD, "PASSWORD_NOT_SUPPORTED", "password is unsupported"),
        ("managed@acme.example", "", "PASSWORD_NOT_SUPPORTED", "password is unsupported"),
        (EMAIL, "", "PASSWORD_REQUIRED", "password is required"),
        (EMAIL, "wrong", "PASSWORD_INVALID", "password must be valid"),
        (EMAIL, PASSWORD + " ", "PASSWORD_INVALID", "password must be valid"),
    ],
)
def test_refused(local_world: World, email: str, password: str, code: str, detail: str) -> None:
    person(local_world, password=PASSWORD)
    person(local_world, "managed@acme.example")
    answer = sign_in(local_world, email, password)
    assert first(answer) == (401, code, "Authorization", detail)
    assert answer.errors[0]["source"] == {"header": "Authorization"}
    assert answer.headers["www-authenticate"] == 'Basic realm="keygen"'
    assert "keygen-bearer" not in answer.headers
    old = sign_in(local_world, email, password, headers={"keygen-version": "1.7"})
    assert first(old) == (401, "CREDENTIALS_INVALID", "Authorization", "email and password must be valid")


def test_nobody_learns_from_the_time_it_takes(local_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unknown email costs a hash, as a wrong password does."""
    person(local_world, password=PASSWORD)
    hashed: list[str] = []
    verified = passwords.verified

    def counting(password: str, stored: str) -> bool:
        hashed.append(stored)
        return verified(password, stored)

    monkeypatch.setattr(passwords, "verified", counting)
    for email in (EMAIL, "bob@acme.example", "admin@acme.example"):
        hashed.clear()
        assert sign_in(local_world, email, "wrong").status == 401
        assert len(hashed) == 1
        assert hashed[0].split("$")[:4] == passwords.NO_PASSWORD.split("$")[:4]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/me"),
        ("GET", "/v1/tokens"),
        ("POST", "/v1/users"),
        ("POST", "/v1/licenses/actions/validate-key"),
        ("PUT", "/v1/tokens"),
    ],
)
def test_nowhere_else(world: World, method: str, path: str) -> None:
    person(world, password=PASSWORD)
    answer = world.send(method, path, as_=basic(f"{EMAIL}:{PASSWORD}"))
    assert answer.error == (401, "TOKEN_INVALID", None)


@pytest.mark.parametrize("text", [EMAIL, f"license:{EMAIL}", f"token:{EMAIL}:{PASSWORD}", f"ann:{PASSWORD}"])
def test_what_is_no_login(world: World, text: str) -> None:
    person(world, password=PASSWORD)
    code = "LICENSE_INVALID" if text.startswith("license") else "TOKEN_INVALID"
    assert world.post("/v1/tokens", as_=basic(text)).error == (401, code, None)


def test_tokens_work_as_before(world: World) -> None:
    bare = world.admin.removeprefix("Bearer ")
    for as_ in (world.admin, basic(f"token:{bare}"), basic(f"{bare}:"), basic(bare)):
        assert world.post("/v1/tokens", as_=as_).status == 201


def test_permissions_and_rules_hold(world: World) -> None:
    person(world, password=PASSWORD, permissions=["license.read"])
    denied = "You do not have permission to complete the request (user lacks permission to perform action)"
    assert first(sign_in(world, EMAIL)) == (403, None, None, denied)
    person(world, "dev@acme.example", password=PASSWORD, role="developer")
    named = resource("tokens", {}, bearer=("users", user(world).id))
    assert world.post("/v1/tokens", named, as_=basic(f"dev@acme.example:{PASSWORD}")).status == 201
    named = resource("tokens", {}, bearer=("users", world.account["admin"]))
    assert world.post("/v1/tokens", named, as_=basic(f"dev@acme.example:{PASSWORD}")).error[0] == 403


def test_another_email(world: World) -> None:
    ann = person(world, password=PASSWORD)
    change(world, ann, email="new@acme.example")
    assert sign_in(world, EMAIL).error[1] == "EMAIL_INVALID"
    assert sign_in(world, "new@acme.example").status == 201
    assert world.send("DELETE", path_of(ann)).status == 204
    assert sign_in(world, "new@acme.example").error[1] == "EMAIL_INVALID"


def test_emails_of_other_accounts(local_world: World) -> None:
    person(local_world, password=PASSWORD)
    other = World(local_world.transport, slug="other")
    assert sign_in(other, EMAIL).error[1] == "EMAIL_INVALID"


def test_a_password_that_was_replaced_meanwhile_is_worth_nothing() -> None:
    """The token is made, but is of the generation that the new password ended."""
    transport = Watched(EngineTransport(Engine(":memory:")))
    world = World(transport)
    ann = person(world, password=PASSWORD)
    mine = signed_in(world, EMAIL)
    body = {"meta": {"oldPassword": PASSWORD, "newPassword": "another one"}}
    path = f"{path_of(ann)}/actions/update-password"

    def replace() -> None:
        assert world.post(path, body, as_=mine).status == 200

    transport.between(("TransactWriteItems",), replace)
    answer = sign_in(world, EMAIL)
    assert not lives(world, f"Bearer {answer.attributes['token']}")
    assert lives(world, mine)
