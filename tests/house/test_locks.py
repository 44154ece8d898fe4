"""The installed packages are exactly those of the lock files."""

import json
import re

import pytest

from tests.house.tree import ROOT, pyproject

IMAGE = "requirements-image.lock"
LOCKS = (
    *("requirements.lock", IMAGE, "requirements-dev.lock"),
    "tests/generators/requirements.lock",
)
PINNED = re.compile(r"[a-z0-9.-]+==\S+( ; .+)? \\")
HASH = re.compile(r"    --hash=sha256:[0-9a-f]{64}( \\)?")


def locked(name: str) -> dict[str, set[str]]:
    """The versions of each package: several, where they differ by platform."""
    versions: dict[str, set[str]] = {}
    for line in (ROOT / name).read_text("utf-8").splitlines():
        if PINNED.fullmatch(line):
            package, version = line.split()[0].split("==")
            versions.setdefault(package, set()).add(version)
    return versions


def asked_for(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[<>=;, ]", requirement)[0].lower() for requirement in requirements}


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_is_pinned_and_hashed_and_names_no_index(name: str) -> None:
    lines = (ROOT / name).read_text("utf-8").splitlines()
    strange = [
        line
        for line in lines
        if not (line.startswith("#") or PINNED.fullmatch(line) or HASH.fullmatch(line))
    ]
    unhashed = [
        line
        for line, following in zip(lines, [*lines[1:], ""], strict=True)
        if PINNED.fullmatch(line) and not HASH.fullmatch(following)
    ]
    assert (strange, unhashed) == ([], [])


def test_every_required_package_is_locked() -> None:
    project = pyproject()
    runtime, groups = project["project"]["dependencies"], project["dependency-groups"]
    assert asked_for(runtime + groups["build"]) <= locked("requirements.lock").keys()
    assert asked_for(groups["dev"]) <= locked("requirements-dev.lock").keys()


def test_tests_and_servers_use_the_same_versions() -> None:
    tested = locked("requirements-dev.lock")
    for name in ("requirements.lock", IMAGE):
        served = locked(name)
        assert {package: tested.get(package) for package in served} == served


def test_the_image_has_what_a_server_needs_and_what_prints() -> None:
    extras = pyproject()["project"]["optional-dependencies"]
    needed = locked("requirements.lock").keys() | asked_for([*extras["pdf"], *extras["cjk"]])
    assert locked(IMAGE).keys() == needed


@pytest.mark.parametrize(
    ("folder", "needed"),
    [("browser", "@sparticuz/chromium"), ("generators", "@hey-api/openapi-ts")],
)
def test_every_npm_package_is_hashed_and_names_no_registry(folder: str, needed: str) -> None:
    lock = json.loads((ROOT / "tests" / folder / "package-lock.json").read_text("utf-8"))
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert f"node_modules/{needed}" in packages
    strange = [
        name
        for name, package in packages.items()
        if not package["integrity"].startswith("sha512-") or "resolved" in package
    ]
    assert strange == []
