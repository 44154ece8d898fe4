"""The names of people, as far as they are known. Pure.

Chinese, Japanese and Korean write the family name first, and no blank after it. Which names are
written so is told by their script, because a record doesn't say which language a name is of.
"""

import unicodedata
from typing import Final

UNKNOWN: Final = "name unknown"
"""What stands in the place of a name that nobody knows."""
_IDEOGRAPHS: Final = ("CJK UNIFIED IDEOGRAPH", "CJK COMPATIBILITY IDEOGRAPH", "HANGUL")
_SYLLABLES: Final = ("HIRAGANA", "KATAKANA", "IDEOGRAPHIC ITERATION MARK")


def full_name(given_name: str | None, family_name: str | None) -> str:
    """Return a person's names, or what stands in their place. Many people have only one.

    The given name comes first. In Chinese, Japanese and Korean script it is the family name.
    """
    if given_name and family_name and is_family_first(given_name, family_name):
        return family_name + given_name
    return " ".join(filter(None, (given_name, family_name))) or UNKNOWN


def listed_name(given_name: str | None, family_name: str | None) -> str:
    """Return a person's names as a list by family names has them: `Núñez, Ana`, `欧阳小明`."""
    if given_name and family_name and is_family_first(given_name, family_name):
        return family_name + given_name
    return ", ".join(filter(None, (family_name, given_name))) or UNKNOWN


def is_family_first(given_name: str, family_name: str) -> bool:
    """Return whether both names are in the script of a language that puts the family name first.

    All letters must be ideographs, kana or Hangul. The family name needs an ideograph or Hangul:
    names in kana alone are mostly foreign ones, whose own order Japanese keeps.
    """
    letters = given_name + family_name
    return all(map(_is_of_east_asia, letters)) and any(map(_is_ideograph, family_name))


def _is_of_east_asia(letter: str) -> bool:
    return unicodedata.name(letter, "").startswith((*_IDEOGRAPHS, *_SYLLABLES))


def _is_ideograph(letter: str) -> bool:
    return unicodedata.name(letter, "").startswith(_IDEOGRAPHS)
