"""Rules for passwords: length and normalization. Pure.

NIST SP 800-63B asks for length and for no other property. It also asks for Unicode normalization,
because one keyboard may send a letter as one character and another as two.
"""

import unicodedata
from typing import Final

LENGTH_MIN: Final = 12
LENGTH_MAX: Final = 1024


def normalized(password: str) -> str:
    """The password in Unicode NFKC, the form that is hashed."""
    return unicodedata.normalize("NFKC", password)


def has_allowed_length(password: str) -> bool:
    """Whether the normalized password has an allowed length."""
    return LENGTH_MIN <= len(normalized(password)) <= LENGTH_MAX
