"""What a cold container does before its first request, against the least any Chalice app on DynamoDB does."""

from __future__ import annotations

import os
import subprocess
import sys
from statistics import median

from tests.bench.budgets import Row
from tests.bench.place import ROOT

ROUNDS = 7
_TIMED = "import time; s = time.process_time(); {}; print(time.process_time() - s)"
APP = _TIMED.format(
    "import app; transport = app.service.database._connection._transport._inner; transport._pool, transport._signer"
)
FLOOR = _TIMED.format(
    "import chalice; from botocore.session import get_session; get_session().create_client('dynamodb')"
)
_ENVIRONMENT = {
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "bench",
    "AWS_SECRET_ACCESS_KEY": "bench",
    "LICENSING_ACCOUNT": "bench",
}


def measure(rounds: int = ROUNDS) -> Row:
    """CPU time in fresh processes, in turns; compiled files are there, as they are in a deployed package."""
    taken = [(_seconds(APP), _seconds(FLOOR)) for _ in range(rounds + 1)][1:]
    cpu, floor = median(one for one, _ in taken), median(other for _, other in taken)
    return Row("cold import", 0, 0, 0.0, 0.0, round(cpu * 1000, 2), round(floor * 1000, 2))


def _seconds(code: str) -> float:
    command = [sys.executable, "-c", code]
    # Where the environment forbids compiled files, every run would measure the compiler instead.
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment = {**inherited, **_ENVIRONMENT}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    return float(done.stdout)
