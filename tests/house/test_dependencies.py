"""`make audit-deps` never calls packages clean that it could not ask about."""

import re
from typing import Any

import pytest

from tests.dependencies import CLEAN, LOCKS, UNKNOWN, WEAK, verdict
from tests.house.test_locks import locked
from tests.house.tree import ROOT

GOOD: dict[str, Any] = {"name": "a", "version": "1", "vulns": []}
UNASKED: dict[str, Any] = {"name": "b", "skip_reason": "not found"}
BAD: dict[str, Any] = {
    "name": "c",
    "version": "2",
    "vulns": [{"id": "PYSEC-1", "fix_versions": ["3"], "aliases": []}],
}


@pytest.mark.parametrize(
    ("packages", "code", "words"),
    [
        ([GOOD], CLEAN, "No known weakness in 1 packages."),
        ([GOOD, BAD], WEAK, "c 2: PYSEC-1, fixed in 3"),
        ([GOOD, UNASKED], UNKNOWN, "1 of 2 packages could not be asked about."),
        ([UNASKED, BAD], WEAK, "1 of 2 packages could not be asked about."),
        ([], UNKNOWN, "0 of 0 packages could not be asked about."),
    ],
)
def test_the_exit_code_says_whether_all_were_asked_about(
    packages: list[dict[str, Any]], code: int, words: str
) -> None:
    found, said = verdict(packages)
    assert found == code
    assert words in said


def shipped() -> str:
    """The lock file from which the image is built."""
    [name] = re.findall(r"--requirement (\S+)", (ROOT / "Dockerfile").read_text("utf-8"))
    return str(name)


def test_the_sbom_lists_the_packages_of_the_image() -> None:
    recipe = (ROOT / "Makefile").read_text("utf-8").partition("\nsbom:")[2].partition("\n\n")[0]
    assert "cyclonedx-py requirements" in recipe
    assert recipe.endswith(f" {shipped()}")


def test_the_audit_asks_about_every_package_that_the_image_or_a_server_installs() -> None:
    assert shipped() in LOCKS
    asked = set[str]().union(*map(locked, LOCKS))
    assert locked("requirements.lock").keys() | locked(shipped()).keys() <= asked
