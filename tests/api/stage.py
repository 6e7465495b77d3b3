"""The scene on a store that is put back after whatever changed it: with default permissions, with all that may be
granted, and then with a protected license or protected policies.
"""

from __future__ import annotations

from collections.abc import Iterable

from tests.api.scene import OPERATION, Scene
from tests.api.shelf import Shelf
from tests.world import Answer, World

DEFAULT, GRANTED, LICENSE_PROTECTED, POLICIES_PROTECTED = "default", "granted", "license", "policies"


class Stage:
    """One scene in several states; `put_back` chooses one."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf, self.scene = shelf, Scene(World(shelf))
        shelf.keep(DEFAULT)
        self._patch("licenses", "license", permissions=["*"])
        for name in ("owner", "attached", "stranger"):
            self._patch("users", name, permissions=["*"])
        shelf.keep(GRANTED)
        self._patch("licenses", "license", protected=True)
        shelf.keep(LICENSE_PROTECTED)
        self._patch("licenses", "license", protected=False)
        for name in ("policy", "sibling-policy", "other-policy"):
            self._patch("policies", name, protected=True)
        shelf.keep(POLICIES_PROTECTED)

    def put_back(self, state: str = DEFAULT) -> Scene:
        """The scene as it was built, and a service that remembers nothing."""
        self._shelf.put_back(state)
        self.scene.world.serve()
        return self.scene

    def answers(self, state: str, row: str, bearers: Iterable[str], query: str = "") -> dict[str, Answer]:
        """What each bearer is answered to the request of a row; each finds the scene in that state."""
        self.put_back(state)
        return {bearer: self._answer(state, row, bearer, query) for bearer in bearers}

    def _answer(self, state: str, row: str, bearer: str, query: str) -> Answer:
        operation = OPERATION[row.partition("@")[0]]
        answer = self.scene.send(row, bearer, query=query)
        if operation.limit is not None or (operation.methods[0] != "GET" and answer.status < 400):
            self._shelf.put_back(state)
        return answer

    def _patch(self, kind: str, name: str, **attributes: object) -> None:
        world, path = self.scene.world, f"/v1/{kind}/{self.scene.ids[name]}"
        assert world.send("PATCH", path, {"data": {"type": kind, "attributes": attributes}}).status == 200
