"""The engine behind the same `call` a cloud transport has, with hooks for schedulers and faults."""

from collections.abc import Callable, Mapping
from typing import Any

from .engine import Engine

Before = Callable[[str, Mapping[str, Any]], None]
After = Callable[[str, Mapping[str, Any], dict[str, Any] | BaseException], None]


class EngineTransport:
    """Calls an engine. Either hook may raise: before the call nothing has happened, after it everything has."""

    def __init__(self, engine: Engine, before: Before | None = None, after: After | None = None) -> None:
        self._engine = engine
        self._before = before
        self._after = after

    def call(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """As `Engine.call`; `after` is told the result, or the error before it is raised."""
        if self._before is not None:
            self._before(operation, parameters)
        try:
            result = self._engine.call(operation, parameters)
        except BaseException as error:
            if self._after is not None:
                self._after(operation, parameters, error)
            raise
        if self._after is not None:
            self._after(operation, parameters, result)
        return result
