"""The Chalice app around the road."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from typing import Any

from chalice.app import Chalice, Response

from chalicelib.api.resources import OPERATIONS
from chalicelib.api.road import Road
from chalicelib.api.route import Router, register
from chalicelib.api.service import Service


class Licensing(Chalice):
    """Chalice keeps one current request per app; a threaded server needs one per thread."""

    _threads = threading.local()
    answer: Callable[[Mapping[str, Any]], dict[str, Any]]

    def __call__(self, event: Any, context: Any) -> dict[str, Any]:
        """Chalice's dispatch, which only knows the methods of its routes; the road knows what to say to the others."""
        sent = event.get("requestContext", {})
        if sent.get("httpMethod") not in self.routes.get(sent.get("resourcePath"), {}):
            return self.answer(event)
        found: dict[str, Any] = super().__call__(event, context)
        return found

    @property
    def current_request(self) -> Any:
        """The request this thread is answering."""
        return getattr(self._threads, "request", None)

    @current_request.setter
    def current_request(self, request: Any) -> None:
        self._threads.request = request


def application(service: Service, name: str = "licensing") -> Chalice:
    """An app that answers every operation through one road."""
    # Chalice writes itself into AWS_EXECUTION_ENV, once more for every app of a process: it gets a copy to write on.
    app = Licensing(app_name=name, env=dict(os.environ), configure_logs=False)
    app.api.binary_types[:] = []
    road = Road(service, Router(OPERATIONS))
    app.answer = road.handle

    def view(**path: str) -> Response:
        reply = road.handle(app.current_request.to_original_event())
        return Response(body=reply["body"], status_code=reply["statusCode"], headers=reply["headers"])

    register(app, OPERATIONS, view)
    return app
