"""Reads a tagged PDF: its structure, and its text as a screen reader gets it."""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import pikepdf
from pikepdf import Array, Dictionary, Name

BLANK = re.compile(r"\s+")
# Invisible isolates around each text of a record: they keep it from reordering its neighbours.
ISOLATES = str.maketrans(dict.fromkeys("\u2068\u2069"))
LEFTWARD = re.compile("[\u0590-\u08ff]+")
HEX = re.compile(r"<([0-9A-Fa-f]*)>")


@dataclass(frozen=True)
class Element:
    """One element of the structure: its kind, its description, and the elements in it."""

    kind: str
    alt: str | None
    inside: "list[Element]"

    def every(self) -> "Iterator[Element]":
        """The element and all below it, in reading order."""
        yield self
        for element in self.inside:
            yield from element.every()


class Font(NamedTuple):
    """How many bytes a code of a font has, and the text of each code."""

    width: int
    texts: dict[int, str]


class Paper:
    """A PDF in memory."""

    def __init__(self, content: bytes) -> None:
        self.pdf = pikepdf.open(io.BytesIO(content))
        self.root = self.pdf.Root
        self._words: str | None = None

    @property
    def structure(self) -> Element:
        """The document's structure."""
        [document] = _elements(self.root.StructTreeRoot.K)
        return document

    def kinds(self) -> list[str]:
        """Every element's kind, in reading order."""
        return [element.kind for element in self.structure.every()]

    def words(self) -> str:
        """What a screen reader reads, without spaces, because line breaks depend on the layout."""
        if self._words is None:
            read = (_read(_shown(page, artifacts=False)) for page in self.pdf.pages)
            self._words = "".join(read)
        return self._words

    def page(self, number: int) -> str:
        """The whole text of a page with its header and footer, without spaces."""
        return _read(_shown(self.pdf.pages[number], artifacts=True))

    def says(self, text: str) -> bool:
        """Whether the document contains this text, whatever its line breaks."""
        return squeezed(text) in self.words()


def squeezed(text: str) -> str:
    """A text without spaces and without direction isolates."""
    return BLANK.sub("", text.translate(ISOLATES))


def _read(pieces: Iterator[str]) -> str:
    """Pieces of text joined in reading order."""
    return LEFTWARD.sub(lambda run: run[0][::-1], squeezed("".join(pieces)))


def _elements(inside: Any) -> list[Element]:
    if isinstance(inside, Array):
        return [element for one in inside for element in _elements(one)]
    if not isinstance(inside, Dictionary) or "/S" not in inside:
        return []
    alt = str(inside.Alt) if "/Alt" in inside else None
    return [Element(str(inside.S), alt, _elements(inside.get("/K", Array())))]


def _shown(page: Any, *, artifacts: bool) -> Iterator[str]:
    """The text of a page, from its glyphs or from the replacement text of several glyphs."""
    fonts: dict[str, Font] = {}
    named = page.Resources.get("/Font", {})
    hidden: list[bool] = []
    font = Font(2, {})
    for instruction in pikepdf.parse_content_stream(page):
        operands: Any = instruction.operands
        operator = str(instruction.operator)
        if operator == "Tf":
            name = str(operands[0])
            font = fonts.setdefault(name, fonts.get(name) or _characters(named[name]))
        elif operator in {"BDC", "BMC"}:
            given: Any = operands[1] if operator == "BDC" else None
            spoken = isinstance(given, Dictionary) and "/ActualText" in given
            if spoken and not any(hidden):
                yield str(given.ActualText)
            hidden.append(spoken or (not artifacts and operands[0] == Name.Artifact))
        elif operator == "EMC":
            hidden.pop()
        elif operator in {"Tj", "TJ"} and not any(hidden):
            for piece in operands[0] if operator == "TJ" else operands:
                if isinstance(piece, pikepdf.String):
                    codes = bytes(piece)
                    places = range(0, len(codes), font.width)
                    each = (codes[at : at + font.width] for at in places)
                    yield "".join(font.texts[int.from_bytes(code)] for code in each)


def _characters(font: Any) -> Font:
    """The text of each code of a font, by its ToUnicode map."""
    width = 2 if font.Encoding == Name("/Identity-H") else 1
    text = font.ToUnicode.read_bytes().decode("latin-1")
    found: dict[int, str] = {}
    for block in re.findall(r"beginbfchar(.*?)endbfchar", text, re.DOTALL):
        codes = HEX.findall(block)
        for code, meaning in zip(codes[::2], codes[1::2], strict=True):
            found[int(code, 16)] = _utf16(meaning)
    for block in re.findall(r"beginbfrange(.*?)endbfrange", text, re.DOTALL):
        codes = HEX.findall(block)
        for first, last, meaning in zip(codes[::3], codes[1::3], codes[2::3], strict=True):
            for n in range(int(last, 16) - int(first, 16) + 1):
                found[int(first, 16) + n] = chr(ord(_utf16(meaning)) + n)
    return Font(width, found)


def _utf16(digits: str) -> str:
    return bytes.fromhex(digits).decode("utf-16-be")
