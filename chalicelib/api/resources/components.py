"""Components: list, retrieve, and what they belong to (spec machines.md §8)."""

from __future__ import annotations

from chalicelib.api.kinds.components import COMPONENTS, load_one
from chalicelib.api.part_reads import reads
from chalicelib.licensing.filters.machines import OF_COMPONENTS
from chalicelib.store.loads import parts

OPERATIONS = reads(COMPONENTS, parts.COMPONENTS, load_one, OF_COMPONENTS)
