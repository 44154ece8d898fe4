"""Every problem that the server can answer with is documented."""

import ast
from collections.abc import Iterator

from app.core.values.fault_codes import OF_TYPES, OWN
from app.core.values.problems import catalogue
from app.vocabularies.schemas import VOCABULARIES
from tests.docs.problems import FILE, page
from tests.house.tree import ROOT


def test_the_page_of_problems_matches_the_docstrings() -> None:
    assert FILE.read_text("utf-8") == page(), "python -m tests.docs.problems"


def test_every_problem_has_a_code_a_title_and_an_explanation_of_its_own() -> None:
    problems = catalogue()
    assert len({kind.meaning() for kind in problems}) == len(problems)
    assert len({kind.title for kind in problems}) == len(problems)
    assert all(kind.__doc__ for kind in problems)


def written_codes() -> Iterator[str]:
    """The codes of faults that stand in the code."""
    places = {"RuleBroken": 0, "Fault": 1}
    for path in (ROOT / "app").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                code = node.args[places.get(node.func.id, len(node.args)) :][:1]
                yield from (c.value for c in code if isinstance(c, ast.Constant))  # type: ignore[misc]


def test_every_code_of_a_fault_is_explained_once() -> None:
    of_words = {vocabulary.unknown for vocabulary in VOCABULARIES.values()}
    assert (set(written_codes()) | of_words) - set(OF_TYPES) == OWN.keys()
    assert list(OWN) == sorted(OWN)
    assert OWN.keys() & set(OF_TYPES) == set()
