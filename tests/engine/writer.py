"""Writes conditional updates and transactions to an engine file until it is killed; run by `test_durability`.

Prints the number of each write once it is acknowledged.
"""

import sys
from itertools import count

from infra.local.engine import Engine
from tests.engine.tables import key


def main(path: str) -> None:
    """Never returns."""
    engine = Engine(path)
    for number in count(1):
        up = {
            "TableName": "things",
            "Key": key("counter"),
            "UpdateExpression": "SET n = :n",
            "ConditionExpression": "n = :before",
            "ExpressionAttributeValues": {":n": {"N": str(number)}, ":before": {"N": str(number - 1)}},
        }
        trace = {"TableName": "things", "Item": {**key("trace", f"{number:09}"), "in_1": {"S": "u"}}}
        engine.call("TransactWriteItems", {"TransactItems": [{"Update": up}, {"Put": trace}]})
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
