"""Licenses as a test describes them, and what each filter says about one: the rules of spec licenses.md §8 once more,
written down as naively as they read there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from hypothesis import strategies as st

from chalicelib.licensing.clock import to_text
from tests.world import START

NOW, TICK, DAY = START, timedelta(milliseconds=1), timedelta(days=1)
SOON, LATELY = 3 * DAY, 90 * DAY
BANNED = 2
"""The user who is banned."""
PRODUCT_OF = (0, 0, 1)
"""The product of each policy."""


class Spec(NamedTuple):
    """A license; policies, users and groups by number."""

    created: datetime
    policy: int
    owner: int | None
    users: frozenset[int]
    group: int | None
    expiry: datetime | None
    validated: datetime | None
    checked_out: datetime | None
    checked_in: datetime | None
    suspended: bool
    machines: int
    metadata: dict[str, Any]

    @property
    def product(self) -> int:
        return PRODUCT_OF[self.policy]

    @property
    def attached(self) -> frozenset[int]:
        """An owner is not attached."""
        return self.users - {self.owner}

    def is_used_by(self, user: int) -> bool:
        return self.owner == user or user in self.attached

    def is_active_since(self, instant: datetime) -> bool:
        stamps = (self.created, self.validated, self.checked_out, self.checked_in)
        return any(one is not None and one >= instant for one in stamps)


Keeps = Callable[[Spec], bool]


class Filter(NamedTuple):
    """A parameter of a query, and whom it keeps; `{user 0}` and the like stand for ids."""

    name: str
    text: str
    keeps: Keeps


def is_expired(one: Spec) -> bool:
    return one.expiry is not None and one.expiry < NOW


def is_expiring(one: Spec) -> bool:
    return one.expiry is not None and NOW < one.expiry < NOW + SOON


def is_active(one: Spec, since: datetime) -> bool:
    return one.owner != BANNED and one.is_active_since(since)


def is_inactive(one: Spec, since: datetime) -> bool:
    return one.owner != BANNED and not one.is_active_since(since)


def is_assigned(one: Spec) -> bool:
    return one.owner is not None or bool(one.attached)


STATUSES: Mapping[str, Keeps] = {
    "BANNED": lambda one: one.owner == BANNED,
    "SUSPENDED": lambda one: one.suspended,
    "EXPIRED": is_expired,
    "EXPIRING": is_expiring,
    "INACTIVE": lambda one: is_inactive(one, NOW - LATELY),
    "ACTIVE": lambda one: is_active(one, NOW - LATELY),
}
FLAGS: Mapping[str, Keeps] = {
    "suspended": lambda one: one.suspended,
    "expired": is_expired,
    "expiring": is_expiring,
    "assigned": is_assigned,
    "unassigned": lambda one: not is_assigned(one),
    "activated": lambda one: one.machines >= 1,
}
COMPARISONS: Mapping[str, Callable[[int, int], bool]] = {
    "eq": lambda count, number: count == number,
    "gt": lambda count, number: count > number,
    "gte": lambda count, number: count >= number,
    "lt": lambda count, number: count < number,
    "lte": lambda count, number: count <= number,
}


# --- licenses -------------------------------------------------------------------------------------------------------

OFFSETS = [
    *(timedelta(0), TICK, SOON, SOON - TICK, SOON + TICK, LATELY, LATELY - TICK, LATELY + TICK),
    *(DAY, 8 * DAY, 40 * DAY, 400 * DAY, 5000 * DAY),
]
AGES = st.sampled_from(OFFSETS).map(lambda offset: NOW - offset)
INSTANTS = AGES | st.sampled_from(OFFSETS).map(lambda offset: NOW + offset)
WORDS = ["pro", "Pro", "1", "01", "1.0", "true", "null", "a=b", "x.y", ""]
VALUES = st.sampled_from(WORDS) | st.sampled_from([1, 1.0, 2.5, True, False, None, -1])
METADATA = st.fixed_dictionaries(
    {},
    optional={
        "plan": VALUES,
        "x_y": VALUES,
        "box": st.dictionaries(st.sampled_from(["plan", "size"]), VALUES, max_size=2),
        "tags": st.lists(VALUES, max_size=3),
    },
)
SPECS: st.SearchStrategy[Spec] = st.builds(
    Spec,
    created=AGES,
    policy=st.integers(0, 2),
    owner=st.none() | st.integers(0, 2),
    users=st.frozensets(st.integers(0, 2), max_size=2),
    group=st.none() | st.integers(0, 1),
    expiry=st.none() | INSTANTS,
    validated=st.none() | AGES,
    checked_out=st.none() | AGES,
    checked_in=st.none() | AGES,
    suspended=st.booleans(),
    machines=st.integers(0, 3),
    metadata=METADATA,
)


# --- filters --------------------------------------------------------------------------------------------------------


def always(one: Spec) -> bool:
    return True


def never(one: Spec) -> bool:
    return False


def having(field: str, value: object) -> Keeps:
    """Licenses of one product, policy, owner or group."""
    return lambda one: bool(getattr(one, field) == value)


def used_by(user: int) -> Keeps:
    """Licenses that a user owns or is attached to."""
    return lambda one: one.is_used_by(user)


def negated(keeps: Keeps) -> Keeps:
    """What is not kept."""
    return lambda one: not keeps(one)


def all_of(several: Sequence[Keeps]) -> Keeps:
    """What everything keeps."""
    return lambda one: all(keeps(one) for keeps in several)


def counting(compare: Callable[[int, int], bool], number: int) -> Keeps:
    """Licenses with so many machines."""
    return lambda one: compare(one.machines, number)


def _relations() -> list[Filter]:
    found = [
        Filter(name, f"{name}={{{name} {number}}}", having(name, number))
        for name, count in (("product", 2), ("policy", 3), ("group", 2))
        for number in range(count)
    ]
    for number in range(3):
        for form in ("user", "email"):
            found.append(Filter("owner", f"owner={{{form} {number}}}", having("owner", number)))
            found.append(Filter("user", f"user={{{form} {number}}}", used_by(number)))
    return found


def _statuses() -> list[Filter]:
    return [
        Filter("status", f"status={text}", keeps) for name, keeps in STATUSES.items() for text in (name, name.lower())
    ]


def _flags() -> list[Filter]:
    found = [Filter(name, f"{name}={text}", keeps) for name, keeps in FLAGS.items() for text in ("true", "1", "False")]
    for name, keeps in FLAGS.items():
        # Neither at the ends of its window.
        lost = at_ends if name == "expiring" else never
        kept = all_of([negated(keeps), negated(lost)])
        found += [Filter(name, f"{name}={text}", kept) for text in ("false", "0", "OFF")]
    return found


def at_ends(one: Spec) -> bool:
    """Exactly at an end of the window in which licenses are about to expire."""
    return one.expiry in (NOW, NOW + SOON)


def _counts() -> list[Filter]:
    return [
        Filter("activations", f"activations[{name}]={text}", counting(compare, number))
        for name, compare in COMPARISONS.items()
        for text, number in (("0", 0), ("1", 1), ("2 or more", 2), ("many", 0))
    ]


FIXED = [
    *_relations(),
    *_statuses(),
    *_flags(),
    *_counts(),
    *(
        Filter(name, f"{name}={{nowhere}}", never)
        for name in ("product", "policy", "group", "owner", "user", "machine")
    ),
    *(Filter(name, f"{name}=x", never) for name in ("product", "policy", "group", "owner", "machine", "status")),
    *(Filter(name, f"{name}=%20", always) for name in ("product", "owner", "status", "expired", "assigned")),
    *(Filter(name, f"{name}[]=true", always) for name in ("policy", "user", "status", "suspended", "expired")),
    *(Filter(name, f"{name}[x]=true", always) for name in ("group", "user", "status", "suspended", "expiring")),
    *(Filter(name, f"{name}[x]=true", never) for name in ("expires", "activity", "activations")),
    *(Filter(name, f"{name}=true", always) for name in ("expires", "activity", "activations", "metadata", "other")),
    Filter("expired", "expired[x]=true", is_expired),
]

SPANS = st.sampled_from(OFFSETS[3:] + OFFSETS[:1])


def _seconds(span: timedelta) -> str:
    return f"T{span / timedelta(seconds=1):.3f}S"


def _members(span: timedelta, instant: datetime) -> dict[str, list[tuple[str, Keeps]]]:
    """The object filters, each with its members in the order in which they count."""
    duration, text = _seconds(span), to_text(instant)
    day = instant.replace(hour=0, minute=0, second=0, microsecond=0)

    def past(keeps: Callable[[datetime], bool]) -> Keeps:
        return lambda one: one.expiry is not None and one.expiry < NOW and keeps(one.expiry)

    def to_come(keeps: Callable[[datetime], bool]) -> Keeps:
        return lambda one: one.expiry is not None and one.expiry >= NOW and keeps(one.expiry)

    def on(expiry: datetime) -> bool:
        return day <= expiry < day + DAY

    return {
        "expired": [
            (f"expired[within]={duration}", past(lambda expiry: expiry >= NOW - span)),
            (f"expired[before]={text}", past(lambda expiry: expiry <= instant)),
            (f"expired[after]={text}", past(lambda expiry: expiry >= instant)),
            (f"expired[on]={text[:10]}", past(on)),
        ],
        "expires": [
            (f"expires[in]={duration}", to_come(lambda expiry: expiry <= NOW + span)),
            (f"expires[before]={text}", to_come(lambda expiry: expiry <= instant)),
            (f"expires[after]={text}", to_come(lambda expiry: expiry >= instant)),
            (f"expires[on]={text[:10]}", lambda one: one.expiry is not None and on(one.expiry)),
        ],
        "activity": [
            (f"activity[inside]={duration}", lambda one: is_active(one, NOW - span)),
            (f"activity[outside]={duration}", lambda one: is_inactive(one, NOW - span)),
            (f"activity[before]={text}", lambda one: is_inactive(one, instant)),
            (f"activity[after]={text}", lambda one: is_active(one, instant)),
        ],
    }


@st.composite
def _times(draw: st.DrawFn) -> Filter:
    """One or two members, of which the first in order counts, wherever it stands."""
    name = draw(st.sampled_from(["expired", "expires", "activity"]))
    members = _members(draw(SPANS), draw(INSTANTS))[name]
    chosen = sorted(draw(st.sets(st.integers(0, 3), min_size=1, max_size=2)))
    texts = draw(st.permutations([members[number][0] for number in chosen]))
    return Filter(name, "&".join(texts), members[chosen[0]][1])


def reads_as(stored: object, text: str) -> bool:
    """A scalar at the top: the text itself, or what it reads as."""
    words: dict[str, object] = {"true": True, "false": False, "null": None}
    if isinstance(stored, str):
        return stored == text
    if text in words:
        return stored is words[text]
    if isinstance(stored, bool) or not isinstance(stored, int | float):
        return False
    whole, dot, rest = text.partition(".")
    is_number = whole.isdigit() and (rest.isdigit() if dot else True)
    return is_number and float(text) == stored


@st.composite
def _metadata(draw: st.DrawFn) -> Filter:
    """One or two keys; blank values are dropped, and so is a filter of which nothing is left."""
    text = st.sampled_from([*WORDS, "2.5", "false", "pr", "-1"])
    found: dict[str, tuple[str, Keeps]] = {}
    for key in draw(st.lists(st.sampled_from(["plan", "xY", "box", "tags"]), min_size=1, max_size=2, unique=True)):
        one = draw(text)
        found[key] = _pair(key, one)
    return Filter(
        "metadata", "&".join(text for text, _ in found.values()), all_of([keeps for _, keeps in found.values()])
    )


def _pair(key: str, one: str) -> tuple[str, Keeps]:
    keeps: Keeps
    sent = one.replace("=", "%3D")
    if key == "box":
        text = f"metadata[box][plan]={sent}"

        def keeps(license: Spec) -> bool:
            stored = license.metadata.get("box", {}).get("plan")
            return isinstance(stored, str) and stored == one

    elif key == "tags":
        text = f"metadata[tags][]={sent}"

        def keeps(license: Spec) -> bool:
            return any(isinstance(tag, str) and tag == one for tag in license.metadata.get("tags", []))

    else:
        text, stored_as = f"metadata[{key}]={sent}", {"xY": "x_y"}.get(key, key)

        def keeps(license: Spec) -> bool:
            return stored_as in license.metadata and reads_as(license.metadata[stored_as], one)

    return text, keeps if one else always


FILTERS: st.SearchStrategy[Filter] = st.sampled_from(FIXED) | _times() | _metadata()
QUERIES = st.lists(FILTERS, max_size=3, unique_by=lambda one: one.name)
