"""What is stored around a license under validation."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from chalicelib.licensing.artifact import Artifact
from chalicelib.licensing.license import License
from chalicelib.licensing.machine import Machine
from chalicelib.licensing.policy import Policy
from chalicelib.licensing.product import Product
from chalicelib.licensing.release import Release
from chalicelib.licensing.user import User


class World(NamedTuple):
    """Everything that is stored around a license. The license's own counters are not looked at.

    `users` are all there are, by id; `attached` the ids of those attached to the license, without its owner.
    `components` are fingerprints by the id of the machine; entitlements are codes by id; `constraints` are the ids of
    entitlements by the id of the release.
    """

    now: datetime
    license: License
    policy: Policy
    product: Product
    users: Mapping[str, User]
    attached: frozenset[str]
    machines: tuple[Machine, ...]
    components: Mapping[str, frozenset[str]]
    license_entitlements: Mapping[str, str]
    policy_entitlements: Mapping[str, str]
    releases: tuple[Release, ...]
    constraints: Mapping[str, frozenset[str]]
    artifacts: tuple[Artifact, ...]
