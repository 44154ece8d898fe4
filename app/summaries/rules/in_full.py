"""The words of a letter: those of a note, with sides written out. Pure.

A letter goes to people who don't read notes, for whom "R" is no side.
"""

from collections.abc import Mapping
from typing import Final

from app.languages.queries import message
from app.notes.rules.words import Words
from app.records.views import Side

SIDES: Final[Mapping[str, str]] = {
    "left": message("left"),
    "right": message("right"),
    "midline": message("midline"),
    "bilateral": message("both sides"),
}


class InFull(Words):
    """How a letter says things in its language."""

    def code(self, about: str, code: str) -> str:
        """Return the words for a code, with a side written out."""
        if about == "side" and code in SIDES:
            return self.gettext(SIDES[code])
        return super().code(about, code)

    def placed(self, muscle: str, side: Side | None, level: str | None = None) -> str:
        """Return a muscle with its side in full, and its spinal level after it."""
        name = self.muscle(muscle)
        name = name[:1].lower() + name[1:]
        if side is not None:
            told = {"side": self.code("side", side), "muscle": name}
            name = self.gettext("%(side)s %(muscle)s") % told
        return ", ".join(filter(None, (name, level)))
