"""How names are compared: their parts, their letters, typing errors, and dates beside them."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from app.patients.rules.misspellings import LETTERS_MAX, misspellings
from app.patients.rules.names import WORD_MAX, folded, parts, words
from app.patients.rules.written_dates import split_date, written_date

LETTERS = st.text(st.characters(categories=("L", "M")), min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("Łukasz", "lukasz"),
        ("Øystein", "oystein"),
        ("Đặng", "dang"),
        ("Đurđa", "durda"),
        ("I\u015f\u0131l", "isil"),
        ("İpek", "ipek"),
        ("Æsa", "aesa"),
        ("Cœur", "coeur"),
        ("Ħal", "hal"),
        ("Þór", "thor"),
        ("Guðrún", "gudrun"),
        ("Weiß", "weiss"),
        ("Ŋoma", "ngoma"),
        ("Səid", "seid"),
        ("Ŧaŧa", "tata"),
        ("Ɓala", "bala"),
        ("Ǩǥ", "kg"),
        ("محمـــد", "محمد"),
        ("\u062d\u0633\u06cc\u0646\u06cc", "\u062d\u0633\u064a\u0646\u064a"),
        ("\u0645\u0648\u0633\u0649", "\u0645\u0648\u0633\u064a"),
        ("\u06a9\u0631\u06cc\u0645", "\u0643\u0631\u064a\u0645"),
        ("\u0623\u0645\u064a\u0646\u0629", "\u0627\u0645\u064a\u0646\u0647"),
        ("مُحَمَّد", "محمد"),
        ("שָׁלוֹם", "שלום"),
        ("Ёлкин", "елкин"),
        ("Αλέξανδρος", "αλεξανδροσ"),
        ("葛\U000e0100城", "葛城"),
        ("रुचि", "रुचि"),
        ("NU\u0301N\u0303EZ", "nunez"),
        ("  O'Brien ", "obrien"),
        ("Anne-Marie", "annemarie"),
        ("\u02bbAkahi O\u2019Brien", "akahiobrien"),
        ("ﬁona", "fiona"),
        ("北京", "北京"),
        ("\U0001d400\U0001d427\U0001d41a", "ana"),  # Ana in mathematical bold
        ("\u0301", ""),
    ],
)
def test_letters_that_decomposition_leaves_are_folded(name: str, plain: str) -> None:
    assert folded(name) == plain
    assert folded(name.upper()) == plain
    assert folded(unicodedata.normalize("NFD", name)) == plain


@given(st.text(max_size=30))
def test_folding_a_part_changes_nothing(name: str) -> None:
    assert [folded(part) for part in parts(name)] == parts(name)
    assert parts(" ".join(parts(name))) == parts(name)


@given(st.text(max_size=30))
def test_a_name_is_compared_without_its_case_and_composition(name: str) -> None:
    assert parts(unicodedata.normalize("NFD", name)) == parts(name)
    assert parts(unicodedata.normalize("NFC", name)) == parts(name)
    assert parts(name.casefold()) == parts(name)


@given(LETTERS)
def test_words_of_any_script_are_short_enough_to_be_stored(name: str) -> None:
    assert all(0 < len(word) <= WORD_MAX for word in words([name, name * 10]))


@pytest.mark.parametrize(
    ("name", "found_by"),
    [
        ("Garcia-Lopez", ["garcialopez", "garcia", "lopez"]),
        ("van der Berg", ["vanderberg", "van", "der", "berg"]),
        ("O'Brien", ["obrien", "o", "brien"]),
        ("O\u2019Brien", ["obrien", "o", "brien"]),
        ("O\u02bcBrien", ["obrien", "o", "brien"]),
        ("\u02bbAkahi", ["akahi"]),
        ("陈伟", ["陈伟", "陈", "伟", "chenwei", "chen", "wei"]),
        ("김민수", ["김민수", "김", "민", "수", "gimminsu", "gim", "min", "su"]),
        ("Иван", ["иван", "ivan"]),
        ("محمد", ["محمد", "mhmd"]),
    ],
)
def test_a_name_is_found_whole_by_its_parts_and_in_ascii(name: str, found_by: list[str]) -> None:
    assert words([name]) == found_by
    assert words([None, name, name]) == found_by


@given(st.text("abcdez", min_size=4, max_size=8))
def test_the_misspellings_of_a_word_are_all_words_one_error_away(word: str) -> None:
    near = misspellings(word, alone=True)
    assert word not in near
    assert {OSA.distance(word, other) for other in near} == {1}
    letters = "abcdefghijklmnopqrstuvwxyz"
    assert {word[:2] + letter + word[2:] for letter in letters} <= near
    assert {word[:n] + word[n + 1 :] for n in range(len(word))} <= near


@pytest.mark.parametrize(
    ("word", "other"),
    [("иванов", "ивоанов"), ("محمد", "مجمد"), ("ελενη", "ελνη"), ("محمد", "mhmd")],
)
def test_errors_are_forgiven_in_other_scripts_too(word: str, other: str) -> None:
    assert other in misspellings(word, alone=True)


@pytest.mark.parametrize("word", ["ann", "陈", "a" * (LETTERS_MAX + 1)])
def test_very_short_and_very_long_words_have_no_misspellings_alone(word: str) -> None:
    assert misspellings(word, alone=True) <= {"chen"}


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("1988-04-12", "1988-04-12"),
        ("1988/4/12", "1988-04-12"),
        ("19880412", "1988-04-12"),
        ("12 April 1988", "1988-04-12"),
        ("April 12, 1988", "1988-04-12"),
        ("12-Apr-1988", "1988-04-12"),
        ("25.12.1988", "1988-12-25"),
        ("12.04.1988", "1988-04-12"),
        ("31.2.1988", None),
        ("12/25/1988", "1988-12-25"),
        ("04/04/1988", "1988-04-04"),
        ("1988-04", "1988-04"),
        ("April 1988", "1988-04"),
        ("4/1988", "1988-04"),
        ("1988", "1988"),
        ("03/04/1988", None),
        ("31 February 1988", None),
        ("12/25/88", None),
        ("1066", None),
        ("Smith", None),
    ],
)
def test_a_written_date_is_read_if_it_can_be_only_one(text: str, date: str | None) -> None:
    assert written_date(text) == date


@pytest.mark.parametrize(
    ("text", "name", "date"),
    [
        ("Ana Núñez 12 April 1988", "Ana Núñez", "1988-04-12"),
        ("1988 Ana", "Ana", "1988"),
        ("1988-04-12", "", "1988-04-12"),
        ("May Smith", "May Smith", None),
        ("Ana 03/04/1988", "Ana 03/04/1988", None),
    ],
)
def test_a_date_beside_a_name_is_a_birth_date(text: str, name: str, date: str | None) -> None:
    assert split_date(text) == (name, date)
