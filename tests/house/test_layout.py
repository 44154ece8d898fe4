"""File names say where things are and what each file is for."""

import re

from tests.house.tree import ROOT, files, place, python_files

# Rooms that are no features: their files have names of their own.
OTHERS = {
    *("auth", "cli", "core", "deliveries", "ledger", "records", "state", "summaries"),
    *("transfer", "web"),
}
ROLES = {
    *("__init__", "models", "schemas", "views", "rules"),
    *("queries", "service", "errors", "routes"),
}
HOMELESS = {"utils", "util", "helpers", "helper", "common", "base", "manager", "misc", "tools"}
UPWARD = re.compile(r"__file__\)(?:\.resolve\(\))?\.parents\[(\d+)\]")
TOP = {
    ".ci",
    ".dockerignore",
    ".git",
    ".gitignore",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Dockerfile",
    "LICENSE",
    "Makefile",
    "NOTICE",
    "README.md",
    "SECURITY.md",
    "alembic.ini",
    "app",
    "bench",
    "compose.yaml",
    "docs",
    "migrations",
    "pyproject.toml",
    "requirements-dev.lock",
    "requirements-image.lock",
    "requirements.lock",
    "tests",
}


def test_the_top_level_has_only_expected_files() -> None:
    assert {path.relative_to(ROOT).parts[0] for path in files()} <= TOP


def test_no_module_depends_on_a_folder_outside_the_repository() -> None:
    outside = [
        place(path)
        for path in python_files()
        for up in UPWARD.findall(path.read_text("utf-8"))
        if int(up) >= len(path.relative_to(ROOT).parts)
    ]
    assert outside == []


def test_a_feature_uses_only_the_known_file_names() -> None:
    """A file that grows too large may become a folder, such as `rules/`."""
    strangers = [
        place(entry)
        for feature in (ROOT / "app").iterdir()
        if feature.is_dir() and feature.name not in OTHERS | {"__pycache__"}
        for entry in feature.iterdir()
        if entry.stem not in ROLES | {"data", "__pycache__"}
    ]
    assert strangers == []


def test_no_module_is_named_utils_helpers_or_common() -> None:
    assert [place(path) for path in python_files() if path.stem in HOMELESS] == []


def test_every_package_says_what_it_is() -> None:
    """Each docstring says what the package is, its nouns, its invariant and what it builds on."""
    silent = [
        place(path)
        for path in python_files()
        if path.name == "__init__.py"
        and place(path).startswith("app/")
        and not path.read_text("utf-8").startswith('"""')
    ]
    assert silent == []
