"""After a run of everything no secret is found in the tables or in the log (spec auth.md §1.1, cryptography.md §1)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import tests.world as worlds
from chalicelib.store.vault import KeyFileVault
from infra.local.engine import Engine, EngineTransport
from tests.api.helpers import basic, by_key
from tests.world import World, known_pairs, resource

PASSWORD, NEW_PASSWORD = "correct horse battery", "staple of the new one"


@pytest.fixture
def guarded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> World:
    """A world that wraps its keys for real, logs every request, and tells every event."""
    monkeypatch.setattr(worlds, "PlainVault", lambda: KeyFileVault.create(tmp_path / "vault.key"))
    world = World(EngineTransport(Engine(":memory:")))
    world.listen("*")
    world.serve(LICENSING_LOG_REQUESTS="true")
    return world


def everything(world: World) -> dict[str, str]:
    """A bit of every operation that has to do with secrets; the secrets by what they are."""
    license = world.license(world.policy(authenticationStrategy="MIXED", scheme="ED25519_SIGN")["id"])
    email = "customer@acme.example"
    user = world.create("users", {"email": email, "password": PASSWORD})
    product = license["relationships"]["product"]["data"]["id"]
    found = {"admin token": world.admin, "password": PASSWORD, "new password": NEW_PASSWORD}
    for path in (f"/v1/products/{product}", f"/v1/licenses/{license['id']}", f"/v1/users/{user['id']}"):
        found[f"token of {path}"] = world.token(path)
    login = world.post("/v1/tokens", as_=basic(f"{email}:{PASSWORD}"))
    found["login token"] = f"Bearer {login.attributes['token']}"
    renewed = world.send("PUT", f"/v1/tokens/{login.data['id']}")
    found["renewed token"] = f"Bearer {renewed.attributes['token']}"
    change = {"meta": {"oldPassword": PASSWORD, "newPassword": NEW_PASSWORD}}
    path = f"/v1/users/{user['id']}/actions/update-password"
    assert world.post(path, change, as_=found["renewed token"]).status == 200
    assert world.post("/v1/passwords", {"meta": {"email": email}}, as_=None).status == 204
    assert world.post("/v1/tokens", as_=basic(f"{email}:wrong password")).status == 401
    for as_ in (by_key(license), "Bearer nonsense-token-v3", f"Basic {PASSWORD}"):
        world.get("/v1/me", as_=as_)
    world.get(f"/v1/me?token={found['admin token'].removeprefix('Bearer ')}", as_=None)
    sent = resource("machines", {"fingerprint": "fp"}, license=("licenses", license["id"]))
    machine = world.post("/v1/machines", sent, as_=by_key(license)).data
    for path in (f"/v1/licenses/{license['id']}", f"/v1/machines/{machine['id']}"):
        assert world.post(f"{path}/actions/check-out?encrypt=1").status == 200
    world.post("/v1/licenses/actions/validate-key", {"meta": {"key": license["attributes"]["key"]}}, as_=None)
    found["license key"] = license["attributes"]["key"]
    return found


def key_material() -> dict[str, str]:
    pairs = known_pairs()
    bodies = {name: "".join(getattr(pairs, name).splitlines()[1:3]) for name in ("rsa", "ecdsa")}
    return {"ed25519 seed": pairs.ed25519, **{f"{name} key": body[:64] for name, body in bodies.items()}}


def dumped(world: World) -> str:
    """Every stored item of both tables."""
    names = (world.database.names.resources, world.database.names.outbox)
    items: list[Any] = []
    for name in names:
        items += world.transport.call("Scan", {"TableName": name, "ConsistentRead": True})["Items"]
    return json.dumps(items, default=lambda value: bytes(value).decode("latin-1"))


def test_nothing_secret_is_stored_or_logged(guarded: World, capsys: pytest.CaptureFixture[str]) -> None:
    secrets = everything(guarded)
    stored, logged = dumped(guarded), capsys.readouterr().out
    assert len(logged.splitlines()) > 15
    license_key = secrets.pop("license key")
    account = guarded.service.accounts.find("acme")
    hidden = {name: value.removeprefix("Bearer ") for name, value in secrets.items()} | key_material()
    hidden["token secret"] = account.secret
    for name, value in hidden.items():
        assert value not in stored, f"{name} is stored in clear"
        assert value not in logged, f"{name} is logged"
    assert license_key in stored
    assert license_key not in logged
    assert "PRIVATE KEY" not in stored + logged


def test_the_search_finds_what_is_there(local_world: World) -> None:
    """With a vault that hides nothing the key material is found: the test above can fail."""
    assert key_material()["ed25519 seed"] in dumped(local_world)
