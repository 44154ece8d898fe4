"""The API's promises as files for reviewers; `make snapshots` rewrites them.

Look at `body-map.svg`: every shaded area must be on the side that its title names.
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
from tests.sweeps.document import NEED_NO_SCOPE, document, operations

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
    """The body map of a patient who was needled on each side, in each view and at some levels."""
    return body_map(treated(*EVERY_SIDE), BODY, lambda slug: slug).replace("><", ">\n<") + "\n"


def _permissions() -> Iterator[str]:
    """Which role may call which operation, and what emergency access adds."""
    columns = {**ROLES, EMERGENCY: CLINICAL_READS}
    yield _line("operation", "scope", columns, "at") + "\n"
    for operation in sorted(operations(), key=lambda o: o.name):
        scope = next(iter(operation.scopes), "-")
        granted = operation.name in NEED_NO_SCOPE
        marks = ["yes" if granted or scope in columns[role] else "-" for role in columns]
        cells = [mark.ljust(len(role)) for mark, role in zip(marks, columns, strict=True)]
        yield _line(operation.name, scope, cells, f"{operation.method:5} {operation.path}") + "\n"


def _line(operation: str, scope: str, cells: Iterable[str], place: str) -> str:
    return f"{operation:24} {scope:21} {' '.join(cells)} {place}"


def permissions() -> dict[str, dict[str, bool]]:
    """The stored matrix: the allowed operations by role."""
    head, *lines = [line.split() for line in (HERE / "permissions.txt").read_text().splitlines()]
    return {
        role: {line[0]: line[column] == "yes" for line in lines}
        for column, role in enumerate(head)
        if role in ROLES
    }


def _problems() -> Iterator[str]:
    """Every problem and fault that the API can answer with."""
    for problem in catalogue():
        explained = " ".join((inspect.getdoc(problem) or "").split())
        yield f"{int(problem.status)} {problem.code}: {problem.title}\n    {explained}\n"
