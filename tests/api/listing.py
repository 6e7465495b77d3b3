"""What a list answers, asked for in every form of page there is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from tests.world import Answer, World


def query(**members: str) -> str:
    """A query string; `name__member` is `name[member]`."""
    return "&".join(f"{_name(name)}={quote(value, safe='')}" for name, value in members.items())


def _name(name: str) -> str:
    first, *parts = name.split("__")
    return first + "".join(f"[{part}]" for part in parts)


def ids(resources: list[Any]) -> list[str]:
    """The ids of resources, in order."""
    return [one["id"] for one in resources]


def pages(world: World, path: str | None, as_: str | None = "admin") -> Iterator[Answer]:
    """The page of `path`, and all that follow by its `next` link."""
    while path is not None:
        answer = world.get(path, as_=as_)
        assert answer.status == 200, answer.raw
        yield answer
        path = answer.document["links"]["next"]


def walked(world: World, path: str, as_: str | None = "admin") -> list[str]:
    """The ids on all pages from that of `path` on, in order."""
    return [one["id"] for page in pages(world, path, as_) for one in page.data]


def listed(world: World, path: str, as_: str | None = "admin", *, size: int = 3) -> list[str]:
    """The ids that a list of at most 100 holds, newest first: the same whatever form of page asks for them.

    `path` comes with its filters. Numbered pages must count right, and no walk may end with an empty page.
    """
    separator = "&" if "?" in path else "?"
    found = ids(world.get(f"{path}{separator}limit=100", as_=as_).data)
    assert ids(world.get(f"{path}{separator}limit=100&order=asc", as_=as_).data) == found[::-1]
    assert ids(world.get(f"{path}{separator}limit={size}", as_=as_).data) == found[:size]
    pages_of_it = -(-len(found) // size)
    for form in ("page[number]=1", "page[cursor]="):
        seen = list(pages(world, f"{path}{separator}{form}&page[size]={size}", as_))
        assert [one["id"] for page in seen for one in page.data] == found
        assert len(seen) == max(pages_of_it, 1)
    meta = world.get(f"{path}{separator}page[number]=2&page[size]={size}", as_=as_).document["links"]["meta"]
    assert meta == {"pages": pages_of_it, "count": len(found)}
    return found
