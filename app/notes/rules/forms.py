"""The forms of a note: plain text, Markdown (CommonMark) and HTML. Pure.

What people wrote can't become structure: in plain text its further lines are indented, and in
Markdown and HTML each character that could be markup is escaped.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from html import escape
from typing import Final, Literal

from typing_extensions import TypeAliasType

from app.notes.rules.visit import Note
from app.notes.rules.words import LINE_END

NoteForm = TypeAliasType("NoteForm", Literal["plain", "markdown", "html"])
"""How a note is written."""

INDENT: Final = "  "
BREAK: Final = "\\\n"
STYLE: Final = """
.running { display: none }
@page {
  margin: 16mm 16mm 20mm;
  @bottom-right { content: "Page " counter(page) " / " counter(pages); font: 8pt sans-serif }
}
@media print {
  main { display: table; table-layout: fixed; width: 100% }
  .running { display: table-header-group; break-inside: avoid; font-size: 8pt }
  h2 { break-after: avoid }
  li { break-inside: avoid }
}
"""
"""The style of a note in HTML. On paper each page names the patient and has its number.

The patient's line is the head of a table that holds all, which browsers repeat on each page.
"""
_MARKUP: Final = re.compile(r"[\\`*_{}\[\]<>#|~&!@$^=]|:(?=//)|(?<=[Ww])\.")
"""Characters that can be markup anywhere, also of links in GitHub's Markdown."""
_LIST: Final = re.compile(r"^([0-9]+(?=[.)])|(?=[-+]))")
"""Where a line would begin a list, or underline a heading."""
_BLANKS: Final = re.compile(r"^[ \t]+|[ \t]+$|^$")
_MARKDOWN_LINE: Final = re.compile("\r\n|[\n\r]")


def plain(note: Note) -> str:
    """Return a note as plain text. Each line stands as it was written, after two spaces or "- "."""
    parts = [note.title, "", *map(_indented, note.head)]
    for section in note.sections:
        parts += ["", section.title, *(f"- {_indented(line)}" for line in section.lines)]
    parts += ["", *map(_indented, note.foot)]
    return "\n".join(parts) + "\n"


def _indented(line: str) -> str:
    return LINE_END.sub(lambda end: end[0] + INDENT, line)


def markdown(note: Note) -> str:
    """Return a note as Markdown."""
    parts = [f"# {_inline(note.title)}", "", *_bullets(note.head)]
    for section in note.sections:
        parts += ["", f"## {_inline(section.title)}", "", *_bullets(section.lines)]
    parts += ["", "***", "", *_bullets(note.foot)]
    return "\n".join(parts) + "\n"


def _bullets(lines: Iterable[str]) -> Iterable[str]:
    for line in lines:
        yield "- " + f"{BREAK}{INDENT}".join(map(_inline, _MARKDOWN_LINE.split(line)))


def _inline(line: str) -> str:
    """Return a line in which nothing is markup, and which isn't blank."""
    escaped = _LIST.sub(r"\1\\", _MARKUP.sub(r"\\\g<0>", line))
    return _BLANKS.sub(_entities, escaped)


def _entities(blanks: re.Match[str]) -> str:
    return "".join(f"&#{ord(each)};" for each in blanks[0] or " ")


def html(note: Note) -> str:
    """Return a note as an HTML document without scripts. Its style is for paper alone."""
    head = "".join(f"<p>{_lines(line)}</p>\n" for line in note.head)
    sections = "".join(
        f"<section>\n<h2>{escape(section.title)}</h2>\n<ul>\n"
        + "".join(f"<li>{_lines(line)}</li>\n" for line in section.lines)
        + "</ul>\n</section>\n"
        for section in note.sections
    )
    foot = "".join(f"<p><small>{_lines(line)}</small></p>\n" for line in note.foot)
    return (
        f'<!doctype html>\n<html lang="{escape(note.tag)}" dir="{note.direction}">\n<head>\n'
        f'<meta charset="utf-8">\n<style>{STYLE}</style>\n<title>{escape(note.title)}</title>\n'
        "</head>\n<body>\n<main>\n"
        f'<div class="running"><p>{_lines(note.running)}</p></div>\n'
        f"<h1>{escape(note.title)}</h1>\n{head}{sections}<footer>\n{foot}</footer>\n"
        "</main>\n</body>\n</html>\n"
    )


def _lines(line: str) -> str:
    return LINE_END.sub("<br>\n", escape(line))


FORMS: Final[Mapping[NoteForm, Callable[[Note], str]]] = {
    "plain": plain,
    "markdown": markdown,
    "html": html,
}
