"""The engine: one call per operation, as botocore would make and answer it."""

import os
import sqlite3
import time
from collections.abc import Callable, Mapping
from itertools import count
from typing import Any

from . import administration, changes, queries, reads, transactions, writes
from .catalog import Catalog
from .changes import TTL_IDENTITY, Change
from .codec import decode
from .database import Database, Synchronous
from .errors import UNKNOWN_OPERATION, Failure, Refusal
from .parameters import OPERATIONS, check
from .storage import Session, Stored, store

Handler = Callable[[Session, Mapping[str, Any]], dict[str, Any]]

SWEEP_BATCH = 200
# The service leaves items alone whose expiry lies further back; such a number is hardly meant as a time.
OLDEST_EXPIRY_SECONDS = 5 * 365 * 86_400

_READS: dict[str, Handler] = {
    "GetItem": reads.get_item,
    "Query": queries.query,
    "Scan": queries.scan,
}
_SNAPSHOTS: dict[str, Handler] = {
    "BatchGetItem": reads.batch_get_item,
    "TransactGetItems": reads.transact_get_items,
    "DescribeTable": administration.describe_table,
    "ListTables": administration.list_tables,
    "DescribeTimeToLive": administration.describe_time_to_live,
}
_WRITES: dict[str, Handler] = {
    "PutItem": writes.put_item,
    "UpdateItem": writes.update_item,
    "DeleteItem": writes.delete_item,
    "BatchWriteItem": writes.batch_write_item,
    "TransactWriteItems": transactions.transact_write_items,
    "CreateTable": administration.create_table,
    "DeleteTable": administration.delete_table,
    "UpdateTimeToLive": administration.update_time_to_live,
}


class Engine:
    """DynamoDB's operations over one SQLite database, for any number of threads and, on a file, processes.

    `path` is a file or `:memory:`. With `synchronous` FULL an answered write survives the loss of power, with
    NORMAL the death of the process. `clock` gives epoch seconds; it decides only how long client tokens live and
    what time changes and tables carry.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        synchronous: Synchronous = "FULL",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._database = Database(os.fspath(path), synchronous)
        self._catalog = Catalog()
        self._clock = clock
        self._requests = count(1)

    def call(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Runs one operation on botocore's parameters and returns botocore's result.

        Raises botocore's ClientError, with the codes and members of the service; a database that fails, by a full
        disk for example, is an InternalServerError.
        """
        request_id = f"{next(self._requests):032X}"
        try:
            allowed = OPERATIONS.get(operation)
            if allowed is None:
                raise Refusal(UNKNOWN_OPERATION, f"The engine has no operation {operation}")
            result = self._run(operation, check(parameters, allowed))
        except Refusal as refusal:
            raise refusal.client_error(operation, request_id) from None
        except sqlite3.OperationalError as error:
            raise Failure(str(error)).client_error(operation, request_id) from error
        result["ResponseMetadata"] = {"RequestId": request_id, "HTTPStatusCode": 200, "RetryAttempts": 0}
        return result

    def _run(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        database = self._database
        handler = _READS.get(operation)
        if handler is not None:
            with database.reading() as connection:
                return handler(Session(connection, self._catalog, 0.0), parameters)
        handler = _SNAPSHOTS.get(operation)
        if handler is not None:
            with database.snapshot() as connection:
                return handler(Session(connection, self._catalog, 0.0), parameters)
        with database.writing() as connection:
            return _WRITES[operation](Session(connection, self._catalog, self._clock()), parameters)

    def sweep_expired(self, now_epoch_seconds: int) -> int:
        """Deletes items whose TTL attribute lies before `now_epoch_seconds`; how many there were.

        The deletions appear in the change feed under the identity DynamoDB uses for them.
        """
        total = 0
        with self._database.reading() as connection:
            names = [name for name, table in self._catalog.tables(connection).items() if table.ttl is not None]
        for name in names:
            while swept := self._sweep(name, now_epoch_seconds):
                total += swept
        return total

    def _sweep(self, name: str, now: int) -> int:
        with self._database.writing() as connection:
            table = self._catalog.tables(connection).get(name)
            if table is None or table.ttl is None:
                return 0
            rows = connection.execute(
                "SELECT hash, range, size, body FROM items WHERE space = ? AND expires < ? AND expires > ?"
                " ORDER BY expires LIMIT ?",
                (table.space, now, now - OLDEST_EXPIRY_SECONDS, SWEEP_BATCH),
            ).fetchall()
            session = Session(connection, self._catalog, float(now))
            for hashed, ranged, size, body in rows:
                store(session, table, (hashed, ranged), Stored(decode(body), size), None, TTL_IDENTITY)
            return len(rows)

    def changes(self, table: str, after: int, limit: int) -> list[Change]:
        """At most `limit` changes of a streamed table behind sequence number `after`, in commit order.

        Raises ClientError for an unknown table.
        """
        try:
            with self._database.reading() as connection:
                return changes.read(connection, self._catalog.table(connection, table), after, limit)
        except Refusal as refusal:
            raise refusal.client_error("GetRecords", "") from None

    def trim_changes(self, table: str, upto: int) -> None:
        """Forgets the changes of a table up to and including sequence number `upto`.

        Raises ClientError for an unknown table.
        """
        try:
            with self._database.writing() as connection:
                changes.trim(connection, self._catalog.table(connection, table), upto)
        except Refusal as refusal:
            raise refusal.client_error("TrimRecords", "") from None

    def close(self) -> None:
        """Closes the database; later calls raise RuntimeError."""
        self._database.close()
