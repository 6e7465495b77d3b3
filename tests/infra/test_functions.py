"""The three functions of `app.py` are those the configuration and the template speak of."""

from __future__ import annotations

import json
from typing import Any

import app
from infra.local.engine import Engine, EngineTransport
from infra.local.runner import record
from infra.package import ROOT
from tests.world import World


def read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / name).read_text("utf-8"))
    return found


def test_every_function_is_configured() -> None:
    made = [source.name for source in app.app.event_sources] + [one.name for one in app.app.pure_lambda_functions]
    configured = read(".chalice/config.json")["lambda_functions"]
    assert sorted([*made, "api_handler"]) == sorted(configured)


def test_the_template_completes_the_functions_that_exist() -> None:
    """Chalice names a function's resource after it, in camel case."""
    completed = {name for name, one in read("infra/resources.json")["Resources"].items() if "Type" not in one}
    assert completed == {"APIHandler", "Sweep", "Events", "RestAPI"}


def test_the_mapping_hands_over_what_the_stream_function_handles() -> None:
    """Deliveries are written by the function itself; they must not call it again."""
    mapping = read("infra/resources.json")["Resources"]["EventsStream"]["Properties"]
    (entry,) = mapping["FilterCriteria"]["Filters"]
    pattern = json.loads(entry["Pattern"])
    assert pattern["eventName"] == ["INSERT"]
    wanted = pattern["dynamodb"]["NewImage"]["kind"]["S"]
    engine = Engine(":memory:")
    calls: list[str] = []
    world = World(EngineTransport(engine, before=lambda operation, parameters: calls.append(operation)))
    world.listen("*")
    product = world.product()["id"]
    world.send("DELETE", f"/v1/products/{product}")
    kinds: dict[str, bool] = {}
    after = 0
    while page := engine.changes("outbox", after, 1):
        after = page[0].sequence
        if page[0].event != "INSERT":
            continue
        calls.clear()
        world.stream().handle({"Records": [record("outbox", page[0])]})
        kinds[record("outbox", page[0])["dynamodb"]["NewImage"]["kind"]["S"]] = bool(calls)
    engine.close()
    assert kinds == {"event": True, "task": True, "delivery": False}
    assert sorted(wanted) == sorted(kind for kind, handled in kinds.items() if handled)
