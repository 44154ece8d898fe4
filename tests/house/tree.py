"""The files of this repository, for the tests in this folder."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
CODE = ("app", "bench", "migrations", "tests")

# Folders in `.gitignore`: made by make, by a run, or by a tool.
MADE = {".git", ".venv", "build", "dist", "var", "__pycache__", ".env"}
# Vendored files, which are not changed.
VENDORED = {"swagger-ui"}
MADE_ENDINGS = ("_cache", ".egg-info", ".hypothesis", ".schemathesis", ".pyc", ".sqlite3")


def files(folder: Path = ROOT) -> Iterator[Path]:
    """Yield every file that belongs to the repository, committed or not."""
    for path in sorted(folder.iterdir()):
        if path.name in MADE | VENDORED or path.name.endswith(MADE_ENDINGS):
            continue
        if path.is_dir():
            yield from files(path)
        else:
            yield path


def python_files() -> list[Path]:
    """Our own modules: at least one of each part, or a test would check nothing."""
    return [
        path
        for part in CODE
        if (ROOT / part).exists()
        for path in files(ROOT / part)
        if path.suffix == ".py"
    ]


def text_lines(path: Path) -> list[str]:
    """The lines of a file, or none if it is not text."""
    try:
        return path.read_text("utf-8").splitlines()
    except UnicodeDecodeError:
        return []


def place(path: Path, line: int | None = None) -> str:
    """The name of a file, or of a line in it, in the form that editors understand."""
    name = str(path.relative_to(ROOT))
    return name if line is None else f"{name}:{line}"


def pyproject() -> dict[str, Any]:
    """The content of `pyproject.toml`."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
