"""Validations of licenses that come to be, or change, while they are read (spec validation.md §1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.races.crowd import Watched, aside
from tests.world import World

KEY = "A-KEY-IN-THE-MAKING"


def test_a_license_that_is_made_while_it_is_looked_for(world: World, watched: Watched) -> None:
    """What its scopes point at is there as soon as it is."""
    policy = world.policy()["id"]
    reads = []

    def make() -> None:
        license = world.license(policy, key=KEY)
        world.create("machines", {"fingerprint": "a"}, license=("licenses", license["id"]))

    def before(operation: str, parameters: Mapping[str, Any]) -> None:
        """The key is looked up a second time when it is not found."""
        reads.append(operation)
        if len(reads) == 2:
            watched.before = None
            aside(make)

    watched.before = before
    body = {"meta": {"key": KEY, "scope": {"fingerprint": "a"}}}
    answer = world.post("/v1/licenses/actions/validate-key", body, as_=None)
    assert len(reads) == 2
    assert answer.document["meta"]["code"] == "VALID"
