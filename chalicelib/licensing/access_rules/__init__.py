"""The authorization matrix as a table (spec auth.md §7), a page for each area.

Rows are about somebody who presented a credential; where nobody needs to, the operation decides without them.
Lists of the account are narrowed to what `access.visible` shows. Lists under a resource are authorized on that
resource, by the permission to read what they list.
"""

from __future__ import annotations

from collections.abc import Mapping

from chalicelib.licensing.access_rules import catalog, licenses, machines, people, releases
from chalicelib.licensing.access_rules.rule import Rule

RULES: Mapping[str, Rule] = {
    **licenses.RULES,
    **machines.RULES,
    **catalog.RULES,
    **releases.RULES,
    **people.RULES,
}
"""By operation."""
