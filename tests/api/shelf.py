"""A store that can be put back to how it was: a scene is built once, and every request finds it as it was built."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infra.local.engine import Engine, EngineTransport


class Shelf:
    """A transport over an engine in a file of `folder`, with copies of the file by name."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = folder / "store"
        self._open()

    def call(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """See Engine.call."""
        return self._transport.call(operation, parameters)

    def keep(self, name: str) -> None:
        """Remember the store as it is now."""
        self.close()
        shutil.copyfile(self._file, self._folder / f"{name}.kept")
        self._open()

    def put_back(self, name: str) -> None:
        """Forget what happened since `keep`."""
        self.close()
        shutil.copyfile(self._folder / f"{name}.kept", self._file)
        self._open()

    def close(self) -> None:
        """Close the file: what was written is all in it."""
        self._engine.close()

    def _open(self) -> None:
        self._engine = Engine(self._file, synchronous="NORMAL")
        self._transport = EngineTransport(self._engine)
