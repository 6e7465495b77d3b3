"""`python -m chalicelib.admin import` and `export`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from chalicelib.admin.__main__ import run
from chalicelib.admin.transfer import export_resources, import_resources
from tests.admin.files import SLUG, everything, license, text
from tests.races.crowd import Watched
from tests.world import World

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with everything."""
    path = tmp_path / "everything.jsonl"
    path.write_bytes(text(everything()))
    return path


def test_in_and_out_again(world: World, file: Path, tmp_path: Path, capsys: Captured) -> None:
    assert run(world.tools, ["import", "--account", SLUG, "--create", str(file)]) == 0
    printed = capsys.readouterr()
    total = len(everything())
    assert json.loads(printed.out) == {"created": total, "changed": 0, "unchanged": 0, "rejected": 0}
    assert "100%" in printed.err
    out = tmp_path / "out.jsonl"
    assert run(world.tools, ["export", "--account", SLUG, str(out)]) == 0
    assert out.read_bytes() == file.read_bytes()
    assert out.stat().st_mode & 0o777 == 0o600
    assert "secrets" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["everything.jsonl", "out.jsonl"]


def test_to_standard_output(world: World, file: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    run(world.tools, ["import", "--account", SLUG, "--create", str(file)])
    capfdbinary.readouterr()
    assert run(world.tools, ["export", "--account", SLUG]) == 0
    assert capfdbinary.readouterr().out == file.read_bytes()


def test_rejected_lines_are_told_with_their_numbers(world: World, tmp_path: Path, capsys: Captured) -> None:
    path, policy = tmp_path / "some.jsonl", world.policy()["id"]
    path.write_bytes(text([license(1, policy)]) + b"\nnonsense\n" + text([license(2, policy, uses=-1)]))
    assert run(world.tools, ["import", "--account", "acme", "--rate", "0", str(path)]) == 1
    printed = capsys.readouterr()
    assert json.loads(printed.out) == {"created": 1, "changed": 0, "unchanged": 0, "rejected": 2}
    told = [line for line in printed.err.splitlines() if line.startswith("line")]
    identifier = license(2, policy)["id"]
    assert told == [
        "line 3 rejected (unreadable): is no JSON",
        f"line 4 rejected (licenses {identifier}): attributes.uses: must be greater than or equal to 0",
    ]


def test_an_unknown_account(world: World, file: Path, capsys: Captured) -> None:
    assert run(world.tools, ["import", "--account", "nobody", str(file)]) == 1
    assert "The requested account 'nobody' was not found" in capsys.readouterr().err
    assert run(world.tools, ["export", "--account", "nobody"]) == 1
    assert "The requested account 'nobody' was not found" in capsys.readouterr().err


def test_a_file_that_is_not_there(world: World, tmp_path: Path, capsys: Captured) -> None:
    path = tmp_path / "none.jsonl"
    assert run(world.tools, ["import", "--account", "acme", str(path)]) == 1
    assert f"{path}: No such file or directory" in capsys.readouterr().err


def test_an_export_that_breaks_off_leaves_the_old_file(world: World, watched: Watched, tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    path.write_text("old")

    def fail(operation: str, parameters: object) -> None:
        if operation == "Query":
            raise RuntimeError("broken")

    watched.before = fail
    with pytest.raises(RuntimeError):
        run(world.tools, ["export", "--account", "acme", str(path)])
    assert path.read_text() == "old"


def test_on_the_command_line_of_one_machine(file: Path, tmp_path: Path) -> None:
    """The real commands in processes of their own."""
    environment = {**os.environ, "DATA": str(tmp_path / "data")}

    def command(*arguments: str) -> subprocess.CompletedProcess[bytes]:
        line = [sys.executable, "-m", "infra.local", "admin", *arguments]
        return subprocess.run(line, env=environment, capture_output=True, check=True)  # noqa: S603

    command("import", "--account", SLUG, "--create", str(file))
    assert command("export", "--account", SLUG).stdout == file.read_bytes()


def test_help_names_both_commands() -> None:
    line = [sys.executable, "-m", "chalicelib.admin", "--help"]
    shown = subprocess.run(line, capture_output=True, check=True, text=True).stdout  # noqa: S603
    assert "import" in shown and "export" in shown


def test_the_environment_names_the_deployment(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both functions need an account and, to import, resources."""
    monkeypatch.setattr("chalicelib.admin.deployment.tools", lambda: world.tools)
    assert import_resources("acme", [license(1, world.policy()["id"])]).created == 1
    assert "licenses" in [one["type"] for one in export_resources(world.account["account"])]
