"""Importing resources into an account."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from chalicelib.admin.bootstrap import Tools, find
from chalicelib.admin.deployment import known, tools_of
from chalicelib.admin.transfer.batch import Batch
from chalicelib.admin.transfer.catalog import BY_TYPE
from chalicelib.admin.transfer.kind import Place
from chalicelib.admin.transfer.kinds import accounts
from chalicelib.admin.transfer.lines import Line, Source, parsed, runs
from chalicelib.admin.transfer.pace import Bucket, Pace
from chalicelib.admin.transfer.report import Report
from chalicelib.licensing.errors import InvalidState, Problem

BATCH = 200

Progress = Callable[[Report], None]
"""Told how far an import has come, after each batch."""


def import_resources(
    account: str,
    resources: Iterable[Source],
    *,
    tools: Tools | None = None,
    report: Report | None = None,
    progress: Progress | None = None,
    pace: Pace | None = Pace(),  # noqa: B008 - a frozen value
    create: bool = False,
) -> Report:
    """Create or patch resources of `account` (an id or slug): JSON:API resource objects, or their JSON texts.

    Members that are there are taken as they are, read-only ones too; absent ones keep their value, or get the default
    of a new resource. Limits are not judged, counters are kept true. A line that cannot be imported is reported, and
    the others go on. The same resources twice change nothing, so an import that broke off is simply repeated.

    `tools` are for another deployment than that of the environment, `report` and `progress` for who wants to watch,
    `pace` None writes as fast as it can. With `create` an account that is not there is made from the first line.
    Raises NotFound for an unknown account, Unavailable when the store takes no more.
    """
    tools, report = tools_of(tools), Report() if report is None else report
    bucket = None if pace is None else Bucket(pace)
    lines = (parsed(number, source, BY_TYPE) for number, source in enumerate(resources, 1))
    if create and find(tools, account) is None:
        first, account = _account_of(account, lines)
        Batch(Place(tools, account), report, bucket).run([first])
        if first.reason is not None:
            return report
    batch = Batch(Place(tools, known(tools, account)), report, bucket)
    for run in runs(lines, BATCH):
        batch.run(run)
        if progress is not None:
            progress(report)
    return report


def _account_of(account: str, lines: Iterator[Line]) -> tuple[Line, str]:
    """The first line, which describes a new account, and the id of that. Raises InvalidState for another line."""
    first = next(lines, None)
    if first is None or first.work is None or first.work.kind is not accounts.KIND:
        raise InvalidState(Problem("the first line must be the account that is to be created"))
    sent = first.work.sent
    if account not in (sent.id, sent.given.get("slug")):
        raise InvalidState(Problem(f"the account of the first line is not called {account}"))
    return first, sent.id
