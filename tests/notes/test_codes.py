"""Every code of a record has words, in every language, and no two have the same."""

from collections.abc import Mapping
from typing import Any

import pytest
from typing_extensions import TypeAliasType

from app.alerts.views import AlertAction, AlertReason, RedFlag
from app.core.values.vocabularies import words_of
from app.episodes.views import EpisodeSide
from app.followups.views import ChangeRating, FollowUpReporter, FollowUpSource
from app.instruments.queries import INSTRUMENTS
from app.languages.queries import NOTES, languages, translations
from app.measurements.views import MeasurementPhase
from app.notes.rules.codes import CODES
from app.practitioners.views import CredentialKind
from app.progress.schemas import FlagCode
from app.records.views import Reporter
from app.safety.views import ConsentDecision, ConsentForm, ConsentKind, ScreeningDecision
from app.sessions.schemas import AmendmentKind
from app.sessions.views import (
    Attendance,
    FamiliarPain,
    Grasp,
    Overridable,
    Position,
    Release,
    Sensation,
    Sign,
    Stimulation,
    Technique,
)
from app.summaries.rules.release import RecipientKind
from app.vocabularies.rules import ScreeningAnswer, Severity
from app.web.console.writing.courses import RED_FLAGS
from tests.causes import causal_words

VOCABULARIES: Mapping[str, TypeAliasType] = {
    "attendance": Attendance,
    "technique": Technique,
    "position": Position,
    "credential": CredentialKind,
    "side": EpisodeSide,
    "stimulation": Stimulation,
    "grasp": Grasp,
    "sensation": Sensation,
    "release": Release,
    "familiar_pain": FamiliarPain,
    "sign": Sign,
    "reporter": Reporter,
    "phase": MeasurementPhase,
    "consent": ConsentKind,
    "consent_decision": ConsentDecision,
    "consent_form": ConsentForm,
    "answer": ScreeningAnswer,
    "screening_decision": ScreeningDecision,
    "severity": Severity,
    "change": ChangeRating,
    "source": FollowUpSource,
    "informant": FollowUpReporter,
    "red_flag": RedFlag,
    "alert_reason": AlertReason,
    "alert_action": AlertAction,
    "recipient": RecipientKind,
    "progress_flag": FlagCode,
    "amendment": AmendmentKind,
}
OF_SIGNING = ("in_the_future", "technique_missing")
"""The faults that nobody may override, and that an imported session may have."""
EXPECTED: dict[str, set[Any]] = {name: set(words_of(of)) for name, of in VOCABULARIES.items()} | {
    "episode_flag": set(RED_FLAGS),
    "instrument": {each.code for each in INSTRUMENTS},
    "fault": {*words_of(Overridable), *OF_SIGNING},
}
TAGS = [each.tag for each in languages(NOTES)]
BETTER_OR_WORSE = {"change"}
"""What the patient says of themselves."""


def test_every_code_has_words_and_no_other() -> None:
    assert {about: set(words) for about, words in CODES.items()} == EXPECTED


@pytest.mark.parametrize("tag", TAGS)
@pytest.mark.parametrize("about", CODES)
def test_two_codes_of_one_member_have_different_words(about: str, tag: str) -> None:
    say = translations(NOTES, tag).gettext
    words = [say(text) for text in CODES[about].values()]
    assert len(set(words)) == len(words)


def test_no_words_of_a_note_say_why_or_that_a_patient_got_better() -> None:
    said = [
        text
        for about, words in CODES.items()
        if about not in BETTER_OR_WORSE
        for text in words.values()
    ]
    assert [text for text in said if causal_words(text) or "better" in text] == []
