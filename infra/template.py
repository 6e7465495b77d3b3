"""The CloudFormation template: fragments merged into one, and rules the finished one must keep."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

GATEWAY_LIMIT = 300
MEMORY = 1024
TIMEOUTS = range(15, 30)
SUBSTITUTED = re.compile(r"\$\{(\w+)(?:\.[\w.]+)?\}")

Json = dict[str, Any]


class TemplateError(Exception):
    """The template must not be deployed; the message names every reason."""


def merge(*fragments: Json) -> Json:
    """Fragments as one template. Two that say different things about the same member are a TemplateError."""
    merged: Json = {}
    for fragment in fragments:
        merged = _merge(merged, fragment, "")
    return merged


def _merge(left: Json, right: Json, where: str) -> Json:
    merged = dict(left)
    for name, value in right.items():
        path = f"{where}/{name}"
        if isinstance(value, dict) and isinstance(merged.get(name), dict):
            merged[name] = _merge(merged[name], value, path)
        elif name in merged and merged[name] != value:
            raise TemplateError(f"{path} is given twice")
        else:
            merged[name] = value
    return merged


def check_template(template: Json) -> dict[str, int]:
    """Counts of the template's resources and gateway paths; raises TemplateError with everything that is wrong."""
    resources: Json = template["Resources"]
    paths = gateway_paths(resources["RestAPI"]["Properties"]["DefinitionBody"]["paths"])
    faults = [*_functions(resources), *_policies(resources), *_references(template), *_untyped(resources)]
    if len(paths) > GATEWAY_LIMIT:
        faults.append(f"{len(paths)} gateway paths, the limit is {GATEWAY_LIMIT}")
    if faults:
        raise TemplateError("; ".join(faults))
    return {"resources": len(resources), "paths": len(paths)}


def gateway_paths(paths: Iterable[str]) -> set[str]:
    """Every node the gateway creates: each path with all of its prefixes, the root included."""
    nodes = {"/"}
    for path in paths:
        parts = path.strip("/").split("/")
        nodes.update("/" + "/".join(parts[:count]) for count in range(1, len(parts) + 1))
    return nodes


def _functions(resources: Json) -> Iterator[str]:
    for name, resource in resources.items():
        if resource.get("Type") == "AWS::Serverless::Function":
            properties = resource["Properties"]
            if properties["MemorySize"] < MEMORY:
                yield f"{name} has {properties['MemorySize']} MB"
            if properties["Timeout"] not in TIMEOUTS:
                yield f"{name} may run {properties['Timeout']} s"
            if "LoggingConfig" not in properties:
                yield f"{name} has no log group"


def _policies(resources: Json) -> Iterator[str]:
    """No function may do everything, or anything to everything."""
    for name, resource in resources.items():
        if resource.get("Type") != "AWS::IAM::Role":
            continue
        for policy in resource["Properties"]["Policies"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                if any("*" in action for action in _listed(statement["Action"])):
                    yield f"{name} has an action with a wildcard"
                if "*" in _listed(statement["Resource"]):
                    yield f"{name} has a statement about every resource"
                if "dynamodb:Scan" in _listed(statement["Action"]):
                    yield f"{name} may scan a table"


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _references(template: Json) -> Iterator[str]:
    """Every Ref, GetAtt and Sub names something the template has."""
    known = {*template["Resources"], *template.get("Parameters", {})}
    for name in sorted(set(_named(template)) - known):
        yield f"{name} is referred to but not defined"


def _named(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("Ref"), str) and not value["Ref"].startswith("AWS::"):
            yield value["Ref"]
        if isinstance(value.get("Fn::GetAtt"), list):
            yield value["Fn::GetAtt"][0]
        if isinstance(value.get("Fn::Sub"), str):
            yield from SUBSTITUTED.findall(value["Fn::Sub"])
        for member in value.values():
            yield from _named(member)
    elif isinstance(value, list):
        for member in value:
            yield from _named(member)


def _untyped(resources: Json) -> Iterator[str]:
    """A merged resource without a type completes one that Chalice did not make, such as a function that was renamed."""
    for name, resource in resources.items():
        if "Type" not in resource:
            yield f"{name} has no type: nothing else declares it"
