"""What pages say of problems: in words for people, who know nothing of the API."""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from app.core.values.problems import (
    Conflict,
    DatabaseReplaced,
    Forbidden,
    Invalid,
    LedgerDamaged,
    MalformedRequest,
    MethodNotAllowed,
    Problem,
    TooLarge,
    TooManyRequests,
    Unavailable,
    Unreadable,
    UnsupportedMedia,
    VersionMissing,
    VersionStale,
)
from app.records.errors import DiffersFromLedger

TELL: Final = "Tell whoever runs the server, with the number below."
LOAD_AGAIN: Final = "Open the page again, and send the form from there."
MINUTE_S: Final = 60


class Words(NamedTuple):
    """A title and an explanation."""

    title: str
    detail: str


FOR_PEOPLE: Final[Mapping[type[Problem], Words]] = {
    Problem: Words("The server failed", f"Try again. If it fails again: {TELL}"),
    MalformedRequest: Words("This can't be read", LOAD_AGAIN),
    UnsupportedMedia: Words("This can't be read", LOAD_AGAIN),
    VersionMissing: Words("This form is not complete", LOAD_AGAIN),
    MethodNotAllowed: Words("This is not a page", "This address takes only forms."),
    Forbidden: Words(
        "You may not do this",
        "Your rights don't allow it. An owner of the clinic can change them.",
    ),
    Conflict: Words(
        "This can't be done", "What is stored doesn't allow it. Open the page again, and look."
    ),
    DiffersFromLedger: Words(
        "This record was changed outside the program",
        f"It can be read, but not changed. There is an alert about it. {TELL}",
    ),
    VersionStale: Words(
        "Somebody changed this meanwhile",
        "Nothing was stored. Open the page again: it shows what is stored now.",
    ),
    TooLarge: Words("This text is too long", "Nothing was stored. Send a shorter one."),
    Invalid: Words("Check what you entered", "Nothing was stored. This has to be changed:"),
    TooManyRequests: Words("Too many tries", "Nothing was done."),
    Unavailable: Words(
        "Try again shortly",
        "The database doesn't answer. Look whether a change was made before you send it again.",
    ),
    DatabaseReplaced: Words("The records can't be used now", f"Nothing was stored. {TELL}"),
    LedgerDamaged: Words("The records can't be used now", f"Nothing was stored. {TELL}"),
    Unreadable: Words(
        "A stored value can't be read", f"Somebody changed it outside the program. {TELL}"
    ),
}
"""The words for the problems whose own are about requests, tokens or commands."""
_OWN_DETAIL: Final = (Conflict, Forbidden)
"""Where these say something particular, it is in plain words already."""


def words_for(problem: Problem) -> Words:
    """Return the title and the explanation of a problem, for a page."""
    words = FOR_PEOPLE.get(type(problem))
    if words is None:
        return Words(problem.title, problem.detail)
    if isinstance(problem, TooManyRequests):
        wait = duration(int(problem.headers["Retry-After"]))
        return words._replace(detail=f"{words.detail} Try again in {wait}.")
    if isinstance(problem, Forbidden) and problem.scope is not None:
        needed = f"This needs the right {problem.scope}."
        return words._replace(detail=f"{needed} {words.detail}")
    is_own = type(problem) in _OWN_DETAIL and problem.detail != problem.meaning()
    return words._replace(detail=problem.detail) if is_own else words


FIELDS: Final[Mapping[str, str]] = {
    "action": "What was done",
    "cursor": "Page of the list",
    "answers": "Question",
    "findings": "Finding",
    "given_by": "Who consented",
    "identifiers": "Number in another system",
    "measurements": "Measure",
    "needlings": "Muscle",
    "otp": "Code of the second factor",
    "practitioner_id": "Practitioner",
    "q": "Search",
    "sign_in_name": "Name to sign in with",
    "subject": "Name at the identity provider (sub)",
    "to": "Address",
}
"""What people call a field whose name doesn't say it."""


def field_words(place: str) -> str:
    """Return what people call the field of a form, by its name or a pointer to it.

    A field of a row is “Muscle 2, ache”.
    """
    name, *within = re.split(r"[./]", place.strip("/"))
    words = FIELDS.get(name, name.replace("_", " ").capitalize()) or "The form"
    if within and within[0].isdecimal():
        words, within = f"{words} {int(within[0]) + 1}", within[1:]
    return ", ".join([words, *(step.replace("_", " ") for step in within)])


READS: Final[Mapping[str, str]] = {
    "console.alert": "an alert",
    "console.alerts": "the list of alerts",
    "console.follow-up": "a message and its answer",
    "console.follow-ups": "the list of follow-ups",
    "console.chart-summary": "the chart, as PDF for a recipient",
    "console.chart-summary-form": "the form for the chart as PDF",
    "console.details": "who they are and how to reach them",
    "console.export": "an export",
    "console.letter": "a letter about the patient",
    "console.letter-form": "the form for a letter",
    "console.looked": "who looked",
    "console.patient": "the chart",
    "console.patients": "the list of patients",
    "console.search": "a search for patients",
    "console.session": "a session",
    "console.timeline": "the timeline",
    "exports.read": "an export",
    "progress.body-map": "the body map",
    "progress.picture": "the picture of progress",
    "progress.read": "the progress",
    "sessions.note": "the note of a session",
    "sessions.versions": "the versions of a session",
    "timeline.list": "the timeline",
}
"""What an operation reads, as people call it."""
_READS_OF: Final = {"list": "a list of {}", "read": "one of the {}"}


def read_words(operation: str) -> str:
    """Return what was read by an operation, in words."""
    noun, _, verb = operation.replace("_", " ").partition(".")
    if operation in READS:
        return READS[operation]
    if noun == "console":
        return f"the form “{verb.removesuffix('-form').replace('-', ' ')}”"
    if verb in _READS_OF:
        return _READS_OF[verb].format(noun)
    return f"{noun}, {verb.replace('-', ' ')}"


def duration(seconds: int) -> str:
    """Return how long to wait, in seconds or in whole minutes that are enough."""
    count, noun = seconds, "second"
    if seconds > 2 * MINUTE_S:
        count, noun = -(-seconds // MINUTE_S), "minute"
    return f"{count} {noun}{'' if count == 1 else 's'}"
