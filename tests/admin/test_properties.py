"""Whatever a file holds, an import ends: every line is imported or rejected, and what is stored stays in order."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.admin.repair import recount
from chalicelib.admin.transfer.catalog import KINDS
from infra.local.engine import Engine, EngineTransport
from tests.admin.files import ACCOUNT, SLUG, bring, brought, everything, exported, moved, text, uuid
from tests.world import World

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from([10**400, 2**63]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
TIMES = st.sampled_from(["", 0, -1, "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z", "2020-02-30", 10**30])
NUMBERS = st.sampled_from([0, 1, -1, 2**31 - 1, 2**31, 2**63 - 1, -(2**63), 10**40])
TEXTS = st.sampled_from(["", " ", "\0", "x" * 300, "action", uuid(1), "a@b.example", "*", "\ud800", "ÅB☃"])
VALUES = JSON | TIMES | NUMBERS | TEXTS
SAMPLE = everything()
ENDS = [link for one in SAMPLE for link in one.get("relationships", {}).values()]
TYPES = [kind.shape.type for kind in KINDS] + ["environments", "", "licenses "]


@pytest.fixture(scope="module")
def full() -> Any:
    engine = Engine(":memory:")
    world = World(EngineTransport(engine))
    moved(world)
    yield world
    engine.close()


@st.composite
def edited(draw: st.DrawFn) -> dict[str, Any]:
    """A line of the sample with some members replaced, at times under another id or type."""
    line = draw(st.sampled_from(SAMPLE))
    found = {**line, "attributes": dict(line["attributes"])}
    names = st.sampled_from(sorted(found["attributes"]))
    for name, value in draw(st.dictionaries(names, VALUES, max_size=3)).items():
        found["attributes"][name] = value
    for part in ("meta", "relationships"):
        if part in found and draw(st.booleans()):
            one = draw(st.sampled_from(sorted(found[part])))
            found[part] = {
                **found[part],
                one: draw(VALUES | st.fixed_dictionaries({"data": VALUES}) | st.sampled_from(ENDS)),
            }
    if draw(st.booleans()):
        found["id"] = draw(st.integers(100, 110).map(uuid))
    if draw(st.integers(0, 9)) == 0:
        found["type"] = draw(st.sampled_from(TYPES))
    return found


WILD = st.fixed_dictionaries(
    {"type": st.sampled_from(TYPES) | JSON, "id": st.integers(0, 110).map(uuid) | JSON},
    optional={"attributes": JSON, "relationships": JSON, "meta": JSON, "links": JSON},
)

slow = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@slow
@given(lines=st.lists(WILD | JSON | edited(), min_size=1, max_size=6))
def test_every_line_comes_to_an_end(full: World, lines: list[Any]) -> None:
    report = bring(full, lines, SLUG)
    empty = sum(isinstance(one, str) and not one.strip() for one in lines)
    assert report.lines == len(lines)
    assert report.created + report.changed + report.unchanged + len(report.rejected) == len(lines) - empty


@settings(slow, max_examples=30)
@given(lines=st.lists(edited(), min_size=1, max_size=5))
def test_whatever_was_taken_comes_out_and_goes_in_again(lines: list[Any]) -> None:
    engine = Engine(":memory:")
    world = World(EngineTransport(engine))
    moved(world)
    bring(world, lines, SLUG)
    first = text(exported(world))
    assert brought(world, first.splitlines(), SLUG).unchanged == first.count(b"\n")
    assert text(exported(world)) == first
    assert recount(world.database, ACCOUNT).drift == []
    other = World(EngineTransport(Engine(":memory:")))
    brought(other, first.splitlines(), SLUG, create=True)
    assert text(exported(other)) == first
    engine.close()


@given(st.text(max_size=60) | st.binary(max_size=60))
@settings(deadline=None, suppress_health_check=list(HealthCheck))
def test_every_text_is_a_line(full: World, line: str | bytes) -> None:
    report = bring(full, [line], SLUG)
    assert len(report.rejected) == (1 if line.strip() else 0)
