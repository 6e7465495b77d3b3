"""`python -m infra.package [--check]`: the deployable package of stage `prod`, without credentials.

The project is copied to a clean folder, packaged there by Chalice, and the archive pruned and verified. `--check` keeps
nothing, but also imports the application from an archive built for this machine.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from infra.archive import ArchiveError, distributions, prune, verify
from infra.template import TemplateError, check_template, merge

ROOT = Path(__file__).parents[1]
STAGE = "prod"
REGION = "eu-central-1"
MACHINES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}
TEMPLATES = ("infra/resources.json", "infra/tables.json")

# Names only Lambda's archive can satisfy: nothing of the virtual environment is on the path.
SMOKE = "import sys; sys.path.insert(0, sys.argv[1]); import app, cryptography, msgspec, pynamodb; app.app.routes"

# The command of this interpreter's environment, whatever is first on the PATH.
CHALICE = "import sys; from chalice.cli import main; sys.exit(main())"

Json = dict[str, Any]


class PackageError(Exception):
    """The package could not be made; the message is for the person who ran the command."""


def copy_project(root: Path, target: Path, architecture: str | None = None) -> None:
    """What Chalice needs of the project in `root`, and nothing else; `architecture` overrides the configured one."""
    missing = [name for name in ("app.py", "chalicelib", *TEMPLATES) if not (root / name).exists()]
    if missing:
        raise PackageError(f"missing: {', '.join(missing)}")
    shutil.copytree(root / "chalicelib", target / "chalicelib", ignore=shutil.ignore_patterns("__pycache__"))
    (target / ".chalice").mkdir()
    for path in sorted((root / ".chalice").glob("*.json")):
        shutil.copy(path, target / ".chalice")
    for name in ("app.py", "requirements.txt"):
        shutil.copy(root / name, target)
    parts = [json.loads((root / name).read_text("utf-8")) for name in TEMPLATES]
    (target / "merge.json").write_text(json.dumps(merge(*parts)), "utf-8")
    if architecture:
        config = target / ".chalice" / "config.json"
        settings = json.loads(config.read_text("utf-8")) | {"lambda_architecture": architecture}
        config.write_text(json.dumps(settings), "utf-8")


def architecture_of(project: Path) -> str:
    """The machine the configured functions run on, in Lambda's words."""
    name: str = json.loads((project / ".chalice" / "config.json").read_text("utf-8"))["lambda_architecture"]
    return name


def run_chalice(project: Path) -> Path:
    """Package the copy in `project`; returns the folder with `sam.json` and `deployment.zip`."""
    command = [sys.executable, "-c", CHALICE, "package", "--stage", STAGE, "--merge-template", "merge.json", "out"]
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "LICENSING_"))},
        "AWS_DEFAULT_REGION": os.environ.get("AWS_DEFAULT_REGION", REGION),
        "AWS_EC2_METADATA_DISABLED": "true",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    run = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)
    if run.returncode or not (project / "out" / "deployment.zip").exists():
        raise PackageError(f"chalice package failed:\n{run.stdout}{run.stderr}")
    return project / "out"


def build(root: Path, target: Path, architecture: str | None = None) -> Json:
    """Make `target`/deployment.zip and `target`/sam.json; returns sizes and counts. Raises PackageError and its kin."""
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        copy_project(root, project, architecture)
        out = run_chalice(project)
        prune(out / "deployment.zip", target / "deployment.zip")
        template = json.loads((out / "sam.json").read_text("utf-8"))
        built_for = architecture_of(project)
    runtime = distributions((root / "requirements.txt").read_text("utf-8"))
    development = distributions((root / "requirements-dev.txt").read_text("utf-8")) - runtime
    verify(target / "deployment.zip", built_for, runtime, development)
    text = json.dumps(template, separators=(",", ":"))
    (target / "sam.json").write_text(text, "utf-8")
    with zipfile.ZipFile(target / "deployment.zip") as archive:
        sizes = [entry.file_size for entry in archive.infolist()]
    zipped = (target / "deployment.zip").stat().st_size
    return {
        "architecture": built_for,
        "zipped": zipped,
        "unzipped": sum(sizes),
        "files": len(sizes),
        **check_template(template),
        "template": len(text),
    }


def smoke(archive: Path) -> None:
    """Import the application from the archive alone, as Lambda does."""
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(archive) as opened:
            opened.extractall(folder)
        environment = {"AWS_DEFAULT_REGION": REGION, "PATH": os.environ.get("PATH", "")}
        command = [sys.executable, "-I", "-S", "-B", "-c", SMOKE, folder]
        run = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if run.returncode:
        raise PackageError(f"the packaged application cannot be imported:\n{run.stderr}")


def check(root: Path) -> list[Json]:
    """Build for the configured machine and for this one, verify both, import from the second."""
    here = MACHINES.get(platform.machine().lower())
    with tempfile.TemporaryDirectory() as folder:
        reports = [build(root, Path(folder) / "configured")]
        archive = Path(folder) / "configured" / "deployment.zip"
        if here and here != reports[0]["architecture"]:
            reports.append(build(root, Path(folder) / "here", here))
            archive = Path(folder) / "here" / "deployment.zip"
        if here and sys.platform == "linux":
            smoke(archive)
    return reports


def line(report: Json) -> str:
    """One report as one line."""
    return (
        f"{report['architecture']}: {report['zipped'] / 1e6:.1f} MB zipped, "
        f"{report['unzipped'] / 1e6:.1f} MB unpacked, {report['files']} files; "
        f"template {report['template'] / 1e3:.0f} kB, {report['resources']} resources, "
        f"{report['paths']} gateway paths"
    )


def main(arguments: list[str]) -> int:
    """0 and the sizes on success; 1 and the reason otherwise."""
    parser = argparse.ArgumentParser(prog="python -m infra.package", description="Build the deployable package.")
    parser.add_argument("--check", action="store_true", help="build, verify and import, but keep nothing")
    options = parser.parse_args(arguments)
    try:
        reports = check(ROOT) if options.check else [build(ROOT, ROOT / "build" / "package")]
    except (PackageError, ArchiveError, TemplateError) as error:
        print(f"package: {error}", file=sys.stderr)
        return 1
    for report in reports:
        print(f"package: {line(report)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
