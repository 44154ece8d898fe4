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
    TooSlow,
    Unavailable,
    UnknownHost,
    Unreadable,
    UnsupportedMedia,
    VersionMissing,
    VersionStale,
)
from app.notes.rules.codes import CODES
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
    TooSlow: Words(
        "The connection was too slow", "Nothing was stored. Go back, and send the form again."
    ),
    TooManyRequests: Words("Too many tries", "Nothing was done."),
    UnknownHost: Words(
        "This is not the address of these pages", "Ask for the clinic's address, and open that."
    ),
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


_SPELT: Final = {
    "gunn_ims": "Gunn IMS",
    "no_show": "Did not come",
    "peau_dorange": "Peau d\u2019orange",
}
"""Words whose code isn't how they are spelt."""


def words_for(problem: Problem) -> Words:
    """Return the title and the explanation of a problem, for a page."""
    words = FOR_PEOPLE.get(type(problem))
    if words is None:
        return Words(problem.title, problem.detail)
    if isinstance(problem, TooManyRequests):
        wait = duration(int(problem.headers["Retry-After"]))
        return words._replace(detail=f"{words.detail} Try again in {wait}.")
    if isinstance(problem, Forbidden) and problem.scope is not None:
        needed = f"This needs the right to {right_words(problem.scope)}."
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


def spelt(code: str) -> str:
    """Return a code as it stands alone, such as in a list to choose from."""
    return _SPELT.get(code) or code.replace("_", " ").capitalize()


def consent_words(kind: str) -> str:
    """Return what a patient consents to, as a note says it after "Consent to"."""
    return CODES["consent"][kind].removeprefix("Consent to ")


READS: Final[Mapping[str, str]] = {
    "console.account": "one's own account",
    "console.acknowledge": "an alert, acknowledged",
    "console.add-alert-note": "an alert, with a note added",
    "console.amend": "the session, amended",
    "console.amend-form": "the session, to amend it",
    "console.called": "what the patient said by phone about a visit, entered",
    "console.called-form": "the form for what the patient says by phone about a visit",
    "console.cancel-ask": "a message to the patient, cancelled",
    "console.consent-to-messages": "the consent to messages, entered",
    "console.everything": "everything about the patient, as a file",
    "console.phoned": "what the patient said by phone, entered",
    "console.phoned-form": "the form for what the patient says by phone",
    "console.send-again": "a message to the patient, sent again",
    "console.sign": "the session, signed",
    "console.sign-form": "the session, to sign it",
    "console.stop-messages": "messages to the patient, stopped",
    "console.void": "the session, made void",
    "console.void-form": "the session, to make it void",
    "console.alert": "an alert",
    "console.alerts": "the list of alerts",
    "console.follow-up": "a message and its answer",
    "console.follow-ups": "the list of follow-ups",
    "console.chart-summary": "the chart, as PDF for a recipient",
    "console.chart-summary-form": "the form for the chart as PDF",
    "console.details": "who they are and how to reach them",
    "console.export": "an export",
    "console.exports": "the page of exports",
    "console.letter": "a letter about the patient",
    "console.letter-form": "the form for a letter",
    "console.looked": "who looked",
    "console.lots": "patients of a needle lot",
    "console.patient": "the chart",
    "console.patients": "the list of patients",
    "console.search": "a search for patients",
    "console.session": "a session",
    "console.timeline": "the timeline",
    "audit.checkpoint": "the signed state of the ledger",
    "audit.consistency": "the proof that the ledger only grew",
    "audit.entries": "the ledger",
    "audit.export": "the whole ledger",
    "audit.proof": "the proof that an entry is in the ledger",
    "chart_summaries.create": "the chart, as PDF for a recipient",
    "disclosures.list": "who looked",
    "emergencies.read": "emergency access",
    "emergencies.unreviewed": "emergency access that nobody reviewed",
    "exports.package": "an export",
    "exports.read": "an export",
    "letters.create": "a letter about the patient",
    "me.read": "one's own account",
    "needle_lots.patients": "patients of a needle lot",
    "outcomes.read": "outcomes of the clinic",
    "patients.everything": "everything about the patient, as a file",
    "patients.search": "a search for patients",
    "progress.body-map": "the body map",
    "progress.picture": "the picture of progress",
    "progress.read": "the progress",
    "sessions.note": "the note of a session",
    "sessions.version": "a version of a session",
    "sessions.versions": "the versions of a session",
    "timeline.list": "the timeline",
}
"""What an operation reads, as people call it."""
_RIGHTS: Final[Mapping[str, str]] = {"read": "read", "write": "change", "sign": "sign"}
_VERBS: Final[Mapping[str, str]] = {
    "add note": "a note added to {}",
    "amend": "{}, to amend it",
    "create": "{}, entered",
    "list": "a list of {}",
    "package": "{}, as a file",
    "read": "one of the {}",
    "replace": "{}, changed",
    "sign": "{}, to sign it",
    "update": "{}, changed",
    "void": "{}, to void it",
}
"""What a verb of an operation says of the records."""
_OF_FORMS: Final[Mapping[str, str]] = {
    "change": "the {}, changed",
    "create": "the {}, entered",
    "edit": "the form to change the {}",
    "new": "the form for a new {}",
}
"""What the first word of a form's name says of the rest."""
RELEASES: Final = frozenset(
    f"{noun}.{verb}"
    for noun, verb in (
        ("chart_summaries", "create"),
        ("letters", "create"),
        ("patients", "everything"),
        *(("console", verb) for verb in ("chart-summary", "letter", "everything")),
    )
)
"""The operations by which data leave the clinic. Each says to whom in its reason."""
LISTS: Final = frozenset(
    f"{noun}.{verb}"
    for noun, verb in (
        *(("console", verb) for verb in ("patients", "search", "alerts", "follow-ups")),
        *(("patients", verb) for verb in ("list", "search")),
    )
)
"""The operations that show a line about each of many patients."""
_NOUNS: Final[Mapping[str, str]] = {
    "asks": "messages to the patient",
    "co interventions": "other treatments",
    "emergencies": "emergency access",
    "event kinds": "kinds of adverse events",
    "follow ups": "follow-ups",
}
"""What people call records whose noun doesn't say it."""
_OF_COMPUTERS: Final = re.compile(r"^(consent [0-9a-f-]{36}|(content|file) sha256 [0-9a-f]{64})$")
"""Parts of a reason that only a program compares."""
_EMERGENCY: Final = re.compile(r"^emergency [0-9a-f-]{36}\b")


def read_words(operation: str) -> str:
    """Return what was read by an operation, in words."""
    if operation in READS:
        return READS[operation]
    noun, _, verb = operation.replace("_", " ").partition(".")
    if noun == "console":
        return _page_words(verb.removesuffix("-form").replace("-", " "))
    words = _VERBS.get(verb, "{}, to " + verb.replace("-", " "))
    return words.format(_NOUNS.get(noun, noun))


def right_words(scope: str) -> str:
    """Return what somebody who holds a scope may do."""
    noun, _, verb = scope.replace("_", " ").partition(":")
    return f"{_RIGHTS[verb]} {_NOUNS.get(noun, noun)}"


def _page_words(name: str) -> str:
    """Return what a form of the console shows or does, from the last part of its operation."""
    name = re.sub(r" of (session|patient)$", "", name)
    verb, _, rest = name.partition(" ")
    words = _OF_FORMS.get(verb) if rest else None
    return f"the form “{name}”" if words is None else words.format(rest)


def reason_words(reason: str | None) -> str:
    """Return why something was read, without the ids and digests, which the ledger keeps."""
    parts = [part for part in (reason or "").split("; ") if part]
    kept = [part for part in parts if not _OF_COMPUTERS.match(part)]
    by_consent = any(part.startswith("consent ") and part not in kept for part in parts)
    consented = ["with a consent on record"] if by_consent else []
    return _EMERGENCY.sub("emergency access", "; ".join(kept + consented))


def duration(seconds: int) -> str:
    """Return how long to wait, in seconds or in whole minutes that are enough."""
    count, noun = seconds, "second"
    if seconds > 2 * MINUTE_S:
        count, noun = -(-seconds // MINUTE_S), "minute"
    return f"{count} {noun}{'' if count == 1 else 's'}"
