"""What the API promises, as files that a reviewer reads: `make snapshots` writes them anew."""

import inspect
import json
from collections.abc import Iterator
from pathlib import Path

from app.core.problems import catalogue
from tests.sweeps.document import document, operations

HERE = Path(__file__).parent


def snapshots() -> dict[str, str]:
    """The text of each snapshot, by the name of its file."""
    return {
        "openapi.json": json.dumps(document(), indent=1, ensure_ascii=False) + "\n",
        "permissions.txt": "".join(_permissions()),
        "problems.txt": "".join(_problems()),
    }


def _permissions() -> Iterator[str]:
    """What each scope allows."""
    allowed = sorted((scope, o.name, o) for o in operations() for scope in o.scopes)
    for scope, name, operation in allowed:
        yield f"{scope:22} {name:24} {operation.method:5} {operation.path}\n"


def _problems() -> Iterator[str]:
    """Every way in which the API says no."""
    for problem in catalogue():
        explained = " ".join((inspect.getdoc(problem) or "").split())
        yield f"{int(problem.status)} {problem.code}: {problem.title}\n    {explained}\n"
