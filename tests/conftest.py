"""What all tests may use: one DynamoDB Local for each test process that asks for it."""

import gc

import pytest
from hypothesis import HealthCheck, settings

from tests.dynamodb_local import dynamodb_local

# How long examples take depends on what else the machine does.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

__all__ = ["dynamodb_local"]


def pytest_collection_finish(session: pytest.Session) -> None:
    """Twenty thousand tests are never garbage: looking at them again and again costs a tenth of the run."""
    gc.collect()
    gc.freeze()
