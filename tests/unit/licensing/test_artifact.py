"""Artifacts (spec resources.md §9.2)."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.licensing import artifact
from chalicelib.licensing.artifact import Artifact
from tests.unit.licensing import make
from tests.unit.licensing.make import NOW, codes, invalid, release

FILENAME = "/data/attributes/filename"
MAXIMUM = 5 * 1024**3


def created(*, of: Any = release(), taken: bool = False, **fields: Any) -> Artifact:
    return artifact.create("a", {"filename": "App.ZIP"} | fields, release=of, filename_taken=taken, now=NOW)


def test_an_artifact_is_there_at_once() -> None:
    sent: dict[str, Any] = {"filesize": MAXIMUM, "signature": "S", "checksum": "C", "metadata": {"a": 1}}
    made = created(of=release(id="r", product_id="p"), filetype="ZIP", platform="Linux", arch="AMD64", **sent)
    assert made == Artifact(
        id="a",
        release_id="r",
        product_id="p",
        filename="App.ZIP",
        filetype="zip",
        platform="linux",
        arch="amd64",
        status="UPLOADED",
        created=NOW,
        updated=NOW,
        **sent,
    )
    assert created(arch=None, metadata=None) == created()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"of": None}, ("RELEASE_NOT_FOUND", "/data/relationships/release", "must exist")),
        ({"taken": True}, ("FILENAME_TAKEN", FILENAME, "already exists")),
        ({"filename": " "}, ("FILENAME_MISSING", FILENAME, "can't be blank")),
        ({"filename": "x" * 256}, ("FILENAME_TOO_LONG", FILENAME, "is too long (maximum is 255 characters)")),
        (
            {"platform": "x" * 256},
            ("PLATFORM_TOO_LONG", "/data/attributes/platform", "is too long (maximum is 255 characters)"),
        ),
        (
            {"filesize": -1},
            ("FILESIZE_INVALID", "/data/attributes/filesize", "must be greater than or equal to 0"),
        ),
        (
            {"filesize": MAXIMUM + 1},
            ("FILESIZE_INVALID", "/data/attributes/filesize", f"must be less than or equal to {MAXIMUM}"),
        ),
        (
            {"checksum": "x" * 4097},
            ("CHECKSUM_TOO_LONG", "/data/attributes/checksum", "is too long (maximum is 4096 characters)"),
        ),
        (
            {"metadata": {"a": "x" * 16_384}},
            ("METADATA_TOO_LONG", "/data/attributes/metadata", "too large (exceeded limit of 16384 bytes)"),
        ),
    ],
)
def test_what_an_artifact_cannot_be(given: dict[str, Any], expected: tuple[str, str, str]) -> None:
    assert invalid(created, **given) == [expected]


def test_an_update_changes_what_was_sent() -> None:
    stored = make.artifact(filesize=1, signature="s", checksum="c", metadata={"a": 1})
    assert artifact.update(stored, {"checksum": "d"}, NOW) == replace(stored, checksum="d", updated=NOW)
    cleared: dict[str, Any] = dict.fromkeys(["filesize", "signature", "checksum"])
    after = artifact.update(stored, cleared | {"metadata": None}, NOW)
    assert after == replace(stored, **cleared, updated=NOW)
    assert codes(artifact.update, stored, {"filesize": -1, "signature": "x" * 4097}, NOW) == [
        "FILESIZE_INVALID",
        "SIGNATURE_TOO_LONG",
    ]


def test_a_deleted_artifact_is_withdrawn() -> None:
    stored = make.artifact()
    assert artifact.yank(stored, NOW) == replace(stored, status="YANKED", updated=NOW)
