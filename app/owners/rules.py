"""Which passwords may be set: long ones. Pure.

NIST SP 800-63B asks for length and nothing else, and for one spelling of what looks the same: two
keyboards may send one letter as one character or as two.
"""

import unicodedata
from typing import Final

LENGTH_MIN: Final = 12
LENGTH_MAX: Final = 1024


def spelt(password: str) -> str:
    """The password in the one spelling in which it is hashed (Unicode NFKC)."""
    return unicodedata.normalize("NFKC", password)


def may_be_set(password: str) -> bool:
    """Whether it is long enough, and not endless."""
    return LENGTH_MIN <= len(spelt(password)) <= LENGTH_MAX
