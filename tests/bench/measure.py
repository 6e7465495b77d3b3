"""CPU time of a case and of its floor, taken in turns so that a busy machine slows both alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from os import devnull
from pathlib import Path
from statistics import median
from typing import Any

import msgspec
from botocore import xform_name
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.bench.budgets import Row
from tests.bench.cases import Case, Cost
from tests.bench.wire import plain_client

Sign = Callable[[bytes], bytes]

BATCH_SECONDS = 0.04
BATCHES, FEWEST = 21, 5
LIMIT_SECONDS = 3.0


def _ed25519() -> Sign:
    return Ed25519PrivateKey.generate().sign


def _ecdsa() -> Sign:
    key = ec.generate_private_key(ec.SECP256R1())
    return lambda data: key.sign(data, ec.ECDSA(hashes.SHA256()))


def _rsa() -> Sign:
    key = rsa.generate_private_key(65537, 2048)
    return lambda data: key.sign(data, padding.PKCS1v15(), hashes.SHA256())


def _rsa_pss() -> Sign:
    key = rsa.generate_private_key(65537, 2048)
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)
    return lambda data: key.sign(data, pss, hashes.SHA256())


SIGNERS: Mapping[str, Callable[[], Sign]] = {
    "ed25519": _ed25519,
    "ecdsa-p256": _ecdsa,
    "rsa-sha256": _rsa,
    "rsa-pss-sha256": _rsa_pss,
}
"""What makes a signature of each algorithm, and nothing else."""


def measure(case: Case) -> Row:
    """Run `case` once for its costs with the engine behind it, then many times without."""
    case.place.wire.record()
    cost = case.observe()
    case.place.wire.replay()
    with Path(devnull).open("w") as nowhere, redirect_stdout(nowhere):
        case.check(case.run())
        cpu, floor = _in_turns(case.run, floor_of(case, cost))
    return Row(
        case.operation,
        len(cost.calls),
        cost.sequential,
        cost.read_units,
        cost.write_units,
        round(cpu * 1000, 4),
        round(floor * 1000, 4),
    )


def floor_of(case: Case, cost: Cost) -> Callable[[], None]:
    """The same calls by a plain client, the bodies read and written, the same signatures."""
    client = plain_client(case.place.wire)
    calls = [(getattr(client, xform_name(operation)), parameters) for operation, parameters in cost.calls]
    document: Any = msgspec.json.decode(cost.response) if cost.response else None
    signers = [SIGNERS[algorithm]() for algorithm in case.signed]
    encode, decode, request = msgspec.json.encode, msgspec.json.decode, cost.request

    def run() -> None:
        if request:
            decode(request)
        for call, parameters in calls:
            call(**parameters)
        body = encode(document)
        for sign in signers:
            sign(body[:256])

    return run


def _in_turns(first: Callable[[], Any], second: Callable[[], Any]) -> tuple[float, float]:
    """The median CPU seconds of one run of either."""
    counts = _runs(first), _runs(second)
    ends = time.monotonic() + LIMIT_SECONDS
    taken: list[tuple[float, float]] = []
    while len(taken) < BATCHES and (len(taken) < FEWEST or time.monotonic() < ends):
        taken.append((_batch(first, counts[0]), _batch(second, counts[1])))
    return median(one for one, _ in taken), median(other for _, other in taken)


def _runs(run: Callable[[], Any]) -> int:
    for _ in range(3):
        run()
    return max(1, int(BATCH_SECONDS / max(_batch(run, 3), 1e-6)))


def _batch(run: Callable[[], Any], count: int) -> float:
    started = time.process_time()
    for _ in range(count):
        run()
    return (time.process_time() - started) / count
