"""`make audit-deps`: whether a package of the lock files has a known weakness.

Exit codes: 0 none is known, 1 there are some, 2 it can't be told, because the data can't be had.
"""

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[1]
LOCKS: Final = ("requirements-image.lock", "requirements-dev.lock")
"""What the image ships, and what developers install. `requirements.lock` is a part of both."""
CLEAN, WEAK, UNKNOWN = range(3)
WAIT_MAX_S: Final = 600


def verdict(packages: Iterable[Mapping[str, Any]]) -> tuple[int, list[str]]:
    """Return the exit code for packages as pip-audit describes them, and what to say."""
    said, weak, unasked, count = [], 0, 0, 0
    for package in packages:
        count += 1
        if "skip_reason" in package:
            unasked += 1
        for each in package.get("vulns", ()):
            weak += 1
            fixed = ", ".join(each["fix_versions"]) or "no version yet"
            said.append(f"{package['name']} {package['version']}: {each['id']}, fixed in {fixed}")
    if unasked or not count:
        said.append(f"{unasked} of {count} packages could not be asked about.")
        said.append("So this says nothing about them: run it where the package index answers.")
    elif not weak:
        said.append(f"No known weakness in {count} packages.")
    return (WEAK if weak else UNKNOWN if unasked or not count else CLEAN), said


def asked(lock: str) -> list[Mapping[str, Any]]:
    """Ask about the packages of a lock file; an empty list if there is no answer."""
    program = Path(sys.executable).with_name("pip-audit")
    options = ("--require-hashes", "--disable-pip", "--progress-spinner=off", "--format=json")
    try:
        ran = subprocess.run(
            [program, *options, "--requirement", lock],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            timeout=WAIT_MAX_S,
            check=False,
        )
        found: list[Mapping[str, Any]] = json.loads(ran.stdout)["dependencies"]
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return []
    return found


def main() -> int:
    """Ask about each lock file, print the answers, and return the worst exit code."""
    codes = []
    for lock in LOCKS:
        code, said = verdict(asked(lock))
        codes.append(code)
        print(*(f"{lock}: {line}" for line in said), sep="\n")  # noqa: T201 - what it is for
    return WEAK if WEAK in codes else max(codes)


if __name__ == "__main__":
    sys.exit(main())
