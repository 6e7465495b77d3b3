"""Rules of the archive and the template.

The whole package is too slow for here: `make lint` builds, verifies and imports it (`python -m infra.package --check`).
"""

from __future__ import annotations

import json
import re
import struct
import subprocess
import sys
import zipfile
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any

import pytest

from infra.archive import MACHINES, ArchiveError, bytecode, distributions, machine_of, needed, prune, verify
from infra.package import ROOT, PackageError, copy_project
from infra.template import TemplateError, check_template, gateway_paths, merge

ELF = b"\x7fELF" + bytes(14) + struct.pack("<H", MACHINES["arm64"]) + b"code"
GOOD = {
    "app.py": b"",
    "chalicelib/tests/__init__.py": b"",
    "chalicelib/licensing/permissions.json": b"{}",
    "chalice/__init__.py": b"",
    "chalice/app.py": b"",
    "cryptography/_rust.abi3.so": ELF,
    "cryptography-1.0.dist-info/METADATA": b"Name: cryptography",
    "msgspec/_core.so": ELF,
    "msgspec-1.0.dist-info/METADATA": b"Name: msgspec",
    "_cffi_backend.so": ELF,
}
REQUIRED = {"cryptography", "msgspec"}


def archive_of(folder: Path, files: dict[str, bytes]) -> Path:
    path = folder / "deployment.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("app.py", True),
        ("chalicelib/tests/x.py", True),
        ("chalicelib/__pycache__/x.pyc", False),
        ("botocore/data/endpoints.json", True),
        ("botocore/data/dynamodb/2012-08-10/service-2.json.gz", True),
        ("botocore/data/ec2/2016-11-15/service-2.json.gz", False),
        ("boto3/data/s3/2006-03-01/resources-1.json", False),
        ("botocore/docs/service.py", True),
        ("pynamodb-6.1.0.dist-info/METADATA", True),
        ("pynamodb-6.1.0.dist-info/licenses/LICENSE", True),
        ("pynamodb-6.1.0.dist-info/RECORD", False),
        ("jmespath-1.1.0.data/scripts/jp.py", False),
        ("package/tests/test_it.py", False),
        ("package/tests.py", True),
        ("package/types.pyi", False),
        ("package/", False),
    ],
)
def test_what_lambda_needs(name: str, kept: bool) -> None:
    assert needed(name) is kept


def test_pruning_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    source = archive_of(tmp_path, {"b/__pycache__/x.pyc": b"1", "b/x.py": b"2", "app.py": b"3"})
    for name in ("one.zip", "two.zip"):
        prune(source, tmp_path / name)
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        assert [name for name in archive.namelist() if not name.endswith(".pyc")] == ["app.py", "b/x.py"]
        assert archive.read("b/x.py") == b"2"
        assert archive.infolist()[0].external_attr >> 16 == 0o100644


def test_a_good_archive_is_taken(tmp_path: Path) -> None:
    verify(archive_of(tmp_path, GOOD), "arm64", REQUIRED, {"pytest"})


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"pytest-9.2.0.dist-info/METADATA": b""}, "pytest is a development dependency"),
        ({"infra/local/server.py": b""}, "infra/ must not be deployed"),
        ({"tests/test_x.py": b""}, "tests/ must not be deployed"),
        ({"chalice/local.py": b""}, "chalice/ is more than its runtime"),
        ({"msgspec-1.0.dist-info/METADATA": None}, "msgspec is missing"),
        ({"msgspec/_core.so": None}, "no compiled module of msgspec"),
        ({"app.py": None}, "app.py is missing"),
        ({"other/x.so": b"\x7fELF" + bytes(14) + struct.pack("<H", 62)}, "other/x.so is not built for arm64"),
        ({"other/x.so.2": b"MZ"}, "other/x.so.2 is not built for arm64"),
    ],
)
def test_a_bad_archive_is_refused(tmp_path: Path, change: dict[str, bytes | None], reason: str) -> None:
    files = {name: content for name, content in {**GOOD, **change}.items() if content is not None}
    with pytest.raises(ArchiveError, match=re.escape(reason)):
        verify(archive_of(tmp_path, files), "arm64", REQUIRED, {"pytest"})


def test_a_large_archive_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.archive.SIZE_LIMIT", 100)
    with pytest.raises(ArchiveError, match="bytes zipped, the limit is 100"):
        verify(archive_of(tmp_path, GOOD), "arm64", REQUIRED, set())


def test_machines_are_read_from_the_header() -> None:
    assert machine_of(ELF) == MACHINES["arm64"]
    assert machine_of(ELF[:10]) is None
    assert machine_of(b"MZ" + bytes(18)) is None


def test_requirements_are_read_as_names() -> None:
    text = (
        "-r requirements.txt\n# comment\n\nMsgSpec==0.22.0  # why\nruamel_yaml[x]>=1\nuvicorn ; python_version > '3'\n"
    )
    assert distributions(text) == {"msgspec", "ruamel-yaml", "uvicorn"}


def test_a_project_without_its_parts_is_named(tmp_path: Path) -> None:
    with pytest.raises(PackageError, match=r"missing: app\.py, chalicelib, infra/resources\.json, infra/tables\.json"):
        copy_project(tmp_path, tmp_path / "copy")


def test_fragments_merge_and_contradictions_do_not() -> None:
    assert merge({"a": {"b": 1}}, {"a": {"c": 2}, "d": 3}, {"d": 3}) == {"a": {"b": 1, "c": 2}, "d": 3}
    with pytest.raises(TemplateError, match="/a/b is given twice"):
        merge({"a": {"b": 1}}, {"a": {"b": 2}})


def test_gateway_paths_count_every_node() -> None:
    nodes = gateway_paths(["/v1/{proxy+}", "/v1/accounts/{account}"])
    assert nodes == {"/", "/v1", "/v1/{proxy+}", "/v1/accounts", "/v1/accounts/{account}"}


def template_with(name: str, resource: dict[str, Any]) -> dict[str, Any]:
    api = {"Type": "AWS::Serverless::Api", "Properties": {"DefinitionBody": {"paths": {"/v1/{proxy+}": {}}}}}
    return {"Resources": {"RestAPI": api, name: resource}}


def role(action: Any, resource: Any) -> dict[str, Any]:
    document = {"Statement": [{"Action": action, "Resource": resource}]}
    return {"Type": "AWS::IAM::Role", "Properties": {"Policies": [{"PolicyDocument": document}]}}


def function(memory: int = 1024, timeout: int = 20, **members: Any) -> dict[str, Any]:
    properties = {"MemorySize": memory, "Timeout": timeout, "LoggingConfig": {}, **members}
    return {"Type": "AWS::Serverless::Function", "Properties": properties}


@pytest.mark.parametrize(
    ("resource", "reason"),
    [
        (role(["dynamodb:*"], "arn"), "X has an action with a wildcard"),
        (role("dynamodb:GetItem", ["*"]), "X has a statement about every resource"),
        (role("dynamodb:Scan", "arn"), "X may scan a table"),
        (function(memory=128), "X has 128 MB"),
        (function(timeout=60), "X may run 60 s"),
        (function(Role={"Fn::GetAtt": ["Y", "Arn"]}), "Y is referred to but not defined"),
        (function(Role={"Fn::Sub": "${AWS::Region}/${Y.Arn}/${X}"}), "Y is referred to but not defined"),
        ({"Properties": {}}, "X has no type"),
    ],
)
def test_a_bad_template_is_refused(resource: dict[str, Any], reason: str) -> None:
    with pytest.raises(TemplateError, match=f"^{re.escape(reason)}[^;]*$"):
        check_template(template_with("X", resource))


def test_a_good_template_is_counted() -> None:
    assert check_template(template_with("X", function())) == {"resources": 2, "paths": 3}


def test_gateway_answers_are_json_api_documents() -> None:
    resources = json.loads((ROOT / "infra" / "resources.json").read_text("utf-8"))["Resources"]
    body = resources["RestAPI"]["Properties"]["DefinitionBody"]
    answers = body["x-amazon-apigateway-gateway-responses"]
    assert {"MISSING_AUTHENTICATION_TOKEN", "REQUEST_TOO_LARGE", "DEFAULT_4XX", "DEFAULT_5XX"} <= answers.keys()
    for answer in answers.values():
        assert json.loads(answer["responseTemplates"]["application/json"])["errors"][0]["title"]
        kind = answer["responseParameters"]["gatewayresponse.header.Content-Type"]
        assert kind == "'application/vnd.api+json; charset=utf-8'"
    assert answers["MISSING_AUTHENTICATION_TOKEN"]["statusCode"] == "404"
    assert answers["REQUEST_TOO_LARGE"]["statusCode"] == "413"


def test_every_function_has_its_own_policy() -> None:
    folder = ROOT / ".chalice"
    config = json.loads((folder / "config.json").read_text("utf-8"))
    assert config["autogen_policy"] is False
    assert "minimum_compression_size" not in config
    files = [settings["iam_policy_file"] for settings in config["lambda_functions"].values()]
    assert sorted(files) == sorted(path.name for path in folder.glob("policy-*.json"))


def test_bytecode_is_taken_without_looking_at_the_source(tmp_path: Path) -> None:
    """What runs is what was compiled: Lambda neither compiles nor compares times."""
    (tmp_path / "module.py").write_text("VALUE = 'source'")
    compiled = Path(cache_from_source(str(tmp_path / "module.py")))
    compiled.parent.mkdir()
    compiled.write_bytes(bytecode("module.py", b"VALUE = 'bytecode'"))
    command = [sys.executable, "-I", "-c", "import sys; sys.path.insert(0, '.'); import module; print(module.VALUE)"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "bytecode"
