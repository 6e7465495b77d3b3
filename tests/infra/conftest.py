"""What the infrastructure's tests share."""

from tests.dynamodb_local import dynamodb_local

__all__ = ["dynamodb_local"]
