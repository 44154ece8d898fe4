"""Every problem that the server can answer with is documented."""

from app.core.values.problems import catalogue
from tests.docs.problems import FILE, page


def test_the_page_of_problems_matches_the_docstrings() -> None:
    assert FILE.read_text("utf-8") == page(), "python -m tests.docs.problems"


def test_every_problem_has_a_code_a_title_and_an_explanation_of_its_own() -> None:
    problems = catalogue()
    assert len({kind.meaning() for kind in problems}) == len(problems)
    assert len({kind.title for kind in problems}) == len(problems)
    assert all(kind.__doc__ for kind in problems)
