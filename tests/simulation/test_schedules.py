"""Ten thousand schedules of few actors over the local engine, with faults (spec machines.md §14.2).

SIMULATION_SEED is the seed of the first, 0 unless set: the same schedules everywhere.
"""

from __future__ import annotations

import os
from random import Random

import pytest

from tests.simulation.baton import Baton, Ranked, Restless
from tests.simulation.schedule import run

FIRST = int(os.environ.get("SIMULATION_SEED", "0"))
CHUNKS, EACH = 40, 250


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_schedules(chunk: int) -> None:
    first = FIRST + chunk * EACH
    for seed in range(first, first + EACH):
        played = run(seed)
        assert not played.problems, f"\n{played}"


def test_a_seed_tells_everything() -> None:
    """Played again, a schedule is the same call by call."""
    for seed in (3, 14, 159):
        one, other = run(seed), run(seed)
        assert (one.steps, one.deeds) == (other.steps, other.deeds)
        assert len(one.steps) > len(one.deeds) > 1
        assert f"python -m tests.simulation {seed}" in str(one)


def orders(seed: int) -> list[str]:
    """What three actors with three steps each come to, in a shuffle and in an order by rank."""
    found = []
    for order in (Restless(Random(seed), 1.0), Ranked(Random(seed), [0, 1, 2], 1, 9, writes_only=False)):
        baton, seen = Baton(), list[str]()

        def act(name: str, baton: Baton = baton, seen: list[str] = seen) -> None:
            for _ in range(3):
                baton.step(False)
                seen.append(name)

        baton.run([lambda name=name: act(name) for name in "abc"], order)  # type: ignore[misc]
        found.append("".join(seen))
    return found


def test_one_moves_at_a_time() -> None:
    shuffled, ranked = zip(*(orders(seed) for seed in range(30)), strict=True)
    assert {"".join(sorted(one)) for one in (*shuffled, *ranked)} == {"aaabbbccc"}
    assert len(set(shuffled)) > 20
    assert "aaabbbccc" in ranked
    assert "abbbcccaa" in ranked
    assert orders(7) == orders(7)


def test_what_an_actor_raises_is_raised() -> None:
    def fail() -> None:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        Baton().run([fail, lambda: None], Restless(Random(0), 1.0))
