"""The verifiers for customers (`examples/`), run against keys and files that the service just issued."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from chalicelib.crypto.schemes import SCHEMES
from infra.local.engine import Engine, EngineTransport
from tests.world import HOST, Clock, World

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
NODE = shutil.which("node")
VERIFIERS = [
    pytest.param([sys.executable, str(EXAMPLES / "verify.py")], id="python"),
    pytest.param(
        [NODE or "node", str(EXAMPLES / "verify.mjs")],
        id="node",
        marks=pytest.mark.skipif(NODE is None, reason="needs Node"),
    ),
]
ALGORITHMS = [
    f"{encoding}%2B{signing}"
    for encoding in ("base64", "aes-256-gcm")
    for signing in ("ed25519", "ecdsa-p256", "rsa-pss-sha256", "rsa-sha256")
]


@pytest.fixture(scope="module")
def now_world() -> World:
    """A service at the present: the verifiers read the clock of the machine."""
    return World(EngineTransport(Engine(":memory:")), clock=Clock(datetime.now(UTC).replace(microsecond=0)))


@pytest.fixture(scope="module")
def keys(now_world: World, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The public keys as the account resource shows them: Ed25519 as text, the others as files."""
    shown = now_world.get("/v1/accounts/acme").data["meta"]["keys"]
    found = {"ed25519": base64.b64decode(shown["ed25519"]).decode()}
    for name in ("rsa2048", "ecdsa"):
        path = tmp_path_factory.mktemp("keys") / f"{name}.pem"
        path.write_bytes(base64.b64decode(shown[name]))
        found[name] = str(path)
    return found


def key_for(algorithm: str, keys: dict[str, str]) -> str:
    return keys["ed25519" if "ed25519" in algorithm else "ecdsa" if "ecdsa" in algorithm else "rsa2048"]


def run(command: list[str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*command, *arguments], capture_output=True, text=True, check=False)


def license_of(world: World, scheme: str | None) -> Any:
    return world.license(world.policy(scheme=scheme)["id"])


@pytest.mark.parametrize("command", VERIFIERS)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_license_keys(now_world: World, keys: dict[str, str], command: list[str], scheme: str) -> None:
    license = license_of(now_world, scheme)
    key = license["attributes"]["key"]
    public = key_for(SCHEMES[scheme].algorithm, keys)
    told = run(command, "key", scheme, public, key)
    assert told.returncode == 0, told.stderr
    assert license["id"] in told.stdout
    place = len(key) // 2
    forged = key[:place] + ("A" if key[place] != "A" else "B") + key[place + 1 :]
    assert run(command, "key", scheme, public, forged).returncode == 1


def checked_out(world: World, license: Any, query: str, path: Path) -> Path:
    answer = world.post(f"/v1/licenses/{license['id']}/actions/check-out?{query}")
    path.write_text(answer.attributes["certificate"])
    return path


@pytest.mark.parametrize("command", VERIFIERS)
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_license_files(
    now_world: World, keys: dict[str, str], command: list[str], algorithm: str, tmp_path: Path
) -> None:
    license = license_of(now_world, None)
    path = checked_out(now_world, license, f"algorithm={algorithm}", tmp_path / "license.lic")
    public, key = key_for(algorithm, keys), license["attributes"]["key"]
    told = run(command, "file", public, str(path), key)
    assert told.returncode == 0, told.stderr
    assert license["id"] in told.stdout
    if "aes" in algorithm:
        wrong = run(command, "file", public, str(path), "another key")
        assert (wrong.returncode, "does not open" in wrong.stderr) == (1, True)
    lines = path.read_text().splitlines()
    lines[2] = lines[2][:5] + ("A" if lines[2][5] != "A" else "B") + lines[2][6:]
    path.write_text("\n".join(lines))
    assert run(command, "file", public, str(path), key).returncode == 1


@pytest.mark.parametrize("command", VERIFIERS)
def test_files_of_another_time(now_world: World, keys: dict[str, str], command: list[str], tmp_path: Path) -> None:
    license = license_of(now_world, None)
    now = now_world.clock.instant
    try:
        for shift, word in ((timedelta(hours=-2), "expired"), (timedelta(minutes=10), "future")):
            now_world.clock.instant = now + shift
            path = checked_out(now_world, license, "ttl=3600", tmp_path / "license.lic")
            told = run(command, "file", keys["ed25519"], str(path))
            assert (told.returncode, word in told.stderr) == (1, True)
    finally:
        now_world.clock.instant = now


@pytest.mark.parametrize("command", VERIFIERS)
def test_anothers_key_and_no_file(now_world: World, keys: dict[str, str], command: list[str], tmp_path: Path) -> None:
    license = license_of(now_world, "ED25519_SIGN")
    for other in ("ecdsa", "rsa2048"):
        assert run(command, "key", "ED25519_SIGN", keys[other], license["attributes"]["key"]).returncode == 1
    (tmp_path / "nothing").write_text("nothing")
    assert run(command, "file", keys["ed25519"], str(tmp_path / "nothing")).returncode == 1
    assert run(command).returncode == 1


def _b64(data: bytes | str, *, url: bool = False, padded: bool = True) -> str:
    raw = data.encode() if isinstance(data, str) else data
    text = (base64.urlsafe_b64encode if url else base64.b64encode)(raw).decode()
    return text if padded else text.rstrip("=")


def _file(enc: str, sig: str, alg: str, kind: str = "LICENSE") -> str:
    body = _b64(json.dumps({"enc": enc, "sig": sig, "alg": alg}))
    return f"-----BEGIN {kind} FILE-----\n{body}\n-----END {kind} FILE-----\n"


def _public(keys: dict[str, str]) -> RSAPublicKey:
    key = load_pem_public_key(Path(keys["rsa2048"]).read_bytes())
    assert isinstance(key, RSAPublicKey)
    return key


def _signed_answer(world: World, path: str, algorithm: str) -> tuple[str, str]:
    """What was signed of an answer to nobody, and the signature: anybody can have text of theirs signed so."""
    answer = world.send("GET", path, as_=None, headers={"keygen-accept-signature": f'algorithm="{algorithm}"'})
    told = answer.headers
    signature = re.findall('signature="([^"]+)"', told["keygen-signature"])[0]
    lines = (f"(request-target): get {path}", f"host: {HOST}", f"date: {told['date']}", f"digest: {told['digest']}")
    return "\n".join(lines), signature


PAYLOAD = _b64(json.dumps({"data": {"id": "FORGED"}, "meta": {"issued": "2020-01-01T00:00:00.000Z", "expiry": None}}))


@pytest.mark.parametrize("command", VERIFIERS)
@pytest.mark.parametrize(
    "alg", ["base64+constructor", "base64+toString", "base64+", "base64", "none", "x+ed25519", "base64+ed25519+x"]
)
def test_unsigned_files(keys: dict[str, str], command: list[str], alg: str, tmp_path: Path) -> None:
    path = tmp_path / "license.lic"
    for signature in ("", _b64(bytes(64))):
        path.write_text(_file(PAYLOAD, signature, alg))
        told = run(command, "file", keys["ed25519"], str(path))
        assert (told.returncode, told.stderr.startswith("refused: "), told.stdout) == (1, True, "")


@pytest.mark.parametrize("command", VERIFIERS)
def test_answers_are_no_keys(now_world: World, keys: dict[str, str], command: list[str]) -> None:
    """The same keys sign answers, which repeat the path that anybody asked for."""
    forged = _b64('{"sub":"FORGED"}', url=True)
    text, signature = _signed_answer(now_world, f"/v1/licenses/x.{forged}.y", "rsa-sha256")
    made = base64.b64decode(signature)
    _public(keys).verify(made, text.encode(), PKCS1v15(), SHA256())
    for scheme, key in (
        ("RSA_2048_JWT_RS256", f"{text}.{_b64(made, url=True, padded=False)}"),
        ("RSA_2048_PKCS1_SIGN", f"{_b64(text, url=True)}.{_b64(made, url=True)}"),
        ("RSA_2048_PKCS1_SIGN_V2", f"{_b64(text, url=True)}.{_b64(made, url=True)}"),
        ("RSA_2048_PKCS1_ENCRYPT", _b64(made, url=True)),
    ):
        told = run(command, "key", scheme, keys["rsa2048"], key)
        assert (told.returncode, told.stderr.startswith("refused: "), told.stdout) == (1, True, ""), scheme
    text, signature = _signed_answer(now_world, f"/v1/licenses/x.{forged}.y", "ed25519")
    key = f"{_b64(text, url=True)}.{_b64(base64.b64decode(signature), url=True)}"
    assert run(command, "key", "ED25519_SIGN", keys["ed25519"], key).returncode == 1


@pytest.mark.parametrize("command", VERIFIERS)
def test_files_are_no_keys_and_no_files_of_the_other_kind(
    now_world: World, keys: dict[str, str], command: list[str], tmp_path: Path
) -> None:
    path = checked_out(now_world, license_of(now_world, None), "", tmp_path / "license.lic")
    text = path.read_text()
    document = json.loads(base64.b64decode("".join(text.splitlines()[1:-1])))
    signature = base64.b64decode(document["sig"])
    key = f"{_b64('license/' + document['enc'], url=True)}.{_b64(signature, url=True)}"
    assert run(command, "key", "ED25519_SIGN", keys["ed25519"], key).returncode == 1
    for spelt in (
        text.replace("LICENSE", "MACHINE"),
        text.replace("BEGIN LICENSE", "BEGIN MACHINE"),
        text.replace("-----BEGIN LICENSE FILE-----", "hello"),
        text + "more",
        text.replace("\n", "\n!", 1),
        _file(document["enc"], document["sig"] + "\n", document["alg"]),
        _file(document["enc"], document["sig"][:-2] + "x=", document["alg"]),
        _file(document["enc"], "!" + document["sig"], document["alg"]),
        "",
        "\n",
    ):
        path.write_text(spelt)
        told = run(command, "file", keys["ed25519"], str(path))
        assert (told.returncode, told.stderr.startswith("refused: "), told.stdout) == (1, True, ""), spelt[:200]
    path.write_bytes(text.replace("\n", "\r\n").encode())
    assert run(command, "file", keys["ed25519"], str(path)).returncode == 0
