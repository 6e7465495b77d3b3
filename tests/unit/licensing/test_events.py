from __future__ import annotations

from pathlib import Path

import pytest

from chalicelib.licensing.deadlines import due_events
from chalicelib.licensing.events import KNOWN
from chalicelib.licensing.validation.decide import Verdict
from tests.unit.licensing.make import HOUR, NOW, license_, policy

LISTED = (Path(__file__).parent / "vectors" / "events.txt").read_text(encoding="utf-8").split()


def test_the_names_are_those_of_the_specification() -> None:
    assert sorted(LISTED) == sorted(KNOWN)
    assert len(LISTED) == 83 + 36


@pytest.mark.parametrize("name", ["*", "license", "license.*", "License.Created", "environment.read", ""])
def test_nothing_else_is_known(name: str) -> None:
    assert name not in KNOWN


def test_what_the_domain_emits_is_known() -> None:
    expiring = license_(expiry=NOW + HOUR)
    emitted = {event.name for event in due_events(expiring, policy(), NOW)}
    emitted |= {Verdict(valid, "CODE", "detail").event for valid in (True, False)}
    assert emitted <= KNOWN
