"""What to know before the patient is needled, and what they consented to. Pure.

It says what the chart in the console says on top, of the part of the record that is released.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from app.episodes.views import EpisodeView
from app.notes.rules.beside import consent, where
from app.safety.rules import standing_answers, standing_events
from app.safety.views import AdverseEventView, ConsentView, ScreeningView
from app.summaries.rules.words import Names, listed_texts, moment


class Known(NamedTuple):
    """What is known of a patient's safety, of the part of a chart that is released."""

    refusals: Sequence[ConsentView]
    """Consents that the patient refused or withdrew, and decided nothing else since."""
    episodes: Sequence[EpisodeView]
    screenings: Sequence[ScreeningView]
    """Those before visits that aren't void."""
    events: Sequence[AdverseEventView]


def heed(known: Known, at: datetime, names: Names) -> list[str]:
    """Return a line for each thing to know before the patient is needled."""
    return [
        *(_event(each, names) for each in standing_events(known.events, at)),
        *(refusal(each, names) for each in known.refusals),
        *_red_flags(known.episodes, names),
        *_answers(known.screenings, names),
    ]


def consents(given: Iterable[ConsentView], names: Names) -> list[str]:
    """Return a line for each decision of the patient, in the words of a note."""
    return [consent(each, names.words) for each in given]


def refusal(consent: ConsentView, names: Names) -> str:
    """Return the line of a consent that was refused or withdrawn."""
    code, at = names.words.code, consent["withdrawn_at"] or consent["obtained_at"]
    decided = code("consent_decision", consent["decision"])
    return f"{code('consent', consent['kind'])}: {decided}, {moment(at)}"


def _event(event: AdverseEventView, names: Names) -> str:
    words = names.words
    kind = words.term("event_kinds", event["kind"])
    how = words.code("severity", event["severity"])
    close = "close call" if event["close_call"] else None
    what = listed_texts([kind, close, where(event, words), how])
    return f"Adverse event of {moment(event['occurred_at'])}: {what}. {event['description']}"


def _red_flags(episodes: Iterable[EpisodeView], names: Names) -> Iterator[str]:
    for episode in episodes:
        if episode["red_flags"] and episode["closed_at"] is None:
            flags = (names.words.code("episode_flag", each) for each in episode["red_flags"])
            yield f"Red flags of “{episode['complaint']}”: {listed_texts(flags)}"


def _answers(screenings: Iterable[ScreeningView], names: Names) -> Iterator[str]:
    words = names.words
    for one in standing_answers(screenings):
        asked = words.term("contraindications", one.said["code"])
        said = listed_texts([words.code("answer", one.said["answer"]), one.said["detail"]])
        decided = words.code("screening_decision", one.decision)
        why = f", because: {one.reason}" if one.reason else ""
        yield f"Screening of {moment(one.at)}: {asked}: {said}; decided: {decided}{why}"
