"""What all tests may use: one DynamoDB Local for each test process that asks for it."""

from tests.dynamodb_local import dynamodb_local

__all__ = ["dynamodb_local"]
