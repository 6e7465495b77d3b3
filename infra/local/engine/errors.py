"""Refusals, and their form at the edge: botocore's ClientError with the response layout of the service."""

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from botocore.exceptions import ClientError

VALIDATION = "ValidationException"
CONDITION_FAILED = "ConditionalCheckFailedException"
CANCELED = "TransactionCanceledException"
NOT_FOUND = "ResourceNotFoundException"
IN_USE = "ResourceInUseException"
MISMATCH = "IdempotentParameterMismatchException"
UNKNOWN_OPERATION = "UnknownOperationException"
INTERNAL = "InternalServerError"


class Refusal(Exception):
    """The engine says no. `extra` holds the members the service adds beside Error, such as Item."""

    status = 400

    def __init__(self, code: str, message: str, extra: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.extra = dict(extra or {})

    def client_error(self, operation: str, request_id: str) -> ClientError:
        """The error botocore would raise for the same answer of the service."""
        response: dict[str, Any] = {
            "Error": {"Message": self.message, "Code": self.code},
            "ResponseMetadata": {"RequestId": request_id, "HTTPStatusCode": self.status, "RetryAttempts": 0},
            **self.extra,
        }
        return ClientError(response, operation)


class Failure(Refusal):
    """The database failed; as with the service's own failures, whether a write was applied is open."""

    status = 500

    def __init__(self, message: str) -> None:
        super().__init__(INTERNAL, message)


class KeyRefusal(Refusal):
    """A key attribute cannot be what it should become: alone a ValidationException, in a transaction a reason."""

    def __init__(self, message: str) -> None:
        super().__init__(VALIDATION, f"One or more parameter values were invalid: {message}")


class KeyUpdate(Refusal):
    """An update would change a key attribute: alone a ValidationException, it cancels a transaction at once."""

    def __init__(self, name: str) -> None:
        super().__init__(VALIDATION, f"Cannot update attribute {name}. This attribute is part of the key")


def refuse(message: str) -> NoReturn:
    """Raises the Refusal the service calls ValidationException."""
    raise Refusal(VALIDATION, message)


def condition_failed(old: Mapping[str, Any] | None) -> Refusal:
    """The failed condition of a single write; `old` is the item to show, if it exists and was asked for."""
    message = "The conditional request failed"
    return Refusal(
        CONDITION_FAILED, message, {"message": message} if old is None else {"message": message, "Item": old}
    )


def canceled(reasons: Sequence[Mapping[str, Any]]) -> Refusal:
    """The cancelled transaction, with one reason for each of its items, in order."""
    codes = ", ".join(str(reason["Code"]) for reason in reasons)
    message = f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]"
    return Refusal(CANCELED, message, {"Message": message, "CancellationReasons": list(reasons)})
