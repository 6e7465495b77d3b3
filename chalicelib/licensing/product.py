"""Products: what licenses are sold for (spec resources.md §1)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec
from msgspec.structs import replace

from chalicelib.licensing import fields as rules
from chalicelib.licensing.errors import Problem, check
from chalicelib.licensing.fields import invalid


class Product(msgspec.Struct, frozen=True, kw_only=True):
    """A product. `permissions` is the stored set of its bearer, None for the default of the role."""

    id: str
    name: str
    code: str | None = None
    distribution_strategy: str | None = "LICENSED"
    url: str | None = None
    platforms: tuple[str, ...] | None = None
    permissions: tuple[str, ...] | None = None
    metadata: dict[str, Any] = msgspec.field(default_factory=dict)
    created: datetime
    updated: datetime
    revision: int = 0


NULLABLE = frozenset({"distribution_strategy", "url", "platforms"})
PLATFORMS_BYTES = 327_680
"""The names of platforms have no rule of their own; as JSON they leave room for the rest of a product in the store."""
DISTRIBUTION_STRATEGIES = ("LICENSED", "OPEN", "CLOSED")


def create(
    product_id: str,
    fields: Mapping[str, Any],
    *,
    code_taken: bool,
    now: datetime,
    own_hosts: Collection[str] = (),
) -> Product:
    """A new product; null is as good as absent. `own_hosts` are hosts of this service. Raises InvalidFields."""
    given = {"name": ""} | _given(fields)
    return _checked(Product(id=product_id, created=now, updated=now, **given), code_taken, own_hosts)


def update(
    product: Product,
    changes: Mapping[str, Any],
    *,
    code_taken: bool,
    now: datetime,
    own_hosts: Collection[str] = (),
) -> Product:
    """`product` with what was sent; null clears what `NULLABLE` names, changes nothing else. Raises InvalidFields."""
    cleared: dict[str, Any] = dict.fromkeys(NULLABLE & changes.keys())
    return _checked(replace(product, **(cleared | _given(changes)), updated=now), code_taken, own_hosts)


def _given(fields: Mapping[str, Any]) -> dict[str, Any]:
    given = {name: value for name, value in fields.items() if value is not None}
    return given | {name: tuple(given[name]) for name in ("platforms", "permissions") if name in given}


def _checked(product: Product, code_taken: bool, own_hosts: Collection[str]) -> Product:
    check(_problems(product, code_taken, own_hosts))
    return product


def _problems(product: Product, code_taken: bool, own_hosts: Collection[str]) -> Iterator[Problem | None]:
    yield rules.present("name", product.name)
    yield rules.text_length("name", product.name)
    yield from rules.code(product.code, code_taken)
    yield rules.choice("distribution_strategy", product.distribution_strategy, DISTRIBUTION_STRATEGIES)
    yield from rules.url(product.url, own_hosts)
    yield _platforms(product.platforms or ())
    yield rules.permissions("product", product.permissions)
    yield rules.metadata(product.metadata)


def _platforms(names: Collection[str]) -> Problem | None:
    if len(msgspec.json.encode(tuple(names))) <= PLATFORMS_BYTES:
        return None
    return invalid("platforms", "TOO_LONG", f"too large (exceeded limit of {PLATFORMS_BYTES} bytes)")
