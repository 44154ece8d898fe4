"""Every bound stands on the page about reliability, and has a test."""

import ast
from collections.abc import Iterator

from app.core.values.bounds import BOUNDS
from tests.docs.bounds import shown, table
from tests.house.tree import ROOT


def marked() -> Iterator[str]:
    """The names of bounds with which tests are marked."""
    for path in (ROOT / "tests").rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.bound":
                yield ast.literal_eval(node.args[0])


def test_the_page_shows_every_bound() -> None:
    assert shown() == table(), "python -m tests.docs.bounds"


def test_every_bound_has_a_test_of_its_own() -> None:
    assert set(marked()) == {each.name for each in BOUNDS}
