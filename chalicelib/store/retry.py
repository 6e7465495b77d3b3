"""What a failed call means and whether it may be repeated (STORE §6)."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from enum import Enum
from typing import Any

from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    ProxyConnectionError,
)
from botocore.exceptions import ConnectionError as BotocoreConnectionError

REPEATS = 4

Pause = Callable[[float], None]


class Outcome(Enum):
    """The four meanings of a failed call."""

    NOT_APPLIED = "not applied"
    LOCKED = "locked by a transaction"
    UNKNOWN = "unknown"
    CHANGED = "condition failed"
    REFUSED = "refused"


_BY_CODE = {
    "ProvisionedThroughputExceededException": Outcome.NOT_APPLIED,
    "ThrottlingException": Outcome.NOT_APPLIED,
    "RequestLimitExceeded": Outcome.NOT_APPLIED,
    "TransactionInProgressException": Outcome.NOT_APPLIED,
    "TransactionConflictException": Outcome.LOCKED,
    "ConditionalCheckFailedException": Outcome.CHANGED,
    "InternalServerError": Outcome.UNKNOWN,
    "ServiceUnavailable": Outcome.UNKNOWN,
}
_BY_REASON = {
    "ConditionalCheckFailed": Outcome.CHANGED,
    "TransactionConflict": Outcome.LOCKED,
    "ThrottlingError": Outcome.NOT_APPLIED,
    "ProvisionedThroughputExceeded": Outcome.NOT_APPLIED,
}
_NEVER_SENT = (ConnectTimeoutError, EndpointConnectionError, ProxyConnectionError)


def outcome(error: Exception) -> Outcome:
    """Classify what a transport raised."""
    if isinstance(error, ClientError):
        return _of_service(error)
    if isinstance(error, _NEVER_SENT):
        return Outcome.NOT_APPLIED
    if isinstance(error, HTTPClientError | BotocoreConnectionError | ConnectionError | TimeoutError):
        return Outcome.UNKNOWN
    return Outcome.REFUSED


def _of_service(error: ClientError) -> Outcome:
    code = error.response["Error"]["Code"]
    if code == "TransactionCanceledException":
        return _of_cancellation(reasons(error))
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400)
    return _BY_CODE.get(code, Outcome.UNKNOWN if status >= 500 else Outcome.REFUSED)


def _of_cancellation(found: list[dict[str, Any]]) -> Outcome:
    outcomes = {_BY_REASON.get(reason["Code"], Outcome.REFUSED) for reason in found if reason["Code"] != "None"}
    for candidate in (Outcome.REFUSED, Outcome.CHANGED, Outcome.LOCKED, Outcome.NOT_APPLIED):
        if candidate in outcomes:
            return candidate
    return Outcome.REFUSED


def reasons(error: ClientError) -> list[dict[str, Any]]:
    """Why a transaction was cancelled, per item in order."""
    found: list[dict[str, Any]] = error.response.get("CancellationReasons", [])
    return found


def pause(seconds: float) -> None:
    """Wait for real; tests put their own in its place."""
    time.sleep(seconds)


def delay(attempt: int) -> float:
    """Full jitter, doubling from 25 ms to 400 ms."""
    return random.uniform(0, 0.025 * 2 ** min(attempt, 4))  # noqa: S311 - spreads load, guards nothing


__all__ = ["REPEATS", "Outcome", "Pause", "delay", "outcome", "pause", "reasons"]
