"""Text is stored as it looks, and compared by what it says."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.values.text import check_not_blank, folded, folded_code, is_blank, nfc, one_line
from tests.records.breaking import broken

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
BLANKS = [
    *(" ", "  ", "\t", "\n", "\u00a0", "\u2003", "\u3000"),
    *("\u200b", "\ufeff", "\u2060", "\u00ad", "\u200e"),
    *("\u115f", "\u3164", "\uffa0", "\u2800", "\u034f", "\ufe0f"),
]


@given(TEXTS)
def test_storing_a_stored_text_changes_nothing(text: str) -> None:
    assert nfc(nfc(text)) == nfc(text)
    assert one_line(one_line(text)) == one_line(text)


@given(TEXTS)
def test_folding_a_folded_text_changes_nothing(text: str) -> None:
    assert folded(folded(text)) == folded(text)
    assert folded_code(folded_code(text)) == folded_code(text)


@given(TEXTS)
def test_what_is_stored_is_compared_like_what_was_written(text: str) -> None:
    assert folded(one_line(text)) == folded(text)
    assert folded(unicodedata.normalize("NFD", text)) == folded(text)


@given(st.lists(st.sampled_from(["overhead", "Reach", "LIFT", "e\u0301t\u00e9"]), min_size=1))
def test_case_white_space_and_composition_make_no_difference(words: list[str]) -> None:
    assert folded(" \t".join(words).upper() + "\u00a0") == folded(" ".join(words))
    assert folded("\ufeff" + unicodedata.normalize("NFD", " ".join(words))) == folded(
        " ".join(words)
    )


@pytest.mark.parametrize("blank", BLANKS)
def test_what_nobody_sees_is_blank(blank: str) -> None:
    assert is_blank(blank)
    assert is_blank(blank + " " + blank)
    assert not is_blank(blank + "a")
    assert broken(check_not_blank, blank) == "blank"


@given(TEXTS)
def test_a_text_with_a_letter_or_a_digit_is_not_blank(text: str) -> None:
    assert not is_blank(text + "x")
    assert is_blank(text) == (one_line(text) == "" or is_blank(one_line(text)))


@pytest.mark.parametrize("written", ["L2604-7", "l2604-7", "L 2604 7", "L2604\u20117", "l 26047"])
def test_a_lot_is_one_lot_in_every_spelling(written: str) -> None:
    assert folded_code(written) == "l26047"


def test_a_code_of_hyphens_alone_stays_itself() -> None:
    assert folded_code("--") == "--"
    assert folded_code("-") != folded_code("--")
