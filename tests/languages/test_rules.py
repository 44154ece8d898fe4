"""Which language a person gets, and how it writes days, times and numbers."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.languages.rules.choice import Language, chosen, look_up
from app.languages.rules.dates import clock, day, number

TAGS = ["en", "fr", "zh-Hant", "pt-BR"]
VISIT = datetime(2026, 11, 20, 18, 5, tzinfo=UTC)
PERSIAN = {ord("0") + digit: 0x06F0 + digit for digit in range(10)}
VANCOUVER = ZoneInfo("America/Vancouver")


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("fr", "fr"),
        ("FR-ca", "fr"),
        ("zh-Hant-CN-x-private1-private2", "zh-Hant"),
        ("zh-hant-x-a", "zh-Hant"),
        ("zh", None),
        ("pt-PT", None),
        ("", None),
        (None, None),
    ],
)
def test_a_tag_is_looked_up_from_its_whole_to_its_first_part(
    wanted: str | None, found: str | None
) -> None:
    assert look_up(wanted, TAGS) == found


@given(st.text(max_size=40))
def test_whatever_is_wanted_the_look_up_ends_with_an_offered_tag_or_none(wanted: str) -> None:
    assert look_up(wanted, TAGS) in {*TAGS, None}


@given(st.sampled_from(TAGS), st.lists(st.from_regex(r"[a-z0-9]{1,8}", fullmatch=True), max_size=4))
def test_a_tag_with_further_parts_is_served_by_the_tag(tag: str, parts: list[str]) -> None:
    assert look_up("-".join([tag, *parts]), TAGS) == tag


def test_the_first_wanted_language_that_is_offered_is_chosen_and_english_otherwise() -> None:
    offered = [Language(tag, tag, "ltr", reviewed=True) for tag in TAGS]
    assert chosen([None, "pa", "fr-CA", "en"], offered).tag == "fr"
    assert chosen(["pa"], offered).tag == "en"


def test_days_and_times_are_those_of_the_clinics_zone_in_the_order_and_digits_of_the_language() -> (
    None
):
    assert day(VISIT, VANCOUVER, "en") == "Friday, November 20, 2026"
    assert day(VISIT, VANCOUVER, "fr") == "vendredi 20 novembre 2026"
    assert day(VISIT, VANCOUVER, "fa") == "جمعه 20 نوامبر 2026".translate(PERSIAN)
    assert clock(VISIT, VANCOUVER, "en").split() == ["10:05", "AM"]
    assert clock(VISIT, VANCOUVER, "fa") == "10:05".translate(PERSIAN)


def test_a_day_is_that_of_the_zone_on_both_sides_of_midnight() -> None:
    late = datetime(2026, 11, 21, 7, 30, tzinfo=UTC)
    assert day(late, VANCOUVER, "en").startswith("Friday")
    assert day(late, ZoneInfo("Asia/Tokyo"), "en").startswith("Saturday")


@given(st.integers(0, 10_000))
def test_a_number_in_other_digits_reads_as_the_same_number(value: int) -> None:
    assert int(number(value, "fa")) == int(number(value, "en")) == value
