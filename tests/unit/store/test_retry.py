"""What a failed call means: the table of STORE §6."""

from __future__ import annotations

import pytest
from botocore import exceptions as botocore

from chalicelib.store import retry
from chalicelib.store.retry import Outcome
from tests.unit.store.fakes import cancelled, failed

URL = "https://dynamodb.test"
NOT_APPLIED, LOCKED, UNKNOWN, CHANGED, REFUSED = Outcome


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (failed("ProvisionedThroughputExceededException"), NOT_APPLIED),
        (failed("ThrottlingException"), NOT_APPLIED),
        (failed("RequestLimitExceeded"), NOT_APPLIED),
        (failed("TransactionInProgressException"), NOT_APPLIED),
        (failed("TransactionConflictException"), LOCKED),
        (failed("ConditionalCheckFailedException"), CHANGED),
        (failed("InternalServerError", 500), UNKNOWN),
        (failed("ServiceUnavailable", 503), UNKNOWN),
        (failed("SomethingNew", 500), UNKNOWN),
        (failed("SomethingNew", 502), UNKNOWN),
        (failed("ValidationException"), REFUSED),
        (failed("ResourceNotFoundException"), REFUSED),
        (failed("AccessDeniedException"), REFUSED),
        (failed("IdempotentParameterMismatchException"), REFUSED),
        (cancelled("None", "ConditionalCheckFailed"), CHANGED),
        (cancelled("TransactionConflict", "None"), LOCKED),
        (cancelled("ThrottlingError"), NOT_APPLIED),
        (cancelled("ProvisionedThroughputExceeded", "None"), NOT_APPLIED),
        (cancelled("TransactionConflict", "ConditionalCheckFailed"), CHANGED),
        (cancelled("ThrottlingError", "TransactionConflict"), LOCKED),
        (cancelled("ThrottlingError", "ConditionalCheckFailed"), CHANGED),
        (cancelled("ConditionalCheckFailed", "ValidationError"), REFUSED),
        (cancelled("ItemCollectionSizeLimitExceeded"), REFUSED),
        (cancelled("None"), REFUSED),
        (cancelled(), REFUSED),
        (failed("TransactionCanceledException"), REFUSED),
        (botocore.ConnectTimeoutError(endpoint_url=URL), NOT_APPLIED),
        (botocore.EndpointConnectionError(endpoint_url=URL), NOT_APPLIED),
        (botocore.ProxyConnectionError(proxy_url=URL), NOT_APPLIED),
        (botocore.ReadTimeoutError(endpoint_url=URL), UNKNOWN),
        (botocore.ConnectionClosedError(endpoint_url=URL), UNKNOWN),
        (botocore.HTTPClientError(error="anything"), UNKNOWN),
        (botocore.SSLError(endpoint_url=URL, error="record layer failure"), UNKNOWN),
        (ConnectionResetError(), UNKNOWN),
        (TimeoutError(), UNKNOWN),
        (botocore.NoCredentialsError(), REFUSED),
        (botocore.NoRegionError(), REFUSED),
        (ValueError(), REFUSED),
    ],
    ids=lambda value: str(value).replace(" ", "-")[:70],
)
def test_outcome(error: Exception, expected: Outcome) -> None:
    assert retry.outcome(error) is expected


def test_delays_are_jittered_and_bounded() -> None:
    for attempt, most in ((1, 0.05), (2, 0.1), (3, 0.2), (4, 0.4), (9, 0.4)):
        drawn = [retry.delay(attempt) for _ in range(300)]
        assert 0 <= min(drawn) < most * 0.1
        assert most * 0.9 < max(drawn) <= most
