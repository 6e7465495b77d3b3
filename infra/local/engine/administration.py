"""Tables: create, describe, list, delete, and their time to live."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from .catalog import Catalog, check_name
from .codec import decode, encode
from .errors import IN_USE, Refusal, refuse
from .parameters import entries, limit
from .schema import Table, build_table
from .storage import Session, expiry

MAX_INDEXES = 20
MAX_NAMES = 100
_KEY_ROLES = (["HASH"], ["HASH", "RANGE"])
_VIEWS = ("KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES")
_ARN = "arn:aws:dynamodb:local:000000000000:table/"


def create_table(session: Session, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """A new table, active at once."""
    name = parameters.get("TableName")
    check_name(name)
    _check_definition(parameters)
    if name in session.catalog.tables(session.connection):
        raise Refusal(IN_USE, f"Cannot create preexisting table: {name}")
    definition = {
        "request": dict(parameters),
        "space": _space(session),
        "index_spaces": [_space(session) for _ in parameters.get("GlobalSecondaryIndexes", ())],
        "created": session.now,
    }
    session.connection.execute("INSERT INTO tables (name, definition) VALUES (?, ?)", (name, encode(definition)))
    Catalog.bump(session.connection)
    return {"TableDescription": _describe(session, build_table(definition), "ACTIVE")}


def _space(session: Session) -> int:
    cursor = session.connection.execute("INSERT INTO spaces DEFAULT VALUES")
    return int(cursor.lastrowid or 0)


def _check_definition(parameters: Mapping[str, Any]) -> None:
    given = entries(parameters.get("AttributeDefinitions"), "AttributeDefinitions", 1, 2 + 2 * MAX_INDEXES)
    types = {entry.get("AttributeName"): entry.get("AttributeType") for entry in given}
    if len(types) < len(given) or not all(kind in ("S", "N", "B") for kind in types.values()):
        refuse("AttributeDefinitions must give each attribute once, with type S, N or B")
    used = _key_names(parameters.get("KeySchema"))
    indexes = parameters.get("GlobalSecondaryIndexes")
    if indexes is not None:
        for index in entries(indexes, "GlobalSecondaryIndexes", 1, MAX_INDEXES):
            check_name(index.get("IndexName"))
            used += _key_names(index.get("KeySchema"))
            _check_projection(index.get("Projection"))
        if len({index["IndexName"] for index in indexes}) < len(indexes):
            refuse("One or more parameter values were invalid: Duplicate index name")
    if set(used) != set(types):
        refuse("AttributeDefinitions must name exactly the attributes of all key schemas")
    _check_billing(parameters)
    _check_stream(parameters.get("StreamSpecification"))


def _key_names(schema: object) -> list[str]:
    roles = entries(schema, "KeySchema", 1, 2)
    names = [entry.get("AttributeName") for entry in roles]
    if [entry.get("KeyType") for entry in roles] not in _KEY_ROLES or len(set(names)) < len(names):
        refuse("Invalid KeySchema: one HASH attribute, then at most one other as RANGE")
    return names


def _check_projection(projection: object) -> None:
    if not isinstance(projection, Mapping) or projection.get("ProjectionType") not in ("ALL", "KEYS_ONLY", "INCLUDE"):
        refuse("An index needs a Projection of type ALL, KEYS_ONLY or INCLUDE")
    if (projection["ProjectionType"] == "INCLUDE") != bool(projection.get("NonKeyAttributes")):
        refuse("NonKeyAttributes belong to the projection type INCLUDE, and only to it")


def _check_billing(parameters: Mapping[str, Any]) -> None:
    mode = parameters.get("BillingMode", "PROVISIONED")
    if mode not in ("PROVISIONED", "PAY_PER_REQUEST"):
        refuse("BillingMode must be PROVISIONED or PAY_PER_REQUEST")
    if (mode == "PROVISIONED") != ("ProvisionedThroughput" in parameters):
        refuse("ProvisionedThroughput belongs to the billing mode PROVISIONED, and only to it")


def _check_stream(stream: object) -> None:
    if stream is None:
        return
    if not isinstance(stream, Mapping) or not isinstance(stream.get("StreamEnabled"), bool):
        refuse("StreamSpecification needs StreamEnabled")
    if stream["StreamEnabled"] != (stream.get("StreamViewType") in _VIEWS):
        refuse("StreamViewType belongs to an enabled stream, and only to it")


def describe_table(session: Session, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Keys, indexes and counts of a table."""
    return {"Table": _describe(session, session.table(parameters.get("TableName")), "ACTIVE")}


def _describe(session: Session, table: Table, status: str) -> dict[str, Any]:
    request = table.definition["request"]
    count, size = _totals(session, "items", table.space)
    created = datetime.fromtimestamp(table.definition["created"], UTC)
    throughput = request.get("ProvisionedThroughput", {"ReadCapacityUnits": 0, "WriteCapacityUnits": 0})
    described: dict[str, Any] = {
        **{name: request[name] for name in ("TableName", "AttributeDefinitions", "KeySchema")},
        **{name: request[name] for name in ("StreamSpecification", "SSEDescription") if name in request},
        "TableStatus": status,
        "CreationDateTime": created,
        "ProvisionedThroughput": {"NumberOfDecreasesToday": 0, **throughput},
        "TableSizeBytes": size,
        "ItemCount": count,
        "TableArn": f"{_ARN}{table.name}",
        "BillingModeSummary": {"BillingMode": request.get("BillingMode", "PROVISIONED")},
    }
    if table.indexes:
        given = request["GlobalSecondaryIndexes"]
        described["GlobalSecondaryIndexes"] = [
            _describe_index(session, table, index.space, entry)
            for index, entry in zip(table.indexes, given, strict=True)
        ]
    return described


def _describe_index(session: Session, table: Table, space: int, entry: Mapping[str, Any]) -> dict[str, Any]:
    count, size = _totals(session, "entries", space)
    return {
        **{name: entry[name] for name in ("IndexName", "KeySchema", "Projection")},
        "IndexStatus": "ACTIVE",
        "IndexSizeBytes": size,
        "ItemCount": count,
        "IndexArn": f"{_ARN}{table.name}/index/{entry['IndexName']}",
    }


def _totals(session: Session, rows: str, space: int) -> tuple[int, int]:
    sql = f"SELECT count(*), coalesce(sum(size), 0) FROM {rows} WHERE space = ?"
    count, size = session.connection.execute(sql, (space,)).fetchone()
    return count, size


def list_tables(session: Session, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Names of the tables in order, at most 100 a page."""
    most = limit(parameters) or MAX_NAMES
    if most > MAX_NAMES:
        refuse(f"Limit must be at most {MAX_NAMES}")
    start = parameters.get("ExclusiveStartTableName", "")
    names = [name for name in sorted(session.catalog.tables(session.connection)) if name > start]
    result: dict[str, Any] = {"TableNames": names[:most]}
    if len(names) > most:
        result["LastEvaluatedTableName"] = names[most - 1]
    return result


def delete_table(session: Session, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Removes a table with its items, indexes and change feed, at once."""
    table = session.table(parameters.get("TableName"))
    description = _describe(session, table, "DELETING")
    connection = session.connection
    for index in table.indexes:
        connection.execute("DELETE FROM entries WHERE space = ?", (index.space,))
    for statement in ("DELETE FROM items WHERE space = ?", "DELETE FROM changes WHERE space = ?"):
        connection.execute(statement, (table.space,))
    connection.execute("DELETE FROM tables WHERE name = ?", (table.name,))
    Catalog.bump(connection)
    return {"TableDescription": description}


def update_time_to_live(session: Session, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Names the attribute that expires items, or stops expiring them."""
    table = session.table(parameters.get("TableName"))
    specification = parameters.get("TimeToLiveSpecification")
    if not isinstance(specification, Mapping) or set(specification) != {"Enabled", "AttributeName"}:
        refuse("TimeToLiveSpecification needs Enabled and AttributeName")
    attribute, enabled = specification["AttributeName"], specification["Enabled"]
    if not isinstance(attribute, str) or not attribute or not isinstance(enabled, bool):
        refuse("TimeToLiveSpecification needs a flag and the name of an attribute")
    if enabled == (table.ttl is not None):
        refuse(f"TimeToLive is already {'enabled' if enabled else 'disabled'}")
    if not enabled and attribute != table.ttl:
        refuse("TimeToLive is active on a different AttributeName")
    ttl = attribute if enabled else None
    connection = session.connection
    definition = {**table.definition, "ttl": ttl}
    connection.execute("UPDATE tables SET definition = ? WHERE name = ?", (encode(definition), table.name))
    rows = connection.execute("SELECT hash, range, body FROM items WHERE space = ?", (table.space,))
    moments = [(expiry(ttl, decode(body)), table.space, hashed, ranged) for hashed, ranged, body in rows]
    connection.executemany("UPDATE items SET expires = ? WHERE space = ? AND hash = ? AND range = ?", moments)
    Catalog.bump(connection)
    return {"TimeToLiveSpecification": dict(specification)}


def describe_time_to_live(session: Session, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Whether items of a table expire, and by which attribute."""
    table = session.table(parameters.get("TableName"))
    if table.ttl is None:
        return {"TimeToLiveDescription": {"TimeToLiveStatus": "DISABLED"}}
    return {"TimeToLiveDescription": {"TimeToLiveStatus": "ENABLED", "AttributeName": table.ttl}}
