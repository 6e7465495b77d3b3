"""Lists of licenses with filters, of few and of many licenses: they cost the same (STORE §3.1)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import redirect_stdout
from io import StringIO

from tests.bench.cases import Broken, Case, request
from tests.bench.place import Place

FILTERS = {
    "metadata": "metadata[plan]=pro",
    "owner": "owner={owner}",
    "policy": "policy={policy}",
    "expiring": "status=EXPIRING",
    "active": "activity[inside]=P30D",
    "expired": "expired=true",
}
"""The filters that are measured, by the word of their rows; each leaves more than a page."""


def list_cases(small: Place, large: Place) -> Iterator[Case]:
    """A page of a hundred by each filter, of both places."""
    for word, query in FILTERS.items():
        for place in (small, large):
            filled = query.format(owner=place.facts.owner_id, policy=place.policy.id)
            yield _full(f"list {word} of {place.size:,}", place, f"/v1/licenses?{filled}&page[cursor]=&page[size]=100")


def _full(operation: str, place: Place, path: str) -> Case:
    event = place.event("GET", path)
    with redirect_stdout(StringIO()):
        page = json.loads(place.app(event, None)["body"])
    if len(page["data"]) != 100 or page["links"]["next"] is None:
        raise Broken(f"{operation}: {len(page['data'])} licenses")
    return request(operation, place, event)
