"""`python -m infra.tables [--check]`: the template fragment of both tables, derived from their models.

Writes `infra/tables.json`; `--check` only compares. Keys, indexes, stream and time to live come from the store; what
is added here is how tables are kept: encrypted, recoverable, and never deleted together with the stack.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from pynamodb.models import Model

from chalicelib.store.database import table_definition, time_to_live
from chalicelib.store.table import Outbox, Row

FILE = Path(__file__).parent / "tables.json"
TABLES: dict[str, type[Model]] = {"ResourcesTable": Row, "OutboxTable": Outbox}

# The one key of `resources.json`. Whoever calls the table needs `kms:Decrypt` on it through DynamoDB.
KEY = "AccountKey"

Json = dict[str, Any]


def fragment() -> Json:
    """Both tables as CloudFormation resources; names are left to the stack."""
    return {"Resources": {name: _resource(model) for name, model in TABLES.items()}}


def _resource(model: type[Model]) -> Json:
    definition = table_definition(model, "")
    del definition["TableName"]
    stream = definition.pop("StreamSpecification", None)
    if stream is not None:
        # CloudFormation infers StreamEnabled and refuses it.
        definition["StreamSpecification"] = {"StreamViewType": stream["StreamViewType"]}
    kept = {
        "TimeToLiveSpecification": time_to_live("")["TimeToLiveSpecification"],
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
        "SSESpecification": {
            "SSEEnabled": True,
            "SSEType": "KMS",
            "KMSMasterKeyId": {"Fn::GetAtt": [KEY, "Arn"]},
        },
        "DeletionProtectionEnabled": True,
    }
    return {
        "Type": "AWS::DynamoDB::Table",
        "DeletionPolicy": "Retain",
        "UpdateReplacePolicy": "Retain",
        "Properties": {**definition, **kept},
    }


def text() -> str:
    """The file as it must be."""
    return json.dumps(fragment(), indent=2) + "\n"


def main(arguments: list[str]) -> int:
    """0 when the file is written, or was as it must be; 1 when `--check` finds a difference."""
    parser = argparse.ArgumentParser(prog="python -m infra.tables", description="Write infra/tables.json.")
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    if not parser.parse_args(arguments).check:
        FILE.write_text(text(), "utf-8")
        return 0
    if FILE.exists() and FILE.read_text("utf-8") == text():
        return 0
    print("infra/tables.json is not what the models say: run `python -m infra.tables`", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
