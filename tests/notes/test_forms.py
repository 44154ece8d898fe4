"""What people wrote stands in each form as they wrote it, and becomes no part of its structure."""

import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import TypeVar

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from app.notes.rules.forms import FORMS, NoteForm, html, markdown, plain
from app.notes.rules.visit import Note, Section
from app.notes.rules.words import ISOLATE, ISOLATED, LINE_END, written

Test = TypeVar("Test", bound=Callable[..., None])
STRUCTURE = {
    *("html", "head", "meta", "title", "body", "main", "h1", "p", "section", "h2", "ul", "li"),
    *("br", "footer", "hr", "small", "style", "div"),
}
MARKUP = (
    "<script>alert(1)</script>",
    "<!-- x",
    "</li></ul><h1>Void</h1>",
    "&lt;b&gt; &#60; &amp;",
    "# Signed",
    "- Signed",
    "+ Signed",
    "1. Signed",
    "12) Signed",
    "> Signed",
    "***",
    "---",
    "===",
    "```\ncode\n```",
    "    code",
    "\tcode",
    "[link](http://example.org)",
    "![](http://example.org/x.png)",
    "[x]: http://example.org",
    "<http://example.org>",
    "http://example.org www.example.org a@example.org",
    "a | b\n--|--\n1 | 2",
    "~~struck~~ **bold** _italic_ `code`",
    "a\\",
    "a  \nb",
    "\n\nSigned 2026-01-01 by nobody\n\nPlan\n- nothing",
    "a\r\nb\rc\u2028d\x85e\x0bf",
    " ",
    "",
    "$x$ \\(y\\) ^z^ =m=",
)
texts = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=60),
    st.text("<>&\"'`*_[]()#-+=.!|~\\ \n\r\t0a:/w@$^{}", max_size=40),
    st.sampled_from(MARKUP),
)


def with_text(text: str) -> Note:
    """A note in which somebody wrote a text at each place."""
    line = f"Plan: {text}"
    sections = [Section("Needling", [line, text]), Section("Note", [text])]
    return Note("en", "ltr", text, "Session", [line], sections, [line])


class Read(HTMLParser):
    """Reads the structure and the text of HTML, as a browser does."""

    def __init__(self, content: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.items: list[str] = []
        self.feed(content)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(" ".join([tag, *(name for name, _ in attrs)]))
        if tag in {"li", "p", "h1", "h2", "title"}:
            self.items.append("")
        if tag == "br":
            self.items[-1] += "\n"

    def handle_data(self, data: str) -> None:
        if self.items:
            self.items[-1] += data

    def handle_comment(self, data: str) -> None:
        self.tags.append(f"comment {data}")


def folded(text: str) -> str:
    """A text as it is shown: white space is one space."""
    return " ".join(re.sub(r"\s+", " ", text).split())


def shown(content: str) -> list[str]:
    return [folded(item) for item in Read(content).items]


def all_examples(test: Test) -> Test:
    for text in MARKUP:
        test = example(text)(test)
    return test


@all_examples
@given(texts)
def test_no_text_becomes_markup_in_html(text: str) -> None:
    read, nothing = Read(html(with_text(text))), Read(html(with_text("x")))
    assert [tag for tag in read.tags if tag != "br"] == nothing.tags
    line = folded(f"Plan: {text}")
    assert [folded(item) for item in read.items] == [
        *("Session", folded(text), "Session", line, "Needling", line),
        *(folded(text), "Note", folded(text), line),
    ]


@all_examples
@given(texts)
@pytest.mark.parametrize("flavour", ["commonmark", "gfm-like"])
def test_no_text_becomes_markup_in_markdown(flavour: str, text: str) -> None:
    reader = MarkdownIt(flavour, {"linkify": False, "html": True})
    read = Read(reader.render(markdown(with_text(text))))
    nothing = Read(reader.render(markdown(with_text("x"))))
    assert [tag for tag in read.tags if tag != "br"] == nothing.tags
    line = folded(f"Plan: {text}")
    assert [folded(item) for item in read.items] == [
        *("Session", line, "Needling", line),
        *(folded(text), "Note", folded(text), line),
    ]


@all_examples
@given(texts)
def test_in_plain_text_a_written_line_is_never_taken_for_a_heading(text: str) -> None:
    lines = LINE_END.split(plain(with_text(text)))
    headings = [line for line in lines if line and not line.startswith((" ", "- ", "Plan: "))]
    assert headings == ["Session", "Needling", "Note"]


@given(texts)
def test_plain_text_holds_every_written_line_unchanged(text: str) -> None:
    whole = plain(with_text(text))
    assert f"- {LINE_END.sub(lambda end: end[0] + '  ', text)}\n" in whole


@given(texts)
def test_what_was_written_is_only_ever_isolated(text: str) -> None:
    said = written(text)
    if ISOLATE not in text and ISOLATED not in text:
        assert said.replace(ISOLATE, "").replace(ISOLATED, "") == text
    if text.isascii():
        assert said == text


def test_a_text_from_right_to_left_reorders_nothing_beside_it() -> None:
    assert written("\u05e9\u05dc") == "\u2068\u05e9\u05dc\u2069"
    assert written("a\u202eb\nc") == "\u2068a\u202eb\u2069\nc"


@pytest.mark.parametrize("form", FORMS)
def test_a_form_ends_with_one_line_end(form: NoteForm) -> None:
    said = FORMS[form](with_text("x"))
    assert said.endswith("\n")
    assert not said.endswith("\n\n")


def test_the_html_names_its_language_and_direction_and_has_headings_in_order() -> None:
    whole = html(with_text("x"))
    assert '<html lang="en" dir="ltr">' in whole
    assert {tag.split()[0] for tag in Read(whole).tags} <= STRUCTURE
    assert [tag for tag in Read(whole).tags if re.fullmatch("h[1-6]", tag)] == ["h1", "h2", "h2"]
