"""Guard texts in CSV that a spreadsheet would run as a formula. Pure."""

from typing import Final

SIGNS: Final = ("=", "+", "-", "@", "＝", "＋", "－", "＠")  # noqa: RUF001 - full-width signs run too
"""Characters that begin a formula, also behind blanks."""
FIRST: Final = ("\t", "\r", "\n", "'")
BLANKS: Final = "".join(filter(str.isspace, map(chr, range(0x3001)))) + "\u180e\u200b\u2060\ufeff"
"""All white space, which ends at U+3000, and characters that have no width."""


def guarded(text: str) -> str:
    """Return the text, with a `'` in front where a spreadsheet would treat it as a formula.

    A text that begins with a `'` gets one too, so that `unguarded` gives every text back.
    """
    return f"'{text}" if _is_risky(text) else text


def unguarded(text: str) -> str:
    """Return the text that `guarded` made this from. Another `'` at the beginning stays."""
    return text[1:] if text.startswith("'") and _is_risky(text[1:]) else text


def _is_risky(text: str) -> bool:
    if not text or text[0].isalnum():
        return False
    return text.startswith(FIRST) or text.lstrip(BLANKS).startswith(SIGNS)
