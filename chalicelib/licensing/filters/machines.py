"""The filters of lists of machines, components and processes: from a query to what each of them is asked (spec
machines.md §5, §8, §9).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from chalicelib.licensing import heartbeat
from chalicelib.licensing.filters import machine_kinds as kinds
from chalicelib.licensing.filters import metadata as metadata_filters
from chalicelib.licensing.filters import values as values
from chalicelib.licensing.filters.kinds import Nothing
from chalicelib.licensing.filters.machine_kinds import Belongs, Exactly, Keyed, MachineFilter, Owned, Stands, Used

Candidate = kinds.Candidate

Reader = Callable[[str, Any, datetime], MachineFilter | None]
"""The filter of a parameter's name and value at an instant, None when it is to be skipped."""


def _texts(read: Callable[[str, str, datetime], MachineFilter | None]) -> Reader:
    """The reader of a parameter that is one text; what means nothing leaves nothing."""

    def reader(name: str, sent: Any, now: datetime) -> MachineFilter | None:
        text = values.text(sent)
        return None if text is None else read(name, text, now) or Nothing(name=name)

    return reader


def _belongs(name: str, sent: str, now: datetime) -> MachineFilter | None:
    identifier = values.uuid(sent)
    return None if identifier is None else Belongs(name=name, identifier=identifier)


def _exactly(name: str, sent: str, now: datetime) -> MachineFilter:
    return Exactly(name=name, text=sent)


def _keyed(name: str, sent: str, now: datetime) -> MachineFilter:
    return Keyed(key=sent)


def _of_user(kind: type[Owned | Used]) -> Callable[[str, str, datetime], MachineFilter]:
    """What is no id is an email, compared as it was sent."""

    def read(name: str, sent: str, now: datetime) -> MachineFilter:
        identifier = values.uuid(sent)
        return kind(identifier=identifier, email=sent if identifier is None else None)

    return read


def _owned_by_id(name: str, sent: str, now: datetime) -> MachineFilter | None:
    identifier = values.uuid(sent)
    return None if identifier is None else Owned(identifier=identifier)


def _status(name: str, sent: str, now: datetime) -> MachineFilter | None:
    status = sent.upper()
    return Stands(dead=status == heartbeat.DEAD, now=now) if status in (heartbeat.ALIVE, heartbeat.DEAD) else None


def _metadata(name: str, sent: Any, now: datetime) -> MachineFilter | None:
    return metadata_filters.parse(sent)


OF_MACHINES: Mapping[str, Reader] = {
    **dict.fromkeys(("product", "policy", "license", "group"), _texts(_belongs)),
    **dict.fromkeys(("fingerprint", "ip", "hostname"), _texts(_exactly)),
    "key": _texts(_keyed),
    "owner": _texts(_of_user(Owned)),
    "user": _texts(_of_user(Used)),
    "status": _texts(_status),
    "metadata": _metadata,
}
"""How each parameter of a list of machines is read, by its name."""

OF_COMPONENTS: Mapping[str, Reader] = {
    **dict.fromkeys(("product", "license", "machine"), _texts(_belongs)),
    "owner": _texts(_owned_by_id),
    "user": _texts(_of_user(Used)),
}
OF_PROCESSES: Mapping[str, Reader] = {**OF_COMPONENTS, "status": _texts(_status)}


def parse(
    tree: Mapping[str, Any], now: datetime, readers: Mapping[str, Reader] = OF_MACHINES
) -> tuple[MachineFilter, ...]:
    """The filters that a query asks for; those to be skipped are left out, and so is every parameter without reader."""
    found = [read(name, tree[name], now) for name, read in readers.items() if name in tree]
    return tuple(one for one in found if one is not None)


def matching(filters: Iterable[MachineFilter], candidate: Candidate) -> bool:
    """Whether the candidate is what every filter asks for. Users have to be looked up before."""
    return all(one.matches(candidate) for one in filters)


def emails(filters: Iterable[MachineFilter]) -> tuple[str, ...]:
    """The emails, as they were sent, whose users `named` has to be told."""
    found = (one.email for one in filters if isinstance(one, Owned | Used))
    return tuple(dict.fromkeys(email for email in found if email is not None))


def license_keys(filters: Iterable[MachineFilter]) -> tuple[str, ...]:
    """The keys of licenses whose ids `named` has to be told."""
    return tuple(one.key for one in filters if isinstance(one, Keyed))


def named(
    filters: Iterable[MachineFilter], users: Mapping[str, str | None], licenses: Mapping[str, str | None]
) -> tuple[MachineFilter, ...]:
    """The filters with the ids of `users` by email and of `licenses` by key; None, or absent, is nobody."""
    return tuple(_named(one, users, licenses) for one in filters)


def users(filters: Iterable[MachineFilter]) -> frozenset[str]:
    """The ids of users whose licenses `placed` has to be told: of those they own or are attached to."""
    found = (one.identifier for one in filters if isinstance(one, Used))
    return frozenset(identifier for identifier in found if identifier is not None)


def owners(filters: Iterable[MachineFilter]) -> frozenset[str]:
    """The ids of owners of machines. Where only licenses are listed by, `placed` has to be told those."""
    found = (one.identifier for one in filters if isinstance(one, Owned))
    return frozenset(identifier for identifier in found if identifier is not None)


def placed(
    filters: Iterable[MachineFilter],
    used: Mapping[str, frozenset[str]],
    owned: Mapping[str, frozenset[str]] | None = None,
) -> tuple[MachineFilter, ...]:
    """The filters with ids of licenses: those that users have, and those that machines of owners are on, by user."""
    return tuple(_placed(one, used, owned or {}) for one in filters)


def _named(one: MachineFilter, users: Mapping[str, str | None], licenses: Mapping[str, str | None]) -> MachineFilter:
    if isinstance(one, Keyed):
        license_id = licenses.get(one.key)
        return Nothing(name=one.name) if license_id is None else Belongs(name="license", identifier=license_id)
    if isinstance(one, Owned | Used) and one.email is not None:
        user_id = users.get(one.email)
        return Nothing(name=one.name) if user_id is None else replace(one, identifier=user_id, email=None)
    return one


def _placed(
    one: MachineFilter, used: Mapping[str, frozenset[str]], owned: Mapping[str, frozenset[str]]
) -> MachineFilter:
    if not isinstance(one, Owned | Used):
        return one
    licenses = (owned if isinstance(one, Owned) else used).get(one.identifier or "")
    return one if licenses is None else replace(one, licenses=licenses)
