"""`chalice local` against DynamoDB Local, with everything made by the operator's commands.

`chalice local` puts the stage's `environment_variables` over the process environment. What the stage does not name
comes through: the key file, the endpoint, credentials. What it does name does not: tables are called as in
`.chalice/config.json`, and there is no account of the deployment, so only the long path form is served.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from chalicelib.store.vault import KeyFileVault
from tests.clients.integrator import JSON_API, Reply, exchange
from tests.clients.verifier import Sent, verify
from tests.dynamodb_local import free_port

pytestmark = [pytest.mark.slow, pytest.mark.dynamodb_local]

ROOT = Path(__file__).parents[2]
SECONDS = 20
CHALICE = "import sys; from chalice.cli import main; sys.exit(main())"


@pytest.fixture(scope="module")
def environment(dynamodb_local: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What a developer would export."""
    key_file = tmp_path_factory.mktemp("vault") / "vault.key"
    KeyFileVault.create(key_file)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "LICENSING_"))}
    return {
        **kept,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL_DYNAMODB": dynamodb_local,
        "LICENSING_KEY_FILE": str(key_file),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def admin(environment: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """`python -m chalicelib.admin`."""
    command = [sys.executable, "-W", "error", "-m", "chalicelib.admin", *arguments]
    options: dict[str, Any] = {"capture_output": True, "text": True, "timeout": SECONDS}
    return subprocess.run(command, cwd=ROOT, env=environment, check=False, **options)


@pytest.fixture(scope="module")
def tables(environment: Mapping[str, str]) -> dict[str, Any]:
    """What `create-tables` says."""
    made = admin(environment, "create-tables")
    assert (made.returncode, made.stderr) == (0, "")
    found: dict[str, Any] = json.loads(made.stdout)
    return found


@pytest.fixture(scope="module")
def account(environment: Mapping[str, str], tables: object) -> dict[str, Any]:
    """What `bootstrap` says of a new account."""
    made = admin(environment, "bootstrap", "--account", f"acme-{uuid4().hex[:12]}", "--name", "Acme")
    assert (made.returncode, made.stderr) == (0, "")
    found: dict[str, Any] = json.loads(made.stdout)
    return found


@contextmanager
def chalice_local(environment: Mapping[str, str], log: Path) -> Iterator[str]:
    """The host and port of a running `chalice local`."""
    port = free_port()
    command = [sys.executable, "-c", CHALICE, "local", "--stage", "dev", "--no-autoreload", "--port", str(port)]
    with log.open("w") as said:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=said, stderr=subprocess.STDOUT)
        try:
            _wait(process, port, log)
            yield f"127.0.0.1:{port}"
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(SECONDS)
            finally:
                process.kill()


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Until the port answers; the process says nothing that could be waited for."""
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        else:
            return


@pytest.fixture(scope="module")
def host(environment: Mapping[str, str], account: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`chalice local` with an account to serve."""
    with chalice_local(environment, tmp_path_factory.mktemp("chalice") / "log") as host:
        yield host


def ask(
    host: str, account: Mapping[str, Any], method: str, path: str, body: object = None, *, anonymous: bool = False
) -> Reply:
    """A signed answer; `Date` is left to one reader, see below."""
    target = f"/v1/accounts/{account['account']}{path}"
    headers = {"Host": host, "Accept": JSON_API, "Content-Type": JSON_API}
    if not anonymous:
        headers["Authorization"] = f"Bearer {account['adminToken']}"
    content = None if body is None else json.dumps(body).encode()
    reply = exchange(host, method, target, content, headers)
    for dialect in ("", "keygen-"):
        signer = verify(Sent(method, target, host), reply.headers, reply.body, account["keys"], dialect=dialect)
        assert signer == account["account"]
    return reply


def create(host: str, account: Mapping[str, Any], kind: str, attributes: object, **linked: tuple[str, str]) -> Any:
    relationships = {name: {"data": {"type": kind, "id": id_}} for name, (kind, id_) in linked.items()}
    data = {"type": kind, "attributes": attributes, **({"relationships": relationships} if linked else {})}
    reply = ask(host, account, "POST", f"/{kind}", {"data": data})
    assert reply.status == 201, reply.body
    return reply.data


def test_tables_are_made_once(environment: Mapping[str, str], tables: object) -> None:
    assert tables == {"tables": ["resources", "outbox"]}
    again = admin(environment, "create-tables")
    assert (again.returncode, json.loads(again.stdout)) == (0, tables)


def test_an_account_is_made_with_its_keys_and_its_admin(account: Mapping[str, Any]) -> None:
    assert account.keys() == {"account", "slug", "admin", "adminToken", "publicKey", "keys"}
    assert account["adminToken"].startswith("admin-")
    assert len(bytes.fromhex(account["publicKey"])) == 32
    assert account["keys"]["ed25519"] == account["publicKey"]
    for name in ("rsa2048", "ecdsa"):
        assert account["keys"][name].startswith("-----BEGIN PUBLIC KEY-----\n")


def test_a_slug_is_taken_once(environment: Mapping[str, str], account: Mapping[str, Any]) -> None:
    again = admin(environment, "bootstrap", "--account", account["slug"])
    assert (again.returncode, again.stdout) == (1, "")
    assert again.stderr.strip() == "SLUG_TAKEN: has already been taken"


@pytest.mark.parametrize(
    "slug", ["Upper", "has space", "", "actions", "01234567-89ab-4def-8123-456789abcdef", "a" * 256]
)
def test_a_slug_that_cannot_be_one(environment: Mapping[str, str], tables: object, slug: str) -> None:
    refused = admin(environment, "bootstrap", "--account", slug)
    assert (refused.returncode, refused.stdout) == (1, ""), slug
    assert refused.stderr.startswith("SLUG_"), slug
    assert "Traceback" not in refused.stderr


def test_a_command_that_is_none(environment: Mapping[str, str]) -> None:
    refused = admin(environment, "frobnicate")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "usage:" in refused.stderr


def test_subscribing(environment: Mapping[str, str], account: Mapping[str, Any]) -> None:
    made = admin(environment, "subscribe", "--account", account["slug"], "license.created")
    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout)["events"] == ["license.created"]
    unknown = admin(environment, "subscribe", "--account", account["slug"], "license.invented")
    assert (unknown.returncode, unknown.stdout) == (1, "")
    nobody = admin(environment, "subscribe", "--account", "nobody-at-all")
    assert (nobody.returncode, nobody.stdout) == (1, "")


def test_the_long_form_is_served_and_signed(host: str, account: Mapping[str, Any]) -> None:
    product = create(host, account, "products", {"name": "App"})
    policy = create(host, account, "policies", {"name": "Pro", "maxUses": 3}, product=("products", product["id"]))
    license = create(host, account, "licenses", {"name": "order"}, policy=("policies", policy["id"]))
    body = {"meta": {"key": license["attributes"]["key"]}}
    valid = ask(host, account, "POST", "/licenses/actions/validate-key", body, anonymous=True)
    assert (valid.status, valid.meta["code"], valid.data["id"]) == (200, "VALID", license["id"])
    path = f"/licenses/{license['id']}/actions/increment-usage"
    for uses in (1, 2, 3):
        assert ask(host, account, "POST", path).attributes["uses"] == uses
    assert ask(host, account, "POST", path).error[:2] == (422, "USES_LIMIT_EXCEEDED")
    listed = ask(host, account, "GET", "/licenses?limit=1")
    assert (listed.status, len(listed.data)) == (200, 1)
    gone = ask(host, account, "DELETE", f"/products/{product['id']}")
    assert (gone.status, gone.body) == (204, b"")


def test_errors_are_signed(host: str, account: Mapping[str, Any]) -> None:
    missing = ask(host, account, "GET", f"/licenses/{uuid4()}")
    assert missing.error[:2] == (404, "NOT_FOUND")
    assert ask(host, account, "GET", "/me", anonymous=True).error[:2] == (401, "TOKEN_MISSING")


def test_the_short_form_needs_an_account_of_the_deployment(host: str) -> None:
    """And Chalice's matcher takes one segment only for `{proxy+}`: longer paths never reach us."""
    reply = exchange(host, "GET", "/v1/me", None, {"Host": host, "Accept": JSON_API})
    assert (reply.error[:2], reply.detail) == ((404, "NOT_FOUND"), "account is required")
    assert exchange(host, "GET", "/v1/licenses/x", None, {"Host": host}).status == 403
