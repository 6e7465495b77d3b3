"""Every mapper is in the catalog, and every attribute that is stored has its place in a file."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from chalicelib.admin.transfer import kinds
from chalicelib.admin.transfer.catalog import KINDS
from chalicelib.admin.transfer.kind import Kind
from chalicelib.licensing.artifact import Artifact
from chalicelib.licensing.attachment import Attachment
from chalicelib.licensing.component import Component
from chalicelib.licensing.entitlement import Entitlement
from chalicelib.licensing.group import Group
from chalicelib.licensing.license import License
from chalicelib.licensing.machine import Machine
from chalicelib.licensing.policy import Policy
from chalicelib.licensing.pool import PoolKey
from chalicelib.licensing.process import Process
from chalicelib.licensing.product import Product
from chalicelib.licensing.release import Release
from chalicelib.licensing.token import Token
from chalicelib.licensing.user import User
from tests.admin.files import everything


def test_every_mapper_is_listed() -> None:
    folder = Path(str(kinds.__file__)).parent
    modules = [
        import_module(f"{kinds.__name__}.{path.stem}") for path in folder.glob("*.py") if path.stem != "__init__"
    ]
    declared = {one.shape.type for module in modules for one in vars(module).values() if isinstance(one, Kind)}
    assert declared == {kind.shape.type for kind in KINDS}
    assert len(KINDS) == len(declared)


def test_the_sample_has_every_kind_in_the_order_of_the_catalog() -> None:
    assert list(dict.fromkeys(one["type"] for one in everything())) == [kind.shape.type for kind in KINDS]


OF_THE_STORE = {"id", "revision", "basis", "operation"}
FROM_ATTACHMENTS_AND_MACHINES = {"users", "machines", "cores", "memory", "disk", "processes"}


@pytest.mark.parametrize(
    ("type_", "value_type", "elsewhere"),
    [
        ("products", Product, set()),
        ("entitlements", Entitlement, set()),
        ("policies", Policy, {"product_id"}),
        ("groups", Group, set()),
        ("users", User, {"group_id", "token_generation"}),
        (
            "licenses",
            License,
            {"product_id", "policy_id", "owner_id", "group_id", "id_is_key"} | FROM_ATTACHMENTS_AND_MACHINES,
        ),
        ("tokens", Token, {"kind", "bearer_kind", "bearer_id", "generation"}),
        ("keys", PoolKey, {"policy_id", "product_id"}),
        ("machines", Machine, {"license_id", "owner_id", "group_id", "processes"}),
        ("components", Component, {"machine_id", "license_id"}),
        ("processes", Process, {"machine_id", "license_id"}),
        ("releases", Release, {"product_id"}),
        ("artifacts", Artifact, {"release_id", "product_id"}),
        ("license-users", Attachment, {"kind", "holder_id", "target_id", "target_created"}),
    ],
)
def test_no_field_is_forgotten(type_: str, value_type: Any, elsewhere: set[str]) -> None:
    """A new field of a value is written into files, or is said here to follow from something else."""
    shape = next(kind.shape for kind in KINDS if kind.shape.type == type_)
    written = {shape.stored.get(name, name) for name in (*shape.attributes, *shape.meta)} - {"token", "digest"}
    assert written | elsewhere | OF_THE_STORE == set(value_type.__struct_fields__) | OF_THE_STORE
