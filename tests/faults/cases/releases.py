"""Releases, their artifacts, and the entitlements they ask for."""

from __future__ import annotations

from typing import Any

from tests.api.releases import shipping
from tests.faults.cases.catalog import attachments, entitlement, gone
from tests.faults.operation import Context, Operation, count, either, fixed, http, links, stored, with_
from tests.world import World, resource

RELEASE, ARTIFACT = "/v1/releases/{release}", "/v1/artifacts/{artifact}"
CONSTRAINTS = f"{RELEASE}/constraints"


def _product(world: World) -> Context:
    return {"product": world.product()["id"], "entitlement": entitlement(world, "first")}


def _draft(world: World) -> Context:
    context = _product(world)
    draft = shipping.release(world, context["product"], status="DRAFT", tag="first")
    return context | {"release": draft["id"]}


def shipped(world: World) -> Context:
    """A published release that asks for an entitlement, with an artifact."""
    context = _product(world)
    release = shipping.release(world, context["product"], [context["entitlement"]], tag="first")["id"]
    artifact = shipping.artifact(world, release, checksum="first")["id"]
    return context | {"release": release, "artifact": artifact, "constraint": with_(world, "attachment")[0]["id"]}


def _new(context: Context) -> Any:
    return shipping.body(context["product"], [context["entitlement"]], tag="first")


def _asking(context: Context) -> Any:
    return {"data": [shipping.constraint(context["entitlement"])]}


def _artifact(context: Context) -> Any:
    return resource("artifacts", {"filename": "app.zip", "checksum": "first"}, release=("releases", context["release"]))


def _made(world: World, context: Context) -> int:
    """Releases; each came with what it asks for."""
    assert attachments(world, context) == len(with_(world, "release"))
    return len(with_(world, "release"))


def _read(kind: str, *attributes: str) -> Any:
    return lambda world, context: tuple(stored(world, kind, context[kind])[name] for name in attributes)


OPERATIONS = (
    Operation("create-release", _product, http("POST", "/v1/releases", _new), _made),
    Operation(
        "update-release",
        shipped,
        http("PATCH", RELEASE, fixed(resource("releases", {"tag": "second"}))),
        either(_read("release", "tag"), ("first",), ("second",)),
    ),
    Operation(
        "publish",
        _draft,
        http("POST", f"{RELEASE}/actions/publish"),
        either(_read("release", "status"), ("DRAFT",), ("PUBLISHED",)),
    ),
    Operation(
        "yank",
        shipped,
        http("POST", f"{RELEASE}/actions/yank"),
        either(_read("release", "status"), ("PUBLISHED",), ("YANKED",)),
    ),
    Operation("delete-release", shipped, http("DELETE", RELEASE), gone("release")),
    Operation("attach-constraint", _draft, http("POST", CONSTRAINTS, _asking), either(attachments, 0, 1)),
    Operation(
        "detach-constraint",
        shipped,
        http("DELETE", CONSTRAINTS, links("constraints", "constraint")),
        either(attachments, 1, 0),
    ),
    Operation("create-artifact", _draft, http("POST", "/v1/artifacts", _artifact), count("artifact")),
    Operation(
        "update-artifact",
        shipped,
        http("PATCH", ARTIFACT, fixed(resource("artifacts", {"checksum": "second"}))),
        either(_read("artifact", "checksum"), ("first",), ("second",)),
    ),
    Operation(
        "delete-artifact",
        shipped,
        http("DELETE", ARTIFACT),
        either(_read("artifact", "status"), ("UPLOADED",), ("YANKED",)),
    ),
)
