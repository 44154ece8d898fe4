"""Each promise of the page on reliability has a test that says so, and figures."""

import re

import pytest

from tests.house.tree import ROOT

PAGE = (ROOT / "docs" / "reliability.md").read_text("utf-8")
PROMISES = [f"R{number}" for number in range(1, 12)]


def rows(promise: str) -> list[list[str]]:
    """The rows of a promise: in the table of figures, and in the table of tests."""
    found = re.findall(rf"^\| {promise} \| (.+) \|$", PAGE, re.MULTILINE)
    return [row.split(" | ") for row in found]


@pytest.mark.parametrize("promise", PROMISES)
def test_each_promise_has_figures_and_a_test_that_names_it(promise: str) -> None:
    [figures, tests] = rows(promise)
    assert re.search(r"\d", figures[2]), "no figure"
    files = re.findall(r"`(tests/[\w/]+\.py)`", tests[0])
    assert files
    for file in files:
        text = (ROOT / file).read_text("utf-8")
        assert re.search(rf"\b{promise}\b", text), file
        assert "\ndef test_" in text
