"""Processes: list, retrieve, and what they belong to (spec machines.md §9)."""

from __future__ import annotations

from chalicelib.api.kinds.processes import PROCESSES, load_one
from chalicelib.api.part_reads import reads
from chalicelib.licensing.filters.machines import OF_PROCESSES
from chalicelib.store.loads import parts

OPERATIONS = reads(PROCESSES, parts.PROCESSES, load_one, OF_PROCESSES)
