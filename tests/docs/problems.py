"""Writes `docs/problems.md` from the problems' docstrings: `python -m tests.docs.problems`."""

from pathlib import Path

import app.main  # noqa: F401 - knows every room, and so every problem
from app.core.values.fault_codes import OF_TYPES, OWN
from app.core.values.problems import catalogue

FILE = Path(__file__).parents[2] / "docs" / "problems.md"
HEAD = """\
# Problems

Every error is an `application/problem+json` document (RFC 9457). Its `type` is `/problems/` and one
of the codes below, and a server answers at that address with the same explanation. This page is
written from the program: `python -m tests.docs.problems`.
"""

FAULTS = """
## Codes of faults

An `invalid` problem has one item in `errors` for each fault. Its `code` is one of these.
"""
TYPES = """
### Codes of types and limits

These are pydantic's, which
[its documentation](https://docs.pydantic.dev/latest/errors/validation_errors/) explains. A value
has the wrong type, or is out of a limit that its schema states.

"""


def page() -> str:
    """The text of the page."""
    parts = [
        f"\n## {kind.code}\n\n**{int(kind.status)} · {kind.title}.** {kind.meaning()}\n"
        for kind in catalogue()
    ]
    own = [f"\n### {code}\n\n{meaning}\n" for code, meaning in OWN.items()]
    types = "".join(f"- `{code}`\n" for code in sorted(OF_TYPES))
    return HEAD + "".join(parts) + FAULTS + "".join(own) + TYPES + types


if __name__ == "__main__":
    FILE.write_text(page(), "utf-8")
