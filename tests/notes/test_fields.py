"""Every member of a record stands in the note, or a reason says why not."""

import copy
from collections.abc import Iterator
from typing import Any, cast
from uuid import UUID

import pytest

from app.kinds import IN_NOTE
from app.languages.queries import NOTES, languages
from app.notes import queries
from app.notes.rules.content import note
from app.notes.rules.forms import plain
from app.notes.rules.left_out import LEFT_OUT
from app.notes.rules.visit import NoteRecords, Visit
from app.notes.rules.words import Words
from app.records.kinds import Kind
from app.sessions.service import SESSIONS
from app.sessions.views import WarningView
from tests.ground import Api, Clinic
from tests.notes.visits import beside, changed, overridden, session
from tests.summaries.test_fields import Path, leaves, others

pytestmark = pytest.mark.alike
Full = tuple[Visit, Words]


@pytest.fixture(name="full")
def a_full_visit(api: Api, clinic: Clinic) -> Iterator[Full]:
    """An amended and void visit in which each record has all its members set."""
    made = session(api)
    beside(api, made)
    overridden(api, made)
    changed(api, made, "amend", {"reason": "R.", "kind": "addendum", "changes": {"plan": "P."}})
    op = clinic.operation()
    with clinic.database.reading(clinic.id) as db:
        op.begin(db)
        kept = op.one(SESSIONS.select_one, id=UUID(made["id"]))
        visit = queries.visit_of(op, SESSIONS.view_of(kept))
        words = queries.words_of(op, visit, languages(NOTES)[0])
        warning = {"pointer": "/needlings/0/depth_mm", "code": "in_the_future"}
        visit.session["warnings"] = [cast("WarningView", warning)]
        visit.session["status"], visit.session["voided_at"] = "void", op.at
        yield visit, words  # the words of own rows are read when they are needed


def written(visit: Visit, words: Words) -> str:
    return plain(note(visit, words, "ltr", reviewed=True))


def put(visit: Visit, way: Path, value: Any) -> Visit:
    """The visit with another value in one place of its records."""
    records: Any = copy.deepcopy(visit.records)
    inner = records
    for step in way[:-1]:
        inner = inner[step]
    inner[way[-1]] = value
    return visit._replace(records=cast("NoteRecords", records), session=records["sessions"][0])


def is_shown(visit: Visit, words: Words, kind: Kind[Any, Any], way: Path) -> bool:
    """Whether another value of this member changes the note."""
    was: Any = visit.records
    for step in way:
        was = was[step]
    before = written(visit, words)
    figures = [[*was, 7]] if isinstance(was, list) else []
    for other in (*others(kind, was), *figures):
        try:
            if written(put(visit, way, other), words) != before:
                return True
        except (TypeError, AttributeError, KeyError, ValueError, ArithmeticError):
            continue  # this member can't be of that type
    return False


def unseen(visit: Visit, words: Words, kind: Kind[Any, Any]) -> set[str]:
    """The members of a kind that the note does not show, as `LEFT_OUT` names them."""
    every, seen = set(), set()
    records: dict[str, Any] = {**visit.records}
    for way in leaves(records[kind.noun], kind.noun):
        member = ".".join(step for step in way[1:] if isinstance(step, str))
        every.add(member)
        if member not in seen and is_shown(visit, words, kind, way):
            seen.add(member)
    objects = {name for name in every if any(other.startswith(f"{name}.") for other in every)}
    return every - seen - objects


@pytest.mark.parametrize("kind", IN_NOTE, ids=lambda kind: kind.noun)
def test_every_member_stands_in_the_note_or_is_left_out_for_a_reason(
    full: Full, kind: Kind[Any, Any]
) -> None:
    assert unseen(*full, kind) == set(LEFT_OUT.get(kind.noun, {}))


def test_a_reason_is_a_sentence() -> None:
    reasons = [reason for some in LEFT_OUT.values() for reason in some.values()]
    assert [reason for reason in reasons if not (" " in reason and reason.endswith("."))] == []


def test_a_new_member_of_a_needling_is_reported_as_missing(full: Full) -> None:
    visit, words = full
    needling: Any = visit.session["needlings"][0]
    needling["draped"] = True
    assert "needlings.draped" in unseen(visit, words, SESSIONS)
