"""The rules for the catalogue's values."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.values import search
from app.core.values.faults import RuleBroken
from app.muscles import rules


def test_the_levels_run_from_c1_to_s4() -> None:
    expected = [
        f"{part}{number}"
        for part, count in (("C", 8), ("T", 12), ("L", 5), ("S", 4))
        for number in range(1, count + 1)
    ]
    assert list(rules.SPINAL_LEVELS) == expected


@given(st.lists(st.sampled_from(rules.SEGMENTS), unique=True), st.randoms())
def test_segments_are_listed_downwards(segments: list[rules.Segment], random: Random) -> None:
    downwards = sorted(segments, key=rules.SEGMENTS.index)
    assert rules.check_order(downwards) == downwards
    random.shuffle(segments)
    if segments != downwards:
        with pytest.raises(RuleBroken):
            rules.check_order(segments)


def test_an_empty_cell_is_never_a_repeated_key() -> None:
    rules.check_unique("fma", {2: None, 3: "FMA:1", 4: None})


@given(st.text())
def test_folding_a_name_ignores_case_and_is_idempotent(text: str) -> None:
    read = search.words(text)
    assert search.words(" ".join(read)) == read
    assert search.joined(text) == "".join(read)


def test_accents_do_not_matter() -> None:
    assert search.words("Élévateur  de l'omoplate") == ["elevateur", "de", "l", "omoplate"]
