"""A vocabulary knows what clinics write, however it is spelt, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.values.faults import RuleBroken
from app.core.values.text import word_key
from app.core.values.vocabularies import words_of
from app.instruments.queries import INSTRUMENTS
from app.muscles.rules import MuscleRegion
from app.vocabularies import queries
from app.vocabularies.queries import compared_code, published_code
from app.vocabularies.rules import CODE_MAX, VocabularyName, own_code
from app.vocabularies.schemas import VOCABULARIES, WordView

EVERY_ROW = [(noun, row) for noun, rows in queries.ROWS.items() for row in rows]
STORED = st.text("abcXYZ019_.:/-", min_size=1, max_size=64)
"""What a code could be before there were vocabularies."""


def test_every_vocabulary_of_the_list_has_its_name_and_a_row_for_other_words() -> None:
    assert list(VOCABULARIES) == list(words_of(VocabularyName))
    for noun in VOCABULARIES:
        assert published_code(noun, "other") == "other"


@pytest.mark.parametrize(
    ("noun", "row"), EVERY_ROW, ids=[f"{noun}-{row.code}" for noun, row in EVERY_ROW]
)
def test_each_name_and_synonym_of_a_row_is_taken_in_any_case(
    noun: VocabularyName, row: WordView
) -> None:
    for word in (row.code, row.name, *row.synonyms):
        for spelt in (word, word.upper(), f"  {word.title()} ", word.replace("_", " - ")):
            assert published_code(noun, spelt) == row.code
    assert row.source


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("cervical spine", "neck"),
        ("C-Spine", "neck"),
        ("low back", "low_back"),
        ("Lumbar", "low_back"),
        ("Shoulder", "shoulder"),
        ("\uff33\uff28\uff2f\uff35\uff2c\uff24\uff25\uff32", "shoulder"),
        ("TMJ", "jaw"),
        ("right shoulder", None),
        ("?shoulder", None),
        ("", None),
    ],
)
def test_what_charts_say_for_a_region_is_known(word: str, code: str | None) -> None:
    assert published_code("regions", word) == code


@given(st.text())
def test_folding_a_word_again_changes_nothing(text: str) -> None:
    assert word_key(word_key(text)) == word_key(text)


@given(st.sampled_from(EVERY_ROW), st.data())
def test_a_words_code_depends_on_no_case_blank_or_hyphen(
    row: tuple[VocabularyName, WordView], data: st.DataObject
) -> None:
    noun, of = row
    letters = [data.draw(st.sampled_from([c.upper(), c.lower()])) for c in of.code]
    between = st.sampled_from(["_", " ", "-", " _ ", "\u00a0", "\u2011"])
    spelt = "".join(data.draw(between) if c == "_" else c for c in letters)
    assert published_code(noun, spelt) == of.code


@given(STORED)
def test_an_own_code_is_a_code_and_stands_for_itself(stored: str) -> None:
    code = own_code(stored)
    assert len(code) <= CODE_MAX
    assert own_code(code) == code
    assert own_code(stored.upper()) == own_code(stored.lower()) or not word_key(stored)


@given(STORED)
def test_a_stored_word_is_compared_by_a_code_that_is_compared_by_itself(stored: str) -> None:
    code = compared_code("regions", stored)
    assert compared_code("regions", code) == code
    assert compared_code("regions", None) is None


def test_every_region_that_another_list_names_is_in_the_vocabulary() -> None:
    published = {row.region for one in INSTRUMENTS for row in one.thresholds if row.region}
    assert published <= {row.code for row in queries.ROWS["regions"]}
    for region in words_of(MuscleRegion):
        assert published_code("regions", region) is not None, region


@pytest.mark.parametrize(
    ("noun", "word", "nearest"),
    [
        ("regions", "right_sholder", "shoulder"),
        ("regions", "sholder", "shoulder"),
        ("regions", "lombar", "low_back"),
        ("event_kinds", "pneumothroax", "pneumothorax"),
        ("contraindications", "anticoag", "anticoagulant"),
        ("co_interventions", "streching", "stretching"),
        ("aftercare", "soreness", "soreness_explained"),
    ],
)
def test_a_fault_offers_the_nearest_rows(noun: VocabularyName, word: str, nearest: str) -> None:
    fault = queries.unknown(VOCABULARIES[noun], "/place", word)
    assert fault.code == VOCABULARIES[noun].unknown
    assert nearest in fault.suggestions[:2]
    assert word not in fault.detail


def test_two_rows_may_not_share_a_word_and_a_parent_must_be_a_row() -> None:
    head = "code,name,synonyms,parent,note,source\n"
    with pytest.raises(RuleBroken, match="share a word"):
        queries.read(VOCABULARIES["regions"], head + "a,A,B b,,,s\nb,B-B,,,,s\n")
    with pytest.raises(RuleBroken, match="parent"):
        queries.read(VOCABULARIES["regions"], head + "a,A,,c,,s\n")
