"""License and machine files (spec cryptography.md §4.6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from chalicelib.api.document import NO_ENVIRONMENT, Resource, home, linked, resource


def show(
    account_id: str,
    kind: str,
    identifier: str,
    about: Mapping[str, str],
    *,
    certificate: str,
    algorithm: str,
    includes: Sequence[str],
    ttl: int | None,
    issued: datetime,
    expiry: datetime | None,
) -> Resource:
    """A file of `kind` (`license-files`, `machine-files`); `about` are the resources it is of, `{"license": id}`."""
    attributes: dict[str, Any] = {
        "certificate": certificate,
        "algorithm": algorithm,
        "includes": list(includes),
        "ttl": ttl,
        "expiry": expiry,
        "issued": issued,
    }
    ends = {name: linked(f"{name}s", target, f"{home(account_id)}/{name}s/{target}") for name, target in about.items()}
    shown = resource(account_id, kind, identifier, attributes, {"environment": NO_ENVIRONMENT, **ends})
    del shown["links"]
    return shown
