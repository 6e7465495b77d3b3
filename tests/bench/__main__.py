"""Measure the operations against their budgets: `python -m tests.bench [--json FILE] [WORD ...]`.

A handler's CPU time is compared with a floor: the same DynamoDB calls with the same parameters by a plain botocore
client, the same bodies decoded and encoded, one Ed25519 signature. Both run over botocore with the same options, and
below botocore both are answered by the same dictionary (`wire.Wire`): the bytes DynamoDB would send, made once by the
local engine. So serialising, signing, parsing and everything above are measured on both sides, and neither a socket
nor an engine, which would cost more than the handler itself, hides what the handler adds. The floor has the same lean
options (no parameter validation, one attempt) and the same fast JSON library as the service: a plain client with
defaults would be slower and flatter the ratio. Repeats run with the account remembered, as in a warm container.

Rounds and units come from one run against the engine, as the service itself logs them. A missed count makes the exit
status 1; times depend on the machine and only warn.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.bench import cold
from tests.bench.budgets import Row, missed, slow
from tests.bench.cases import cases
from tests.bench.list_cases import list_cases
from tests.bench.machine_cases import machine_cases
from tests.bench.measure import measure
from tests.bench.place import ROOT, in_file, in_memory
from tests.bench.signing_cases import signing_cases

SMALL, LARGE = 1_000, 100_000
OUTPUT = ROOT / "build" / "bench.json"
_TITLES = ("operation", "trips", "rounds", "reads", "writes", "cpu ms", "floor ms", "ratio")
_LINE = "{:<36}{:>6}{:>8}{:>8}{:>8}{:>10}{:>10}{:>7}  {}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table, store it, and say whether the counts hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measure operations.")
    parser.add_argument("--json", type=Path, default=OUTPUT, help="where the rows go (build/bench.json)")
    parser.add_argument("words", nargs="*", help="only rows whose name contains one of these")
    options = parser.parse_args(arguments)
    rows = _measured(options.words)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps([row.as_json() for row in rows], indent=2) + "\n")
    return 1 if any(missed(row, rows) for row in rows) else 0


def _measured(words: Sequence[str]) -> list[Row]:
    rows: list[Row] = []
    small, large = in_memory(SMALL), in_file(LARGE)
    print(_LINE.format(*_TITLES, "").rstrip())
    for case in (*cases(small, large), *list_cases(small, large), *signing_cases(small), *machine_cases(small, large)):
        if _wanted(case.operation, words):
            rows.append(measure(case))
            _print(rows[-1], rows)
    small.close()
    large.close()
    if _wanted("cold import", words):
        rows.append(cold.measure())
        _print(rows[-1], rows)
    return rows


def _wanted(operation: str, words: Sequence[str]) -> bool:
    return not words or any(word in operation for word in words)


def _print(row: Row, rows: Sequence[Row]) -> None:
    failed, late = missed(row, rows), slow(row)
    remarks = [*(f"MISSED {text}" for text in failed), *([f"warning: {late}"] if late else [])]
    numbers = (row.round_trips, row.sequential, f"{row.read_units:g}", f"{row.write_units:g}")
    times = (f"{row.cpu_ms:.3f}", f"{row.floor_ms:.3f}", f"{row.ratio:.2f}")
    print(_LINE.format(row.operation, *numbers, *times, "; ".join(remarks)).rstrip(), flush=True)


if __name__ == "__main__":
    sys.exit(main())
