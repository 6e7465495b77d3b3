"""What signatures cost: responses in each algorithm, and files that are checked out in each of the eight."""

from __future__ import annotations

from chalicelib.crypto.files import ENCODINGS, Algorithm
from tests.bench.budgets import SIGNATURES as SIGNING
from tests.bench.cases import ED25519, Case, request
from tests.bench.place import Place


def signing_cases(place: Place) -> tuple[Case, ...]:
    """A row per algorithm; a license each, so that every check-out is the first of its second."""
    files = [Algorithm(encoding, signing) for encoding in ENCODINGS for signing in SIGNING]
    return (
        *(_answer(place, _path(place, 3), signing) for signing in SIGNING),
        *(_file(place, _path(place, number), algorithm) for number, algorithm in enumerate(files, 4)),
    )


def _path(place: Place, number: int) -> str:
    return f"/v1/licenses/{place.license(number).id}"


def _answer(place: Place, path: str, algorithm: str) -> Case:
    event = place.event("GET", path)
    event["headers"]["keygen-accept-signature"] = f'algorithm="{algorithm}"'
    return request(f"retrieve, {algorithm}", place, event, (algorithm,))


def _file(place: Place, path: str, algorithm: Algorithm) -> Case:
    encoding, signing = algorithm
    encrypt = {"aes-256-gcm": "&encrypt=1"}.get(encoding, "")
    target = f"{path}/actions/check-out?algorithm={encoding}%2B{signing}{encrypt}"
    return request(f"check out, {encoding}+{signing}", place, place.event("POST", target), (ED25519, signing))
