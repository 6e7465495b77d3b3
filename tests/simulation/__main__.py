"""`python -m tests.simulation SEED [--steps]` replays a schedule; `--count N` plays N of them from SEED on."""

from __future__ import annotations

import argparse
import sys
import time

from tests.simulation.schedule import run


def main() -> int:
    """1 when something is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("seed", type=int)
    parser.add_argument("--count", type=int, default=1)
    parser.add_argument("--steps", action="store_true", help="show every call of the store")
    options = parser.parse_args()
    began, wrong = time.perf_counter(), 0
    for seed in range(options.seed, options.seed + options.count):
        played = run(seed)
        wrong += bool(played.problems)
        if played.problems or options.count == 1:
            print(played)
        if options.steps:
            print(*played.steps, sep="\n")
    seconds = time.perf_counter() - began
    print(f"{options.count} schedules, {wrong} wrong, {1000 * seconds / options.count:.1f} ms each")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
