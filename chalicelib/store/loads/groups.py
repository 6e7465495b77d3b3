"""Groups with the counters of their members, and who owns them."""

from __future__ import annotations

from collections.abc import Sequence

from chalicelib.licensing.group import Counted
from chalicelib.licensing.identifiers import is_uuid, normal_uuid
from chalicelib.store import keys
from chalicelib.store.fetch import Entry, Listing, Need, Plan, need
from chalicelib.store.items import attachment as attachments
from chalicelib.store.items import group as groups
from chalicelib.store.loads.live import live
from chalicelib.store.table import Item

MOST = 1_000


def by_id(account_id: str, text: str | None) -> Plan[Counted | None]:
    """A group by its id; None for whatever is no id."""
    if text is None or not is_uuid(text):
        return None
    (found,) = yield from many(account_id, [normal_uuid(text)])
    return found


def many(account_id: str, group_ids: Sequence[str]) -> Plan[Sequence[Counted | None]]:
    """Those of a list."""
    pairs = [(keys.resource(account_id, groups.KIND, one), keys.group_meter(account_id, one)) for one in group_ids]
    found = yield need(*(key for pair in pairs for key in pair))
    items = [(live(found, key, groups.KIND), live(found, meter, groups.METER_KIND)) for key, meter in pairs]
    return [None if item is None or meter is None else _counted(item, meter) for item, meter in items]


def _counted(item: Item, meter: Item) -> Counted:
    return Counted(group=groups.group_of(item), members=groups.members_of(meter))


def owned_by(account_id: str, user_id: str) -> Plan[frozenset[str]]:
    """Ids of the groups a user owns."""
    ask = Listing(5, attachments.partition(account_id, "group-owner", user_id), limit=MOST)
    found = yield Need(asks=(ask,))
    entries: Sequence[Entry] = found[ask]
    return frozenset(entry.position.partition("#")[2] for entry in entries)
