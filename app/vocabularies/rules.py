"""The fixed words of the rows, and the codes of own rows. Pure."""

import hashlib
from typing import Final, Literal

from typing_extensions import TypeAliasType

from app.core.values.text import word_key

VocabularyName = TypeAliasType(
    "VocabularyName",
    Literal[
        "regions",
        "movements",
        "event_kinds",
        "contraindications",
        "co_interventions",
        "aftercare",
    ],
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


def own_code(text: str) -> str:
    """Return the code of the own row that stands for a code stored before the vocabulary existed.

    Such a code has only ASCII letters and digits, and `_ . : / -`.
    """
    plain = word_key(text) or text.encode().hex()
    code = plain if plain.startswith(OWN) else OWN + plain
    if len(code) <= CODE_MAX:
        return code
    digest = hashlib.sha256(plain.encode()).hexdigest()[:8]
    return f"{code[: CODE_MAX - 9]}_{digest}"
