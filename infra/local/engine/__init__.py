"""A small, strict engine in the shape of DynamoDB over SQLite: what the service refuses, it refuses.

`Engine(path).call(operation, parameters)` takes and returns botocore's dictionaries and raises its ClientError.
"""

from .changes import Change
from .engine import Engine
from .transport import EngineTransport

__all__ = ["Change", "Engine", "EngineTransport"]
