"""How a word is compared, and the fixed words of the rows. Pure."""

import hashlib
import unicodedata
from typing import Final, Literal

from typing_extensions import TypeAliasType

from app.core.values.text import folded

VocabularyName = TypeAliasType(
    "VocabularyName",
    Literal["regions", "event_kinds", "contraindications", "co_interventions", "aftercare"],
)
"""The name of a vocabulary that a clinic may extend."""
TermStatus = TypeAliasType("TermStatus", Literal["active", "inactive"])
"""Whether records may have the code of a clinic's own row."""
Severity = TypeAliasType("Severity", Literal["mild", "significant", "serious"])
"""White's classes: short and reversible; needing care or hindering activity; admission,
disability or death."""
ScreeningAnswer = TypeAliasType("ScreeningAnswer", Literal["yes", "no", "unknown"])
"""What the patient says; `unknown` is an answer of its own."""

OTHER: Final = "other"
"""The code of the row for what no other row says. A text beside it says what is meant."""
OWN: Final = "own_"
"""How the code of a clinic's own row begins."""
CODE_MAX: Final = 64
WORD_MAX: Final = 200
"""The length of a word as it is compared."""
_SEPARATORS: Final = frozenset("_./,:;'()\u2019")
"""Signs that count as blanks, as do hyphens and dashes."""
_LATIN_MARKS: Final = range(0x300, 0x370)
"""The combining marks of Latin, Greek and Cyrillic. In other scripts a mark changes the word."""


def key(text: str) -> str:
    """Return a word as it is compared: case, accents, blanks and hyphens don't matter.

    Other signs do: `?pneumothorax` is not a pneumothorax.
    """
    plain = folded(text)
    if not plain.isascii():
        decomposed = unicodedata.normalize("NFKD", plain)
        kept = "".join(c for c in decomposed if ord(c) not in _LATIN_MARKS)
        plain = folded(kept)
    return "_".join("".join(" " if _separates(c) else c for c in plain).split())


def _separates(character: str) -> bool:
    return character in _SEPARATORS or unicodedata.category(character) == "Pd"


def own_code(text: str) -> str:
    """Return the code of the own row that stands for a code stored before the vocabulary existed.

    Such a code has only ASCII letters and digits, and `_ . : / -`.
    """
    plain = key(text) or text.encode().hex()
    code = plain if plain.startswith(OWN) else OWN + plain
    if len(code) <= CODE_MAX:
        return code
    digest = hashlib.sha256(plain.encode()).hexdigest()[:8]
    return f"{code[: CODE_MAX - 9]}_{digest}"
