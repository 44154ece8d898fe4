"""The message that asks a patient: whole in every language, and without a word of the clinic's."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from app.deliveries.asking import Asking, words
from app.languages.queries import DOMAIN, languages

CLINICAL = ("needl", "sore", "pain", "muscle", "treat", "aiguille", "douleur", "traité", "سوزن")
LINK = "https://clinic.example/r/abc"
ASKING = Asking(
    datetime(2026, 11, 20, 18, tzinfo=UTC),
    ZoneInfo("America/Vancouver"),
    LINK,
    f"{LINK}/stop",
    "M",
    "604-555-0100",
    "911",
)
each_language = pytest.mark.parametrize("tag", [each.tag for each in languages(DOMAIN)])


@each_language
def test_a_message_says_how_to_answer_how_to_stop_and_whom_to_call(tag: str) -> None:
    subject, text = words(ASKING, tag)
    assert {LINK, f"{LINK}/stop"} <= set(text.splitlines())
    assert "604-555-0100" in text
    assert "911" in text
    assert "M" in text
    assert "\n" not in subject


@each_language
def test_a_message_has_no_clinical_word(tag: str) -> None:
    said = " ".join(words(ASKING, tag)).lower()
    assert [word for word in CLINICAL if word in said] == []


def test_a_message_names_the_visit_by_its_day_and_time_in_the_clinics_zone() -> None:
    subject, text = words(ASKING, "en")
    assert subject == "A question after your visit on Friday, November 20, 2026"
    assert text.splitlines()[0].startswith("You visited us on Friday, November 20, 2026, 10:00")


def test_what_nobody_has_said_is_left_out() -> None:
    bare = ASKING._replace(initial=None, phone=None, emergency_number=None)
    _, text = words(bare, "en")
    assert "None" not in text
    assert "begins with" not in text
    assert "emergency" not in text
