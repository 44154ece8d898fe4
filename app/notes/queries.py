"""Read what a note is made of, and write it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from operator import attrgetter
from typing import Any, Final, NamedTuple, cast
from uuid import UUID

from sqlalchemy import Row, Select

from app.auth.actors import named
from app.clinics.queries import clinic
from app.core.db.dialects import among
from app.core.operation import Operation
from app.core.values.access import Scope
from app.core.values.clock import clinic_day
from app.core.values.faults import Fault
from app.core.values.problems import Invalid, NotFound
from app.instruments.queries import find as find_instrument
from app.kinds import IN_NOTE
from app.languages.queries import NOTES, languages, read_all, translations
from app.languages.rules.choice import Language, chosen, look_up
from app.ledger import queries as ledger
from app.muscles.queries import find as find_muscle
from app.notes.rules import actors, content
from app.notes.rules.compared import changed_parts, completed
from app.notes.rules.forms import FORMS, NoteForm
from app.notes.rules.head import is_amendment
from app.notes.rules.visit import Change, Note, NoteRecords, Visit
from app.notes.rules.words import Scale, Words, written
from app.records.kinds import Kind
from app.records.queries import mark, record_for_answer
from app.records.registry import by_kind
from app.sessions.service import SESSIONS
from app.sessions.views import SessionView
from app.signing import queries as signing
from app.signing import rules as signing_rules
from app.vocabularies import queries as vocabularies
from app.vocabularies.rules import VocabularyName

Say = Callable[[str], str]


class Names(NamedTuple):
    """Functions that return the name of a code."""

    muscle: Say
    scale: Callable[[str], Scale | None]
    term: Callable[[VocabularyName, str], str]


class _Source(NamedTuple):
    """How records of a kind are found: the column, and the columns that they are in order of."""

    column: str
    order: tuple[str, ...] = ("id",)


_SOURCES: Final = by_kind(
    "the note of a session",
    IN_NOTE,
    {
        **dict.fromkeys(("sessions", "patients", "practitioners", "episodes"), _Source("id")),
        "consents": _Source("id", ("kind", "id")),
        "screenings": _Source("session_id", ("decided_at", "id")),
        "measurements": _Source("session_id", ("taken_at", "id")),
        "follow_ups": _Source("session_id", ("reported_at", "id")),
        "adverse_events": _Source("session_id", ("occurred_at", "id")),
    },
)
if _SOURCES.keys() != NoteRecords.__annotations__.keys():
    raise TypeError("NoteRecords needs a member for each kind that a note shows, and no other.")
read_all([NOTES])


def _statement(kind: Kind[Any, Any], source: _Source) -> Select[Any]:
    columns = kind.table.__table__.c
    return kind.select.where(among(columns[source.column], "ids"))


def _found(op: Operation, noun: str, ids: Sequence[UUID]) -> list[Any]:
    """Return the views of a kind. They are few, and are sorted here.

    For an order SQLite would read the whole clinic along an index of that order.
    """
    kind, statement = _STATEMENTS[noun]
    order = attrgetter(*_SOURCES[noun].order)
    return [kind.view_of(row) for row in sorted(op.all(statement, ids=ids), key=order)]


_STATEMENTS: Final = {kind.noun: (kind, _statement(kind, _SOURCES[kind.noun])) for kind in IN_NOTE}


def text(
    op: Operation, session_id: UUID, tag: str, form: NoteForm, version: int | None = None
) -> str:
    """Return the note of a session in a language and a form. The access is recorded, once.

    `tag` is one of the languages of notes. Without `version` it is the note of the newest.
    `NotFound` if this clinic has no such session, or the session no such version.
    """
    language = chosen([tag], languages(NOTES))
    return FORMS[form](note(op, session_id, language, version))


def language_of(asked: str | None, wanted: Sequence[str]) -> Language:
    """Return the language of a note: the one asked for, or the first that is wanted, or English.

    A language that no clinician has reviewed is only written for those who want it, and the note
    says so. Raises `Invalid` for another language than a note has.
    """
    known = languages(NOTES)
    if asked is None:
        return chosen(wanted, known)
    tag = look_up(asked, [each.tag for each in known])
    if tag is None:
        detail = f"Notes exist in these languages: {', '.join(each.tag for each in known)}."
        raise Invalid([Fault("/language", "unknown_language", detail)], "query")
    return chosen([tag], known)


def note(op: Operation, session_id: UUID, language: Language, version: int | None = None) -> Note:
    """Return the note of a session. The access is recorded as for a read of the session.

    The records beside the session are those of today, also for an earlier `version`.
    """
    if version is None:
        return note_of(op, record_for_answer(op, SESSIONS, session_id), language)
    visit = visit_of(op, _version(op, session_id, version))
    return _written(op, _at_version(visit, version), language)


def note_of(op: Operation, session: SessionView, language: Language) -> Note:
    """Return the note of a session that was read. The caller records the access."""
    return _written(op, visit_of(op, session), language)


def _written(op: Operation, visit: Visit, language: Language) -> Note:
    words = words_of(op, visit, language)
    visit = visit._replace(changes=_amended(op, visit, words))
    return content.note(visit, words, language.direction, reviewed=language.reviewed)


def _version(op: Operation, session_id: UUID, number: int) -> SessionView:
    """Return a session as it was; `NotFound` if there is no such version, or it was erased."""
    found, _ = ledger.versions(op, SESSIONS.noun, session_id, number - 1, 1)
    if not found or found[0]["version"] != number or found[0]["body"] is None:
        raise NotFound
    return _as_it_was(found[0]["body"])


def _as_it_was(body: Mapping[str, object]) -> SessionView:
    return cast("SessionView", completed(SESSIONS.from_json(body), SessionView))


def _at_version(visit: Visit, number: int) -> Visit:
    """Return a visit without the changes after this version."""
    newest = visit.changes[-1].version
    made = [change for change in visit.changes if change.version <= number]
    return visit._replace(changes=made, newest=None if newest == number else newest)


def _amended(op: Operation, visit: Visit, words: Words) -> Sequence[Change]:
    """Return the changes of a visit; those that are amendments name the parts they changed."""
    if not any(map(is_amendment, visit.changes)):
        return visit.changes
    session_id = visit.session["id"]
    history = ledger.histories(op, SESSIONS.noun, [session_id]).get(session_id, [])
    was = {
        each["version"]: visit._replace(session=_as_it_was(each["body"]))
        for each in history
        if each["body"] is not None
    }
    return [
        change._replace(parts=changed_parts(was[change.version - 1], was[change.version], words))
        if is_amendment(change) and was.keys() >= {change.version - 1, change.version}
        else change
        for change in visit.changes
    ]


def visit_of(op: Operation, session: SessionView) -> Visit:
    """Read what belongs to a session, as far as the client may read it."""
    ids: Mapping[str, Sequence[UUID]] = {
        "patients": [session["patient_id"]],
        "practitioners": [session["practitioner_id"]],
        "episodes": [] if session["episode_id"] is None else [session["episode_id"]],
    }
    records: dict[str, Sequence[Any] | None] = {SESSIONS.noun: [session]}
    for noun, (kind, _) in _STATEMENTS.items():
        if noun in records:
            continue
        records[noun] = None
        if op.caller.may(Scope(f"{noun}:read")):
            own = _consents(op, session) if noun == "consents" else ids.get(noun, [session["id"]])
            found = _found(op, noun, own) if own else []
            mark(op, kind, found)
            records[noun] = found
    changes = [_change(row) for row in ledger.makers(op, SESSIONS.noun, session["id"])]
    known = cast("NoteRecords", records)
    return Visit(clinic(op)["name"], session, known, changes, bool(op.differing))


def _change(row: Row[Any]) -> Change:
    return Change(row.version, row.operation, row.at, row.actor, row.reason)


def _consents(op: Operation, session: SessionView) -> list[UUID]:
    """Return the ids of the patient's last decisions on treatment by the end of the visit."""
    end = session["occurred_at"] + timedelta(minutes=session["duration_min"] or 0)
    visit = signing_rules.Visit(
        end, clinic_day(session["occurred_at"], op.zone), session["episode_id"]
    )
    decided = signing_rules.last_decisions(signing.consents(op, session["patient_id"]), visit)
    return [consent.id for consent, _ in decided.values() if consent.id is not None]


def words_of(op: Operation, visit: Visit, language: Language) -> Words:
    """Return the words for a visit. Names of the clinic's own words are read when needed."""
    say = translations(NOTES, language.tag).gettext
    signed_by = visit.session["signed_by"]
    person = f"practitioner:{visit.session['practitioner_id']}"
    people = {person, *(each.actor for each in visit.changes), *([signed_by] if signed_by else ())}
    may_name = op.caller.may(Scope.PRACTITIONERS_READ)
    name = named(op, people).actor if may_name else None
    known = names(op, say, written)
    return Words(
        tag=language.tag,
        gettext=say,
        zone=op.zone,
        visit_at=visit.session["occurred_at"],
        muscle=known.muscle,
        scale=known.scale,
        term=known.term,
        actor=lambda who: actors.actor(who, name, say),
    )


def names(op: Operation, say: Say, written: Say) -> Names:
    """Return the functions. `say` translates our names, and `written` prepares the clinic's own.

    The clinic's own words are read when one is first asked for.
    """
    own_words = vocabularies.Words(op, inactive=True)

    def muscle(slug: str) -> str:
        found = find_muscle(slug)
        return slug if found is None else say(found.name)

    def scale(code: str) -> Scale | None:
        found = find_instrument(code)
        return None if found is None else Scale(found.unit, found.min, found.max)

    def term(noun: VocabularyName, code: str) -> str:
        row = own_words.row(noun, code)
        if row is None:
            return written(code.replace("_", " "))
        return written(row.name) if row.own else say(row.name)

    return Names(muscle, scale, term)
