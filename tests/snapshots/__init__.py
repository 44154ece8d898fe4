"""What the API promises, as files that a reviewer reads: `make snapshots` writes them anew.

`body-map.svg` is to be looked at: every shade in it has to be on the side that its title names.
"""

import inspect
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from app.core.values.access import CLINICAL_READS, ROLES
from app.core.values.problems import catalogue
from app.muscles.queries import BODY
from app.progress.rules.body_map import body_map
from tests.progress.body import EVERY_SIDE, treated
from tests.sweeps.document import document, operations

HERE = Path(__file__).parent
EMERGENCY = "emergency"


def snapshots() -> dict[str, str]:
    """The text of each snapshot, by the name of its file."""
    return {
        "body-map.svg": _body_map(),
        "openapi.json": json.dumps(document(), indent=1, ensure_ascii=False) + "\n",
        "permissions.txt": "".join(_permissions()),
        "problems.txt": "".join(_problems()),
    }


def _body_map() -> str:
    """A patient who was needled on each side, in each view and at some levels: to be looked at."""
    return body_map(treated(*EVERY_SIDE), BODY, lambda slug: slug).replace("><", ">\n<") + "\n"


def _permissions() -> Iterator[str]:
    """Which role may do what, and what emergency access adds for a while."""
    columns = {**ROLES, EMERGENCY: CLINICAL_READS}
    yield _line("operation", "scope", columns, "at") + "\n"
    for operation in sorted(operations(), key=lambda o: o.name):
        [scope] = operation.scopes
        marks = ["yes" if scope in columns[role] else "-" for role in columns]
        cells = [mark.ljust(len(role)) for mark, role in zip(marks, columns, strict=True)]
        yield _line(operation.name, scope, cells, f"{operation.method:5} {operation.path}") + "\n"


def _line(operation: str, scope: str, cells: Iterable[str], place: str) -> str:
    return f"{operation:24} {scope:21} {' '.join(cells)} {place}"


def permissions() -> dict[str, dict[str, bool]]:
    """The stored matrix: by role, which operations are allowed."""
    head, *lines = [line.split() for line in (HERE / "permissions.txt").read_text().splitlines()]
    return {
        role: {line[0]: line[column] == "yes" for line in lines}
        for column, role in enumerate(head)
        if role in ROLES
    }


def _problems() -> Iterator[str]:
    """Every way in which the API says no."""
    for problem in catalogue():
        explained = " ".join((inspect.getdoc(problem) or "").split())
        yield f"{int(problem.status)} {problem.code}: {problem.title}\n    {explained}\n"
