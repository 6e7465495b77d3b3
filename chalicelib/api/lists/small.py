"""Lists with small filters: policies, pool keys, tokens (spec policies.md §2, §6; auth.md §3)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from chalicelib.api.kind import Kind
from chalicelib.api.operation import Outcome, Scene
from chalicelib.licensing.filters.licenses import impossible
from chalicelib.licensing.filters.lists import BelongsFilter, TokenFilter
from chalicelib.store.filters import small_streams
from chalicelib.store.starts import Streams

T = TypeVar("T")


def small_page(
    scene: Scene,
    kind: Kind[T],
    stored_as: str,
    filters: Sequence[BelongsFilter | TokenFilter],
    bearer_streams: Streams = (),
    *,
    candidate: Callable[[T], Any] = lambda one: one,
    cut: bool = False,
) -> Outcome:
    """A page of a kind that is `stored_as`; `filters` are asked of the `candidate` of each.

    `bearer_streams`, unless empty, hold all that the bearer may see; `cut` when it may not see all of what is listed.
    """
    if impossible(filters):
        return kind.page(scene, ())
    streams, exact = small_streams(scene.account_id, stored_as, filters, bearer_streams)

    def wanted(one: T) -> bool:
        return all(each.matches(candidate(one)) for each in filters)

    return kind.page(scene, streams, matches=wanted, selective=cut or not exact)
