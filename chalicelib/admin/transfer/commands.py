"""`import` and `export` on the command line: files of one resource a line, progress and reasons on standard error."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from chalicelib.admin.bootstrap import Tools
from chalicelib.admin.transfer.exporting import export_resources
from chalicelib.admin.transfer.importing import import_resources
from chalicelib.admin.transfer.pace import PER_SECOND, Pace
from chalicelib.admin.transfer.report import Rejection, Report
from chalicelib.licensing.errors import Unavailable

SECRETS = "This file holds secrets: private keys, license keys, password hashes. Keep it as you keep passwords."
WIDTH = 25
QUARTERS = 4


def add(commands: Any) -> None:
    """Both commands, for a parser's `add_subparsers`."""
    bring = commands.add_parser("import", help="create or patch an account's resources from a file, one a line")
    bring.add_argument("--account", required=True, metavar="SLUG_OR_ID")
    bring.add_argument("--create", action="store_true", help="make the account of the first line if it is not there")
    bring.add_argument("--rate", type=float, default=PER_SECOND, help="resources a second, 0 for no limit")
    bring.add_argument("file", type=Path, metavar="FILE.jsonl")
    take = commands.add_parser("export", help="write everything of an account, secrets too, one resource a line")
    take.add_argument("--account", required=True, metavar="SLUG_OR_ID")
    take.add_argument("file", type=Path, nargs="?", metavar="FILE", help="default standard output")


def bring(tools: Tools, options: argparse.Namespace) -> int:
    """Import a file; 1 when a line was rejected or the file cannot be read."""
    report = _Told()
    try:
        with options.file.open("rb") as lines:
            bar = Bar("importing", _count(lines))
            pace = Pace(options.rate) if options.rate > 0 else None
            import_resources(
                options.account,
                lines,
                tools=tools,
                report=report,
                progress=lambda so_far: bar.show(so_far.lines),
                pace=pace,
                create=options.create,
            )
    except OSError as error:
        print(f"{options.file}: {error.strerror}", file=sys.stderr)
        return 1
    except Unavailable:
        print("stopped before the end; the same file can be imported again", file=sys.stderr)
        raise
    finally:
        print(json.dumps(report.counts()))
    return 1 if report.number else 0


def take(tools: Tools, options: argparse.Namespace) -> int:
    """Export an account; a file appears when it is whole, and only its owner may read it."""
    resources = export_resources(options.account, tools=tools)
    print(SECRETS, file=sys.stderr)
    if options.file is None:
        _write(sys.stdout.buffer, resources)
        return 0
    partial = options.file.with_name(f".{options.file.name}.partial")
    partial.unlink(missing_ok=True)
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        _write(file, resources)
    partial.replace(options.file)
    return 0


RUN: dict[str, Callable[[Tools, argparse.Namespace], int]] = {"import": bring, "export": take}
"""By the name of the command."""


class _Told(Report):
    """A report that tells every rejected line at once, so that it need not be kept."""

    number: int = 0

    def reject(self, rejection: Rejection) -> None:
        """Say which line was rejected, and why."""
        self.number += 1
        named = " ".join(filter(None, (rejection.type, rejection.id)))
        print(f"line {rejection.line} rejected ({named or 'unreadable'}): {rejection.reason}", file=sys.stderr)

    def counts(self) -> dict[str, int]:
        """For standard output."""
        return {
            "created": self.created,
            "changed": self.changed,
            "unchanged": self.unchanged,
            "rejected": self.number,
        }


class Bar:
    """Progress on standard error: a bar where that is a terminal, else a line each quarter."""

    def __init__(self, title: str, total: int) -> None:
        self._title, self._total, self._live = title, total, sys.stderr.isatty()
        self._shown = -1

    def show(self, done: int) -> None:
        """How many of all are done."""
        percent = 100 * done // max(self._total, 1)
        step = percent if self._live else percent * QUARTERS // 100
        if step == self._shown:
            return
        self._shown = step
        start, end = ("\r", "\n" if done >= self._total else "") if self._live else ("", "\n")
        filled = "#" * (percent * WIDTH // 100)
        print(f"{start}{self._title} [{filled:{WIDTH}}] {percent:3d}% {done:,}", end=end, file=sys.stderr, flush=True)


def _count(file: BinaryIO) -> int:
    """How many lines there are; the file is at its beginning again."""
    total = sum(1 for _ in file)
    file.seek(0)
    return total


def _write(file: BinaryIO, resources: Iterable[Any]) -> None:
    for resource in resources:
        file.write(msgspec.json.encode(resource, order="sorted") + b"\n")
    file.flush()
