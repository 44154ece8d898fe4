"""Rules for accounts, their names and passwords. Pure.

NIST SP 800-63B §3.1.1.2 asks for length, and to refuse passwords that are leaked, repetitive,
sequential, or the name of the person or the service. It asks for no other property. It also asks
for Unicode normalization, because one keyboard may send a letter as one character and another as
two.
"""

import hmac
import re
import secrets
import unicodedata
from collections.abc import Iterable
from datetime import timedelta
from itertools import pairwise
from typing import Final
from uuid import UUID

from app.core.values.access import Role
from app.core.values.text import folded as as_compared

NAME_MAX: Final = 100
KEY_MAX: Final = 200
"""The longest folded name: folding may make a name longer."""
INVITATION_LIFE: Final = timedelta(days=7)
LENGTH_MIN: Final = 12
LENGTH_MAX: Final = 1024
REPEATED: Final = "This password repeats a few characters. Choose another one."
SEQUENCE: Final = "This password is a sequence of neighbouring characters. Choose another one."
# Letters of Cyrillic and Greek that have the form of a Latin one, of Unicode's `confusables.txt`
# (UTS #39 §4). Latin letters that look like one another are in no list: Ilan is not Lian.
_SMALL: Final = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u0501\u04bb\u051b\u051d\u04cf"
    "\u03b1\u03b3\u03b9\u03bd\u03bf\u03c1\u03c5",
    "aeopcyxijsdhqwlayivopu",
)
_CAPITAL: Final = str.maketrans(
    "\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0423\u0425\u0406\u0408\u0405"
    "\u051a\u051c\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7",
    "ABEKMHOPCTYXIJSQWABEZHIKMNOPTYX",
)
NAME: Final = (
    "This password is made only of names that others know: of the clinic or of people."
    " Choose another."
)


def needs_practitioner(role: Role) -> bool:
    """Whether a person with this role is a practitioner in any case."""
    return role == "practitioner"


def takes_practitioner(role: Role) -> bool:
    """Whether a person with this role may be a practitioner."""
    return role in {"owner", "practitioner"}


def name_key(sign_in_name: str) -> str:
    """The name by which an account is found: case and variants of characters don't matter."""
    return as_compared(sign_in_name)


def looks(sign_in_name: str) -> frozenset[str]:
    """How a name looks in small letters and in capitals, whatever script it is written in.

    Two names that share one of these are taken for one another: see `_SMALL` and `_CAPITAL`.
    """
    key = name_key(sign_in_name)
    small, capital = key.translate(_SMALL), key.upper().translate(_CAPITAL)
    return frozenset((small, name_key(capital)))


def known_browser(account_id: UUID, password_hash: str) -> str:
    """A mark for a browser in which a person has signed in, so that it is known later.

    It proves that, because only the server knows the hash; a new password makes it worthless. See
    OWASP, *Slow Down Online Guessing Attacks with Device Cookies*.
    """
    nonce = secrets.token_hex(16)
    return f"{nonce}.{_proof(nonce, account_id, password_hash)}"


def is_known_browser(mark: str, account_id: UUID, password_hash: str) -> bool:
    """Whether `known_browser` made this mark for the account, with its present password."""
    nonce, _, proof = mark.partition(".")
    made = _proof(nonce, account_id, password_hash)
    return hmac.compare_digest(made.encode(), proof.encode())


def _proof(nonce: str, account_id: UUID, password_hash: str) -> str:
    marked = f"known browser {account_id} {nonce}".encode()
    return hmac.new(password_hash.encode(), marked, "sha256").hexdigest()


def normalized(password: str) -> str:
    """The password in Unicode NFKC, the form that is hashed."""
    return unicodedata.normalize("NFKC", password)


def has_allowed_length(password: str) -> bool:
    """Whether the normalized password has an allowed length."""
    return LENGTH_MIN <= len(normalized(password)) <= LENGTH_MAX


def weakness(password: str, names: Iterable[str]) -> str | None:
    """Why a password is too easy to guess, as a message; None if these rules allow it.

    `names` are those of the clinic and its people. A password may not consist of them, or of their
    words, in any order. Case, and digits, spaces and punctuation don't count.
    """
    folded = normalized(password).casefold()
    if _is_repetition(folded):
        return REPEATED
    if _is_sequence(folded):
        return SEQUENCE
    if _is_made_of_names(_letters(folded), names):
        return NAME
    return None


def _is_made_of_names(letters: str, names: Iterable[str]) -> bool:
    """Whether names, or words of names, one after another, make these letters.

    A word of one letter, such as an initial, only counts as a whole name.
    """
    folded = [normalized(name).casefold() for name in names]
    whole = {_letters(name) for name in folded}
    words = {_letters(word) for name in folded for word in re.split(r"[\W_]+", name)}
    pieces = {piece for piece in whole | words if len(piece) > 1}
    sizes, ends = {len(piece) for piece in pieces}, {0}
    for end in range(1, len(letters) + 1):
        starts = ends & {end - size for size in sizes}
        if any(letters[start:end] in pieces for start in starts):
            ends.add(end)
    return letters != "" and (letters in whole or len(letters) in ends)


def _is_repetition(folded: str) -> bool:
    """Whether three or more copies of one piece make the text, the last one perhaps cut off."""
    longest = len(folded) // 3
    return any(folded[size:] == folded[:-size] for size in range(1, longest + 1))


def _is_sequence(folded: str) -> bool:
    """Whether each character follows the one before, up or down; 0 follows 9, and a follows z."""
    steps = {_step(one, next_) for one, next_ in pairwise(folded)}
    return steps in ({1}, {-1})


def _step(one: str, next_: str) -> int:
    if one + next_ in {"90", "za"}:
        return 1
    if one + next_ in {"09", "az"}:
        return -1
    return ord(next_) - ord(one)


def _letters(folded: str) -> str:
    return "".join(filter(str.isalpha, folded))
