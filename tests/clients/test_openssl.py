"""The OpenSSL command line verifies one signature of each kind that a license file can carry."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from infra.local.engine import Engine, EngineTransport
from tests.world import World

OPENSSL = shutil.which("openssl")
DIGEST = ["dgst", "-sha256", "-verify", "public.pem", "-signature", "signature"]
PSS = ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:max"]
COMMANDS = {
    "ed25519": ["pkeyutl", "-verify", "-pubin", "-inkey", "public.pem", "-rawin", "-sigfile", "signature", "-in"],
    "ecdsa-p256": DIGEST,
    "rsa-sha256": DIGEST,
    "rsa-pss-sha256": [*DIGEST, *PSS],
}
KEYS = {"ed25519": "ed25519", "ecdsa-p256": "ecdsa", "rsa-sha256": "rsa2048", "rsa-pss-sha256": "rsa2048"}


def pem(name: str, text: bytes) -> bytes:
    """A public key of the account resource in the form OpenSSL reads."""
    if name != "ed25519":
        return text
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(text.decode()))
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.skipif(OPENSSL is None, reason="needs the openssl command")
@pytest.mark.parametrize("signing", COMMANDS)
def test_openssl_verifies(signing: str, tmp_path: Path) -> None:
    world = World(EngineTransport(Engine(":memory:")))
    shown = world.get("/v1/accounts/acme").data["meta"]["keys"]
    (tmp_path / "public.pem").write_bytes(pem(KEYS[signing], base64.b64decode(shown[KEYS[signing]])))
    license = world.license()
    answer = world.post(f"/v1/licenses/{license['id']}/actions/check-out?algorithm=base64%2B{signing}")
    body = "".join(answer.attributes["certificate"].splitlines()[1:-1])
    document = json.loads(base64.b64decode(body))
    (tmp_path / "signature").write_bytes(base64.b64decode(document["sig"]))
    (tmp_path / "data").write_text(f"license/{document['enc']}")
    command = [OPENSSL or "openssl", *COMMANDS[signing], "data"]
    told = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    (tmp_path / "data").write_text(f"license/{document['enc']}A")
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 1
