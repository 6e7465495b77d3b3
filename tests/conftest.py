"""What all tests may use: one DynamoDB Local for each test process that asks for it."""

from hypothesis import HealthCheck, settings

from tests.dynamodb_local import dynamodb_local

# How long examples take depends on what else the machine does.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

__all__ = ["dynamodb_local"]
