"""Lines of what is installed and what is distributed: machines, components, processes, releases, artifacts."""

from __future__ import annotations

from typing import Any

from tests.admin.lines import Resource, resource, stamps, uuid

RELEASE, YANKED, ARTIFACT, CONSTRAINT = map(uuid, range(50, 54))
MACHINE, BARE, TWIN = map(uuid, range(60, 63))
COMPONENT, SAME_COMPONENT, PROCESS, OTHER_PROCESS, BARE_PROCESS = map(uuid, range(70, 75))
FINGERPRINT = "4d:Eq:UV:D3:XZ:tL:WN:Bz:mA:Eg:E6:Mk:YX:dK:NC"


def released(product: str, entitlement: str) -> list[Resource]:
    """A release with everything and one that was withdrawn, what the first asks for, and its file."""
    release = {
        "version": "1.2.3-beta.4",
        "channel": "beta",
        "status": "PUBLISHED",
        "tag": "latest",
        "name": "",
        "description": "What is new",
        "backdated": "2020-03-01T00:00:00.000Z",
        "yanked": None,
        "metadata": {"notesId": 1},
    }
    nothing = dict.fromkeys(("tag", "name", "description", "backdated"))
    withdrawn = {"version": "1.0.0", "channel": "stable", "status": "YANKED", "yanked": "2021-01-10T00:00:00.010Z"}
    artifact = {
        "filename": "App-1.2.3.dmg",
        "filetype": "dmg",
        "platform": "darwin",
        "arch": "arm64",
        "filesize": 5 * 1024**3,
        "signature": "sIg",
        "checksum": "cHeck",
        "status": "UPLOADED",
        "metadata": {"mirrors": ["a"]},
    }
    of_product = ("products", product)
    return [
        resource("releases", RELEASE, {**release, **stamps()}, product=of_product),
        resource("releases", YANKED, {**nothing, **withdrawn, "metadata": {}, **stamps(2)}, product=of_product),
        resource(
            "constraints",
            CONSTRAINT,
            stamps(3),
            release=("releases", RELEASE),
            entitlement=("entitlements", entitlement),
        ),
        resource("artifacts", ARTIFACT, {**artifact, **stamps(4)}, release=("releases", RELEASE)),
    ]


def installed(license: str, other: str, owner: str, stranger: str, group: str) -> list[Resource]:
    """Machines on two licenses, with what is on them.

    One has everything. One is bare. The third has the same fingerprint as the first, on another license of the same
    policy that now asks for unique ones, and is owned by somebody who is no user of its license any more.
    """
    full = {
        "fingerprint": FINGERPRINT,
        "name": "",
        "ip": "192.0.2.1",
        "hostname": "host.example",
        "platform": "Linux",
        "cores": 8,
        "memory": 9_223_372_036_854_775_807,
        "disk": 512,
        "lastHeartbeat": "2021-01-11T00:00:00.011Z",
        "lastCheckOut": "2021-01-12T00:00:00.012Z",
        "metadata": {"assetTag": "m-1", "rack": {"row": 3}},
    }
    bare: dict[str, Any] = {**dict.fromkeys(full), "metadata": {}}
    told = {"maxProcesses": 3, "deathSent": "2021-01-13T00:00:00.013Z"}
    at, there = ("licenses", license), ("licenses", other)
    return [
        resource(
            "machines", MACHINE, full | stamps(5), told, license=at, owner=("users", owner), group=("groups", group)
        ),
        resource("machines", BARE, bare | {"fingerprint": BARE} | stamps(6), license=at, owner=None, group=None),
        resource(
            "machines",
            TWIN,
            bare | {"fingerprint": FINGERPRINT, "cores": 2} | stamps(7),
            license=there,
            owner=("users", stranger),
            group=None,
        ),
        *parts(),
    ]


def parts() -> list[Resource]:
    """What is on them: the same component twice, three processes of which one is known to be dead."""
    on, elsewhere, bare = ("machines", MACHINE), ("machines", TWIN), ("machines", BARE)
    board = {"fingerprint": "board", "name": "Board", "metadata": {"slot": 1}}
    beat = "2021-01-14T00:00:00.014Z"
    process = {"pid": "1", "lastHeartbeat": beat, "metadata": {"cmd": "app"}}
    dead = {"deathSent": "2021-01-15T00:00:00.015Z"}
    return [
        resource("components", COMPONENT, {**board, **stamps(8)}, machine=on),
        resource("components", SAME_COMPONENT, {**board, "metadata": {}, **stamps(9)}, machine=elsewhere),
        resource("processes", PROCESS, {**process, **stamps(10)}, dead, machine=on),
        resource("processes", OTHER_PROCESS, {**process, "pid": "2", "metadata": {}, **stamps(11)}, machine=on),
        resource("processes", BARE_PROCESS, {**process, "metadata": {}, **stamps(12)}, machine=bare),
    ]
