"""The deployment archive: what to leave out, and what must be true of what is left.

Chalice ships every file of every dependency and only warns about a missing wheel; Lambda pays for each megabyte at a
cold start and would find the missing wheel in production.
"""

from __future__ import annotations

import marshal
import re
import struct
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from importlib.util import MAGIC_NUMBER, cache_from_source, source_hash
from pathlib import Path, PurePosixPath

SIZE_LIMIT = 20 * 1024 * 1024
SERVICES = frozenset({"dynamodb", "kms", "sqs", "sts"})
MACHINES = {"x86_64": 62, "arm64": 183}
NATIVE = ("cryptography/", "msgspec/", "_cffi_backend")
UNCHECKED_HASH = (1).to_bytes(4, "little")
SHARED_FILES = re.compile(r"\.so(\.\d+)*$")

# A fixed time makes equal contents an equal archive, so an unchanged deployment is seen as unchanged.
EPOCH = (1980, 1, 1, 0, 0, 0)


class ArchiveError(Exception):
    """The archive must not be deployed; the message names every reason."""


def needed(name: str) -> bool:
    """Whether Lambda needs this file of the archive Chalice made."""
    parts = PurePosixPath(name).parts
    if name.endswith("/") or "__pycache__" in parts:
        return False
    if parts[0] in ("app.py", "chalicelib", "chalice"):
        return True
    if parts[0].endswith((".dist-info", ".data")):
        # importlib.metadata reads names, versions and entry points; the licence texts travel with the code.
        return parts[0].endswith(".dist-info") and parts[-1] not in ("RECORD", "WHEEL", "INSTALLER", "REQUESTED")
    if parts[:2] in (("botocore", "data"), ("boto3", "data")):
        return len(parts) == 3 or parts[2] in SERVICES
    return not ("tests" in parts[:-1] or name.endswith((".pyi", ".c", ".h", ".pyx", ".pxd")))


def prune(source: Path, target: Path) -> None:
    """Write the needed files of `source` to `target`, in order of name, with fixed times and modes.

    Every module comes with its bytecode: the function's folder is read-only, so Lambda would compile all of them at
    each cold start, which costs several times what everything else there does.
    """
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as new:
        for name in sorted(set(filter(needed, old.namelist()))):
            content = old.read(name)
            _add(new, name, content)
            if name.endswith(".py"):
                _add(new, cache_from_source(name), bytecode(name, content))


def bytecode(name: str, source: bytes) -> bytes:
    """A module compiled for this Python, in the form that is not held against the source's time (PEP 552)."""
    code = compile(source, f"/var/task/{name}", "exec", dont_inherit=True, optimize=0)
    return MAGIC_NUMBER + UNCHECKED_HASH + source_hash(source) + marshal.dumps(code)


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(name, EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o100644 << 16
    archive.writestr(entry, content)


def verify(archive: Path, architecture: str, required: Iterable[str], forbidden: Iterable[str]) -> None:
    """Raise ArchiveError unless the archive is complete, clean and small.

    `required` and `forbidden` are distribution names, `architecture` is Lambda's (`x86_64`, `arm64`).
    """
    with zipfile.ZipFile(archive) as opened:
        names = opened.namelist()
        heads = {name: opened.read(name)[:20] for name in names if SHARED_FILES.search(name)}
    faults = [*_contents(names, set(required), set(forbidden)), *_binaries(heads, architecture)]
    if archive.stat().st_size > SIZE_LIMIT:
        faults.append(f"{archive.stat().st_size} bytes zipped, the limit is {SIZE_LIMIT}")
    if faults:
        raise ArchiveError("; ".join(faults))


def _contents(names: list[str], required: set[str], forbidden: set[str]) -> Iterator[str]:
    inside = {normal(name.split("-")[0]) for name in names if name.split("/")[0].endswith(".dist-info")}
    for name in sorted(required - inside):
        yield f"{name} is missing: no wheel for Lambda was found"
    for name in sorted(forbidden & inside):
        yield f"{name} is a development dependency"
    tops = {name.split("/")[0] for name in names}
    for name in sorted({"app.py", "chalicelib", "chalice"} - tops):
        yield f"{name} is missing"
    for name in sorted({"infra", "tests", "docs"} & tops):
        yield f"{name}/ must not be deployed"
    runtime = {name for name in names if name.startswith("chalice/") and name.endswith(".py")}
    if runtime != {"chalice/__init__.py", "chalice/app.py"}:
        yield "chalice/ is more than its runtime"


def _binaries(heads: Mapping[str, bytes], architecture: str) -> Iterator[str]:
    """Compiled modules: all of them for this machine, and those we need are there."""
    for prefix in NATIVE:
        if not any(name.startswith(prefix) for name in heads):
            yield f"no compiled module of {prefix.strip('/')}"
    for name, head in heads.items():
        if machine_of(head) != MACHINES[architecture]:
            yield f"{name} is not built for {architecture}"


def machine_of(head: bytes) -> int | None:
    """The machine number of an ELF file's first 20 bytes, None for anything else."""
    elf = head[:4] == b"\x7fELF" and len(head) >= 20
    return struct.unpack_from("<H", head, 18)[0] if elf else None


def normal(name: str) -> str:
    """A distribution name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def distributions(requirements: str) -> set[str]:
    """The names pinned in a requirements file; comments, options and includes are left out."""
    lines = (line.split("#")[0].strip() for line in requirements.splitlines())
    return {normal(re.split(r"[\s\[=<>!~;]", line)[0]) for line in lines if line and not line.startswith("-")}
