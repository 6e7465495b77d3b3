"""Composition: the Chalice app, its routes and its event functions. No logic lives here."""

from __future__ import annotations

from typing import Any

from chalice.app import CloudWatchEvent, Rate

from chalicelib.api.application import application
from chalicelib.composition import compose, stream, sweep

service = compose()
app = application(service)


@app.schedule(Rate(1, unit=Rate.MINUTES), name="sweep")
def sweep_deadlines(event: CloudWatchEvent) -> dict[str, Any]:
    """Once a minute: what is due."""
    remaining = getattr(event.context, "get_remaining_time_in_millis", None)
    report = sweep(service, (lambda: remaining() > 10_000) if remaining else (lambda: True)).run()
    return {"due": report.due, "emitted": report.emitted, "complete": report.complete, "failures": report.failures}


@app.lambda_function(name="events")
def handle_events(event: Any, context: Any) -> dict[str, Any]:
    """The outbox's stream: events to their subscribers, tasks carried out."""
    return stream(service).handle(event)
