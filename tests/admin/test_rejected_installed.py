"""Lines of what is installed and distributed that cannot be imported, each with its reason."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.admin.repair import recount
from infra.local.engine import Engine, EngineTransport
from tests.admin.edits import NEW, linked, new, of, to
from tests.admin.files import (
    ACCOUNT,
    LICENSE,
    OTHER_ENTITLEMENT,
    PLAIN,
    PRODUCT,
    SLUG,
    bring,
    everything,
    exported,
    moved,
    reasons,
    text,
)
from tests.admin.installed import ARTIFACT, BARE, COMPONENT, CONSTRAINT, FINGERPRINT, MACHINE, PROCESS, RELEASE, YANKED
from tests.world import World

ON, AT = ("licenses", LICENSE), ("machines", MACHINE)
OF, IN = ("products", PRODUCT), ("releases", RELEASE)
PRINT = {"fingerprint": "x"}
PART = {"fingerprint": "x", "name": "X"}
STABLE = {"version": "3.0.0", "channel": "stable"}
INLINE = [{"type": "components", "attributes": PART}]

REJECTED: list[tuple[str, Any, str]] = [
    ("no license", new("machines", PRINT), "relationships.license: is missing"),
    ("license", new("machines", PRINT, license=("licenses", NEW)), f"license {NEW} does not exist"),
    ("no fingerprint", new("machines", license=ON), "attributes.fingerprint: is missing"),
    ("blank", new("machines", {"fingerprint": " "}, license=ON), "attributes.fingerprint: can't be blank"),
    ("reserved", new("machines", {"fingerprint": "actions"}, license=ON), "attributes.fingerprint: is reserved"),
    ("long", new("machines", {"fingerprint": "x" * 4097}, license=ON), "attributes.fingerprint: is too long"),
    ("taken", new("machines", {"fingerprint": FINGERPRINT}, license=ON), "attributes.fingerprint: has already been"),
    ("fingerprint", of("machines", MACHINE, fingerprint="x"), "attributes.fingerprint: cannot change"),
    ("other license", linked("machines", MACHINE, license=to("licenses", PLAIN)), "relationships.license: cannot"),
    ("license gone", linked("machines", MACHINE, license=to("licenses", NEW)), f"license {NEW} does not exist"),
    ("owner", linked("machines", MACHINE, owner=to("users", NEW)), f"user {NEW} does not exist"),
    ("group", linked("machines", MACHINE, group=to("groups", NEW)), f"group {NEW} does not exist"),
    ("cores", of("machines", MACHINE, cores=0), "attributes.cores: must be greater than or equal to 1"),
    ("name", of("machines", BARE, name="x" * 256), "attributes.name: is too long"),
    ("future", of("machines", MACHINE, lastHeartbeat="9999-12-31"), "attributes.lastHeartbeat: must be in the past"),
    ("future of new", new("machines", PRINT | {"created": "9999-12-31"}, license=ON), "attributes.lastHeartbeat: must"),
    ("override", {**of("machines", MACHINE), "meta": {"maxProcesses": -1}}, "attributes.maxProcesses: must be gr"),
    ("created", of("machines", MACHINE, created="2001-01-01"), "attributes.created: cannot change"),
    ("inline", linked("machines", MACHINE, components=INLINE), "relationships.components: is not supported"),
    ("no machine", new("components", PART), "relationships.machine: is missing"),
    ("machine", new("components", PART, machine=("machines", NEW)), f"machine {NEW} does not exist"),
    ("no print", new("components", {"name": "X"}, machine=AT), "attributes.fingerprint: is missing"),
    ("no name", new("components", PRINT, machine=AT), "attributes.name: is missing"),
    ("blank name", of("components", COMPONENT, name=" "), "attributes.name: can't be blank"),
    ("component", new("components", PART | {"fingerprint": "board"}, machine=AT), "attributes.fingerprint: has alr"),
    ("fixed print", of("components", COMPONENT, fingerprint="x"), "attributes.fingerprint: cannot change"),
    ("other machine", linked("components", COMPONENT, machine=to("machines", BARE)), "relationships.machine: cannot"),
    ("machine of none", new("processes", {"pid": "9"}), "relationships.machine: is missing"),
    ("no pid", new("processes", machine=AT), "attributes.pid: is missing"),
    ("pid", new("processes", {"pid": "1"}, machine=AT), "attributes.pid: has already been taken"),
    ("reserved pid", new("processes", {"pid": "action"}, machine=AT), "attributes.pid: is reserved"),
    ("fixed pid", of("processes", PROCESS, pid="9"), "attributes.pid: cannot change"),
    ("moved", linked("processes", PROCESS, machine=to("machines", BARE)), "relationships.machine: cannot change from"),
    ("late beat", of("processes", PROCESS, lastHeartbeat="2026-03-03"), "attributes.lastHeartbeat: must be in the"),
    ("no product", new("releases", STABLE), "relationships.product: is missing"),
    ("product", new("releases", STABLE, product=("products", NEW)), f"product {NEW} does not exist"),
    ("no version", new("releases", {"channel": "rc"}, product=OF), "attributes.version: is missing"),
    ("no channel", new("releases", {"version": "1"}, product=OF), "attributes.channel: is missing"),
    ("version", new("releases", STABLE | {"version": "v1"}, product=OF), "attributes.version: must be a valid"),
    ("channel", new("releases", STABLE | {"channel": "beta"}, product=OF), "attributes.version: does not match"),
    ("odd channel", new("releases", STABLE | {"channel": "x"}, product=OF), "attributes.channel: unsupported"),
    ("status", new("releases", STABLE | {"status": "GONE"}, product=OF), "attributes.status: unsupported status"),
    ("same version", new("releases", STABLE | {"version": "1.0"}, product=OF), "attributes.version: version already"),
    ("same tag", new("releases", STABLE | {"tag": "latest"}, product=OF), "attributes.tag: tag already exists"),
    ("tag of other", of("releases", YANKED, tag="latest"), "attributes.tag: tag already exists"),
    ("backdated", of("releases", RELEASE, backdated="2026-04-01"), "attributes.backdated: must be in the past"),
    ("yanked", of("releases", RELEASE, yanked="2021-01-01"), "attributes.yanked: must be null"),
    ("fixed version", of("releases", RELEASE, version="1.2.4-beta.4"), "attributes.version: cannot change"),
    ("fixed channel", of("releases", RELEASE, channel="rc"), "attributes.channel: cannot change"),
    ("other product", linked("releases", RELEASE, product=to("products", NEW)), "relationships.product: cannot"),
    ("package", linked("releases", RELEASE, package=to("packages", NEW)), "relationships.package: is not supported"),
    ("no release", new("artifacts", {"filename": "x"}), "relationships.release: is missing"),
    ("release", new("artifacts", {"filename": "x"}, release=("releases", NEW)), f"release {NEW} does not exist"),
    ("no file", new("artifacts", release=IN), "attributes.filename: can't be blank"),
    ("same file", new("artifacts", {"filename": "App-1.2.3.dmg"}, release=IN), "attributes.filename: already exists"),
    ("fixed file", of("artifacts", ARTIFACT, filename="y"), "attributes.filename: cannot change"),
    ("other release", linked("artifacts", ARTIFACT, release=to("releases", YANKED)), "relationships.release: cannot"),
    ("state", of("artifacts", ARTIFACT, status="x"), "attributes.status: unsupported status"),
    ("size", of("artifacts", ARTIFACT, filesize=-1), "attributes.filesize: must be greater than or equal to 0"),
    ("constraint", linked("constraints", CONSTRAINT, release=to("releases", NEW)), f"release {NEW} does not exist"),
    (
        "same constraint",
        new("constraints", {}, release=IN, entitlement=("entitlements", OTHER_ENTITLEMENT)),
        f"is there already, with the id {CONSTRAINT}",
    ),
]


@pytest.fixture(scope="module")
def full() -> Any:
    """An account with everything, which rejected lines leave as it is."""
    engine = Engine(":memory:")
    world = World(EngineTransport(engine))
    moved(world)
    yield world
    assert recount(world.database, ACCOUNT).drift == []
    engine.close()


@pytest.mark.parametrize(("name", "line", "reason"), REJECTED, ids=[name for name, _, _ in REJECTED])
def test_reasons(full: World, name: str, line: Any, reason: str) -> None:
    report = bring(full, [line], SLUG)
    assert [(number, told[: len(reason)]) for number, told in reasons(report)] == [(1, reason)]
    assert text(exported(full)) == text(everything())
