"""The versions of a session beside each other, in the words of its note."""

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Any, Final, NamedTuple, cast
from uuid import UUID

from app.clinics.queries import clinic
from app.core.operation import Operation
from app.ledger import queries as ledger
from app.ledger.schemas import ChangeView
from app.notes.queries import words_of
from app.notes.rules.compared import completed
from app.notes.rules.content import note
from app.notes.rules.visit import Change, NoteRecords, Visit
from app.notes.rules.words import Words
from app.sessions.service import SESSIONS
from app.sessions.views import SessionView
from app.web.console.chart import plain
from app.web.console.visits import ENGLISH

ACTS: Final = {
    "sessions.create": "Recorded",
    "sessions.change": "Changed",
    "sessions.replace": "Changed",
    "sessions.sign": "Signed",
    "sessions.amend": "Amended",
    "sessions.void": "Voided",
    "imports.create": "Imported",
}
"""What made a version of a session, in words."""
_NOTHING: Final = "not recorded"
_WORDS: Final = re.compile(r"\s+|\w+|[^\w\s]")


class Piece(NamedTuple):
    """A piece of a text, and whether it differs from the other text."""

    text: str
    differs: bool


class Difference(NamedTuple):
    """What a part of the note said before and after a change."""

    part: str
    before: list[Piece]
    after: list[Piece]


class Made(NamedTuple):
    """One version of a session."""

    number: int
    at: str
    act: str
    by: str
    reason: str | None
    differences: list[Difference]


def versions(op: Operation, id: UUID) -> list[Made]:
    """Return every version of a session, newest first; the access is recorded."""
    found = ledger.histories(op, SESSIONS.noun, [id]).get(id, [])
    made: list[Made] = []
    before: dict[str, Sequence[str]] | None = None
    for each in found:
        if each["body"] is None:  # erased
            continue
        body = cast("SessionView", completed(SESSIONS.from_json(each["body"]), SessionView))
        visit = _visit(op, body, each)
        words = words_of(op, visit, ENGLISH)
        parts = _parts(visit, words)
        changed = [] if before is None else list(_differences(before, parts))
        act = ACTS.get(each["operation"], "Changed" if before else "Recorded")
        by = words.actor(each["actor"])
        made.append(Made(each["version"] or 0, plain(each["at"]), act, by, each["reason"], changed))
        before = parts
    return made[::-1]


def _visit(op: Operation, session: SessionView, change: ChangeView) -> Visit:
    """Return a visit without what belongs to it: only the session itself has versions here."""
    nothing = cast("NoteRecords", dict.fromkeys(NoteRecords.__annotations__))
    made = Change(
        change["version"] or 0,
        change["operation"],
        change["at"],
        change["actor"],
        change["reason"],
    )
    return Visit(clinic(op)["name"], session, nothing, [made], differs=False)


def _parts(visit: Visit, words: Words) -> dict[str, Sequence[str]]:
    """Return what a version says, part by part, as lines."""
    session = visit.session
    minutes = session["duration_min"]
    facts: dict[str, Any] = {
        "Time": words.moment(session["occurred_at"]),
        "Practitioner": words.actor(f"practitioner:{session['practitioner_id']}"),
        "Attendance": words.code("attendance", session["attendance"]),
        "Technique": _named(words, "technique", session["technique"]),
        "Position": _named(words, "position", session["position"]),
        "Setting": session["setting"],
        "Duration": None if minutes is None else f"{minutes} minutes",
        "Episode": None if session["episode_id"] is None else f"episode {session['episode_id']}",
        "Patient": f"record {session['patient_id']}",
    }
    parts: dict[str, Sequence[str]] = {
        name: [str(value)] for name, value in facts.items() if value is not None
    }
    written = note(visit, words, ENGLISH.direction, reviewed=True).sections
    return parts | {section.title: section.lines for section in written if section.title != _REST}


_REST: Final = "Not recorded"
"""The part of a note that names the others, of which nothing was recorded."""


def _named(words: Words, about: str, code: str | None) -> str | None:
    return None if code is None else words.code(about, code)


def _differences(
    before: dict[str, Sequence[str]], after: dict[str, Sequence[str]]
) -> Iterator[Difference]:
    """Yield the lines that differ, each beside the one that it takes the place of."""
    for part in dict.fromkeys((*before, *after)):
        was, now = before.get(part, ()), after.get(part, ())
        for same, begin, end, begins, ends in SequenceMatcher(
            a=was, b=now, autojunk=False
        ).get_opcodes():
            if same != "equal":
                for old, new in zip_longest(was[begin:end], now[begins:ends], fillvalue=_NOTHING):
                    yield Difference(part, *_marked(old, new))


def _marked(before: str, after: str) -> tuple[list[Piece], list[Piece]]:
    """Return both texts in pieces, word by word, with those marked that only one of them has."""
    was, now = _WORDS.findall(before), _WORDS.findall(after)
    old: list[Piece] = []
    new: list[Piece] = []
    for same, begin, end, begins, ends in SequenceMatcher(
        a=was, b=now, autojunk=False
    ).get_opcodes():
        old.append(Piece("".join(was[begin:end]), differs=same != "equal"))
        new.append(Piece("".join(now[begins:ends]), differs=same != "equal"))
    return [each for each in old if each.text], [each for each in new if each.text]
