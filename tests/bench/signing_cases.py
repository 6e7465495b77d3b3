"""What signatures cost: responses in each algorithm, and files that are checked out in each of the eight."""

from __future__ import annotations

from tests.bench.cases import ED25519, Case, request
from tests.bench.place import Place

SIGNING = (ED25519, "ecdsa-p256", "rsa-pss-sha256", "rsa-sha256")
ENCODINGS = ("base64", "aes-256-gcm")


def signing_cases(place: Place) -> tuple[Case, ...]:
    """A row per algorithm."""
    path = f"/v1/licenses/{place.license(3).id}"
    return (
        *(_answer(place, path, algorithm) for algorithm in SIGNING),
        *(_file(place, path, encoding, signing) for encoding in ENCODINGS for signing in SIGNING),
    )


def _answer(place: Place, path: str, algorithm: str) -> Case:
    event = place.event("GET", path)
    event["headers"]["keygen-accept-signature"] = f'algorithm="{algorithm}"'
    return request(f"retrieve, {algorithm}", place, event, (algorithm,))


def _file(place: Place, path: str, encoding: str, signing: str) -> Case:
    encrypt = {"aes-256-gcm": "&encrypt=1"}.get(encoding, "")
    target = f"{path}/actions/check-out?algorithm={encoding}%2B{signing}{encrypt}"
    return request(f"check out, {encoding}+{signing}", place, place.event("POST", target), (ED25519, signing))
