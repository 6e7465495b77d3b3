"""Every write of the road and the jobs, each with a way to tell how often it took effect."""

from __future__ import annotations

from dataclasses import replace

from tests.faults.cases import (
    catalog,
    groups,
    jobs,
    licenses,
    machine_life,
    machine_work,
    machines,
    parts,
    people,
    pools,
    relations,
    releases,
    tokens,
    work,
)
from tests.faults.operation import Operation

PLAIN = (
    *catalog.OPERATIONS,
    *licenses.OPERATIONS,
    *relations.OPERATIONS,
    *people.OPERATIONS,
    *groups.OPERATIONS,
    *pools.OPERATIONS,
    *tokens.OPERATIONS,
    *machines.OPERATIONS,
    *machine_life.OPERATIONS,
    *parts.OPERATIONS,
    *releases.OPERATIONS,
)
JOBS = (*jobs.OPERATIONS, *work.OPERATIONS, *machine_work.OPERATIONS)


def _with_events(operation: Operation) -> Operation:
    return replace(operation, name=f"{operation.name}-subscribed", subscribed=("*",))


REQUESTS = (*PLAIN, *(_with_events(operation) for operation in PLAIN if not operation.silent))
