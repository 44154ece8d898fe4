"""What the style sheet promises of printed pages and of tables on a phone."""

import re

import pytest

from tests.house.tree import ROOT
from tests.web.console import Desk

pytestmark = pytest.mark.alike
TEMPLATES = ROOT / "app" / "web" / "console" / "templates"
CORRECTING = re.compile(r"<a [^>]*>Correct<")
UNFOLDED = re.compile(r"(\.\w+), (?:\1 tbody|\1 :is\(tbody)[^{]*\{ display: block; \}")


def sheet(desk: Desk) -> str:
    return desk.get("/console/console.css").text


def test_a_table_that_a_phone_unfolds_keeps_the_line_of_its_title(desk: Desk) -> None:
    """Else the title stands in a column of its own, a letter a line."""
    phone = sheet(desk).partition("@media (max-width: 40rem)")[2].partition("@media")[0]
    unfolded = UNFOLDED.findall(phone)
    assert unfolded == [".list", ".differences"]
    assert f":is({', '.join(unfolded)}) caption {{ display: block; }}" in phone


def test_links_that_only_correct_something_and_triangles_are_not_printed(desk: Desk) -> None:
    paper = sheet(desk).partition("@media print")[2]
    assert "a.act, details:has(> .answer) > summary { display: none; }" in paper
    assert 'summary::marker { content: ""; }' in paper
    links = [
        link
        for path in TEMPLATES.rglob("*.html")
        for link in CORRECTING.findall(path.read_text("utf-8"))
    ]
    assert [link for link in links if 'class="line act"' not in link] == []
    assert links
