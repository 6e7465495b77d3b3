"""What components and processes are related to (spec machines.md §1.2, §1.3)."""

from __future__ import annotations

from typing import Any

from chalicelib.api.document import NO_ENVIRONMENT, home, linked
from chalicelib.licensing.component import Component
from chalicelib.licensing.license import License
from chalicelib.licensing.process import Process


def relationships(account_id: str, plural: str, part: Component | Process, license: License) -> dict[str, Any]:
    """Their machine, and its license and product."""
    base = f"{home(account_id)}/{plural}/{part.id}"
    return {
        "environment": NO_ENVIRONMENT,
        "product": linked("products", license.product_id, f"{base}/product"),
        "license": linked("licenses", part.license_id, f"{base}/license"),
        "machine": linked("machines", part.machine_id, f"{base}/machine"),
    }
