"""A transport that fails by schedule, below botocore's level: what the store sees is what botocore would raise."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)

from chalicelib.store.transport import Transport

URL = "https://dynamodb.test"
WRITES = frozenset({"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems"})

Parameters = Mapping[str, Any]
Raised = Callable[[str, Parameters], Exception]


@dataclass(frozen=True)
class Fault:
    """One way to fail: nothing has happened `before`, everything has happened after. None: it does not fit the call."""

    name: str
    error: Raised
    applied: bool = False
    only: frozenset[str] | None = None
    known: bool = True
    """Whether the failure says that nothing was applied."""

    def fits(self, operation: str) -> bool:
        return self.only is None or operation in self.only

    def __str__(self) -> str:
        return self.name


def service(code: str, status: int = 400) -> Raised:
    """An error answered by the service."""

    def error(operation: str, parameters: Parameters) -> Exception:
        return client_error(operation, code, status)

    return error


def client_error(operation: str, code: str, status: int = 400, **more: Any) -> Exception:
    """As botocore raises it."""
    response: Any = {
        "Error": {"Code": code, "Message": f"injected {code}"},
        "ResponseMetadata": {"HTTPStatusCode": status, "RequestId": "INJECTED", "RetryAttempts": 0},
        **more,
    }
    error: Exception = ClientError(response, operation)
    return error


def cancelled(code: str, which: int = 0) -> Raised:
    """A cancelled transaction; the reason stands at item `which`."""

    def error(operation: str, parameters: Parameters) -> Exception:
        reasons = [{"Code": "None"} for _ in parameters["TransactItems"]]
        reasons[which] = {"Code": code, "Message": "injected"}
        return client_error(operation, "TransactionCanceledException", CancellationReasons=reasons)

    return error


def conflict(operation: str, parameters: Parameters) -> Exception:
    """What another transaction on the same item leads to."""
    if operation == "TransactWriteItems":
        return cancelled("TransactionConflict", -1)(operation, parameters)
    return client_error(operation, "TransactionConflictException")


def _reset(operation: str, parameters: Parameters) -> Exception:
    error: Exception = ConnectionClosedError(endpoint_url=URL)
    return error


def _timeout(operation: str, parameters: Parameters) -> Exception:
    error: Exception = ReadTimeoutError(endpoint_url=URL)
    return error


TRANSACTION = frozenset({"TransactWriteItems"})
READS = frozenset({"GetItem", "BatchGetItem", "Query"})

THROTTLED = Fault("throttled", service("ThrottlingException"))
PROVISIONED = Fault("provisioned", service("ProvisionedThroughputExceededException"))
CANCELLED_THROTTLED = Fault("cancelled-throttled", cancelled("ThrottlingError"), only=TRANSACTION)
CONFLICT = Fault("conflict", conflict, only=WRITES)
IN_PROGRESS = Fault("in-progress", service("TransactionInProgressException"), only=TRANSACTION)
NEVER_CONNECTED = Fault("never-connected", lambda operation, parameters: ConnectTimeoutError(endpoint_url=URL))
NO_ENDPOINT = Fault("no-endpoint", lambda operation, parameters: EndpointConnectionError(endpoint_url=URL))
LOST_REQUEST = Fault("lost-request", _timeout, known=False)
LOST_REPLY = Fault("lost-reply", _timeout, applied=True, known=False)
RESET_BEFORE = Fault("reset-before", _reset, known=False)
RESET_AFTER = Fault("reset-after", _reset, applied=True, known=False)
BROKEN = Fault("500", service("InternalServerError", 500), known=False)
BROKEN_AFTER = Fault("500-applied", service("InternalServerError", 500), applied=True, known=False)
UNAVAILABLE = Fault("503", service("ServiceUnavailable", 503), known=False)

FAULTS = (
    THROTTLED,
    PROVISIONED,
    CANCELLED_THROTTLED,
    CONFLICT,
    IN_PROGRESS,
    NEVER_CONNECTED,
    NO_ENDPOINT,
    LOST_REQUEST,
    LOST_REPLY,
    RESET_BEFORE,
    RESET_AFTER,
    BROKEN,
    BROKEN_AFTER,
    UNAVAILABLE,
)


@dataclass
class Call:
    """One call that reached the transport."""

    operation: str
    parameters: Parameters
    applied: bool = False
    fault: Fault | None = None


@dataclass
class Faulty:
    """Passes calls on, failing those that `decide` (by number, from 0 since `arm`, and operation) names a fault for."""

    inner: Transport
    decide: Callable[[int, str], Fault | None] | None = None
    after: Callable[[Call], None] | None = None
    calls: list[Call] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()

    def arm(self, decide: Callable[[int, str], Fault | None] | None = None) -> None:
        """Count from here; fail as `decide` says."""
        self.calls, self.decide = [], decide

    def once(self, number: int, *faults: Fault) -> None:
        """Fail call `number` and those that follow it, one fault each."""
        wanted = dict(enumerate(faults, number))
        self.arm(lambda at, operation: wanted.get(at))

    def always(self, fault: Fault, operations: frozenset[str] = WRITES) -> None:
        """Fail every call of some operations."""
        self.arm(lambda at, operation: fault if operation in operations else None)

    def disarm(self) -> None:
        """Fail no more; what was counted stays."""
        self.decide = self.after = None

    def call(self, operation: str, parameters: Parameters) -> dict[str, Any]:
        with self._lock:
            number = len(self.calls)
            call = Call(operation, parameters)
            self.calls.append(call)
        fault = self.decide(number, operation) if self.decide is not None else None
        if fault is not None and not fault.fits(operation):
            fault = None
        call.fault = fault
        if fault is not None and not fault.applied:
            raise fault.error(operation, parameters)
        reply = self.inner.call(operation, parameters)
        call.applied = True
        if self.after is not None:
            self.after(call)
        if fault is not None:
            raise fault.error(operation, parameters)
        return reply


class Unprocessed:
    """A transport whose batches leave keys unread: all but `kept` of each of the first `times` batches."""

    def __init__(self, inner: Transport, kept: int, times: int) -> None:
        self._inner, self._kept, self._left = inner, kept, times
        self.batches: list[int] = []

    def call(self, operation: str, parameters: Parameters) -> dict[str, Any]:
        if operation != "BatchGetItem" or self._left <= 0:
            return self._inner.call(operation, parameters)
        self._left -= 1
        ((table, wanted),) = parameters["RequestItems"].items()
        self.batches.append(len(wanted["Keys"]))
        now, later = wanted["Keys"][: self._kept], wanted["Keys"][self._kept :]
        reply: dict[str, Any] = {"Responses": {table: []}}
        if now:
            reply = self._inner.call(operation, {**parameters, "RequestItems": {table: {**wanted, "Keys": now}}})
        return {**reply, "UnprocessedKeys": {table: {**wanted, "Keys": later}} if later else {}}
