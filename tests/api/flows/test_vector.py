"""Flow 7, step 6: the machine files of machines.md §10.2, byte by byte, and a node that opens them."""

from __future__ import annotations

import hashlib

import pytest

from chalicelib.crypto.files import algorithm_of, certificate
from chalicelib.crypto.keys import KeyPairs, PublicKeys, Signer
from tests.api.flows import offline

PUBLIC = "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8"
PAIRS = KeyPairs(ed25519=bytes(range(32)).hex(), rsa="", ecdsa="")
SECRET = "TEST-KEY" + "aa:bb"
PAYLOAD = (
    '{"data":{"type":"machines","id":"00000000-0000-4000-8000-000000000001"},'
    '"meta":{"issued":"2022-10-16T14:52:48.000Z","expiry":"2022-11-16T14:52:48.000Z","ttl":2629746}}'
)
CASES = {
    "base64+ed25519": (
        "4t0B/2eUHydc9AhpPZO7e/dDVrn2WT/6WB9fAS8A3rfBiQ3rlTHEXVtYERTVtoSpOmFAiifHHB1JK4Q18UqyCw==",
        "c45ef728c08be8550ea3eaa18b13f19ba595223fdbebd8cd2b9bbbde82ed897a",
        536,
    ),
    "aes-256-gcm+ed25519": (
        "/19GTN6cPDoRFlDEI4cz4GMZwTTKBYoa1nH8sjKdMm2vI7Gg65WKdFQdercKHPKhMLteETIDzL1N+YU3iMh9AA==",
        "db14826f72b5933e0394c2f182191057676bbca851162d599282b63b833199ab",
        601,
    ),
}


@pytest.mark.parametrize("algorithm", CASES)
def test_the_files_of_the_specification(algorithm: str) -> None:
    signature, digest, length = CASES[algorithm]
    keys = PublicKeys(ed25519=PUBLIC, rsa="", ecdsa="")
    made = certificate("machine", PAYLOAD.encode(), algorithm_of(algorithm), Signer(PAIRS), keys, SECRET, bytes(12))
    assert (hashlib.sha256(made.encode()).hexdigest(), len(made)) == (digest, length)
    found = offline.envelope("machine", made)
    assert (found["alg"], found["sig"]) == (algorithm, signature)
    assert offline.opened("machine", made, PUBLIC, SECRET)["data"]["type"] == "machines"


def test_another_node_cannot_read_it() -> None:
    keys = PublicKeys(ed25519=PUBLIC, rsa="", ecdsa="")
    sealed = algorithm_of("aes-256-gcm+ed25519")
    made = certificate("machine", PAYLOAD.encode(), sealed, Signer(PAIRS), keys, SECRET, bytes(12))
    with pytest.raises(offline.NotReadable):
        offline.opened("machine", made, PUBLIC, "TEST-KEY" + "aa:bc")
