"""The message that asks a patient: whole in every language, and without a word of the clinic's."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from app.deliveries.asking import Asking, plain, words
from app.languages.queries import DOMAIN, languages

CLINICAL = ("needl", "sore", "pain", "muscle", "treat", "aiguille", "douleur", "traité", "سوزن")
GSM_7 = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""The characters of an SMS that isn't sent in UCS-2 (3GPP TS 23.038, 6.2.1)."""
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


@pytest.mark.parametrize("asking", [ASKING, ASKING._replace(is_reminder=True)])
def test_an_english_text_for_a_telephone_has_only_characters_of_an_sms(asking: Asking) -> None:
    _, text = words(asking, "en")
    assert "10:00 AM" in plain(text)
    assert set(plain(text)) <= set(GSM_7)


@each_language
def test_a_text_for_a_telephone_keeps_its_words_and_has_no_rare_spaces_or_quotes(tag: str) -> None:
    _, text = words(ASKING, tag)
    assert {LINK, f"{LINK}/stop"} <= set(plain(text).splitlines())
    assert not set(plain(text)) & set("\u00a0\u202f\u2019«»“”\u2013—…")
    assert [c for c in plain(text) if c.isalnum()] == [c for c in text if c.isalnum()]


@each_language
def test_a_reminder_says_that_it_is_one(tag: str) -> None:
    first, reminder = words(ASKING, tag), words(ASKING._replace(is_reminder=True), tag)
    assert first.subject != reminder.subject
    assert len(reminder.text.splitlines()) == len(first.text.splitlines()) + 1
