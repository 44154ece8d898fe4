"""Writes `docs/problems.md` from the problems' docstrings: `python -m tests.docs.problems`."""

from pathlib import Path

import app.main  # noqa: F401 - knows every room, and so every problem
from app.core.values.problems import catalogue

FILE = Path(__file__).parents[2] / "docs" / "problems.md"
HEAD = """\
# Problems

Every error is an `application/problem+json` document (RFC 9457). Its `type` is `/problems/` and one
of the codes below, and a server answers at that address with the same explanation. This page is
written from the program: `python -m tests.docs.problems`.
"""


def page() -> str:
    """The text of the page."""
    parts = [
        f"\n## {kind.code}\n\n**{int(kind.status)} · {kind.title}.** {kind.meaning()}\n"
        for kind in catalogue()
    ]
    return HEAD + "".join(parts)


if __name__ == "__main__":
    FILE.write_text(page(), "utf-8")
