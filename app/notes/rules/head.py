"""The head of a note: whose visit it was, and in what state its record is. Pure."""

from collections.abc import Iterator
from typing import Final

from app.core.values.faults import pointer
from app.core.values.names import full_name
from app.notes.rules.actors import is_program
from app.notes.rules.codes import CODES
from app.notes.rules.needlings import name as needled
from app.notes.rules.visit import Change, Visit
from app.notes.rules.words import Words, listed, offset, written
from app.patients.views import PatientView
from app.practitioners.views import CredentialView, PractitionerView
from app.records.views import IdentifierView
from app.sessions.rules.acts import SIGN, VOID
from app.sessions.views import SessionView

BETWEEN: Final = " \N{MIDDLE DOT} "
_NEEDLINGS: Final = pointer("needlings") + "/"


def head(visit: Visit, words: Words) -> list[str]:
    """Return the lines of the head: first the state, then who, when and how."""
    return [*_state(visit, words), *_people(visit, words), *circumstances(visit, words)]


def running(visit: Visit, words: Words) -> str:
    """Return the line that stands on each printed page: patient, birth date and clinic.

    Where the client may not read the patient, it has the id of their record.
    """
    patients = visit.records["patients"]
    id = str(visit.session["patient_id"])
    who = [words.labelled(words.gettext("Patient"), id)]
    if patients is not None:
        who = list(_patient(patients[0], words))
    return BETWEEN.join([*who, written(visit.clinic)])


def _state(visit: Visit, words: Words) -> Iterator[str]:
    _, session = words.gettext, visit.session
    if visit.differs:
        yield _(
            "Warning: a record of this note is not as the clinic's ledger states it. Somebody"
            " changed it outside the program."
        )
    if visit.newest is not None:
        versions = {"version": session["version"], "newest": visit.newest}
        yield _("Version %(version)s of %(newest)s: later changes are not in this note") % versions
    if session["status"] == "void":
        yield _voided(visit, words)
    if session["signed_at"] is None and session["status"] == "draft":
        yield _("Draft, not signed")
    elif session["signed_at"] is not None:
        at = words.moment(session["signed_at"])
        yield _("Signed %(at)s by %(by)s") % {"at": at, "by": _signer(session, words)}
    for change in visit.changes:
        yield from _amended(change, words)
    if session["late_entry"]:
        yield _("Late entry: recorded %(at)s") % {"at": words.moment(session["recorded_at"])}
    if _is_imported(visit):
        made = {
            "at": words.moment(session["created_at"]),
            "by": words.actor(visit.changes[0].actor),
        }
        yield _("Imported from another system %(at)s by %(by)s") % made
    yield from _contradictions(session, words)


def _is_imported(visit: Visit) -> bool:
    """Return whether the session was signed or voided in another system, not here."""
    made_here = {each.operation for each in visit.changes}
    was_signed = visit.session["signed_at"] is not None
    act = SIGN if was_signed else VOID
    finished = was_signed or visit.session["status"] == "void"
    return bool(visit.changes) and finished and act not in made_here


def _voided(visit: Visit, words: Words) -> str:
    _, at = words.gettext, visit.session["voided_at"]
    change = next((each for each in visit.changes if each.operation == VOID), None)
    said = _("Void, this session does not count")
    if at is not None:
        said += _(" (since %(at)s)") % {"at": words.moment(at)}
    if change is None:
        return said
    by = _(", voided by %(by)s") % {"by": words.actor(change.actor)}
    return words.labelled(said + by, written(change.reason or _("no reason recorded")))


def is_amendment(change: Change) -> bool:
    """Return whether a change is an amendment. Its reason begins with its kind."""
    kind = (change.reason or "").partition(": ")[0]
    return change.operation != VOID and kind in CODES["amendment"]


def _amended(change: Change, words: Words) -> Iterator[str]:
    """Yield the lines of an amendment; none for another change."""
    _ = words.gettext
    if not is_amendment(change):
        return
    kind, _colon, reason = (change.reason or "").partition(": ")
    made = {
        "version": change.version,
        "at": words.moment(change.at),
        "by": words.actor(change.actor),
        "kind": words.code("amendment", kind),
    }
    said = _("Amended (version %(version)s, %(at)s, by %(by)s), %(kind)s") % made
    yield words.labelled(said, written(reason))
    if change.parts:
        changed = _("Changed by version %(version)s") % {"version": change.version}
        yield words.labelled(changed, "; ".join(change.parts))


def _signer(session: SessionView, words: Words) -> str:
    """Return who signed; of a program, also the practitioner for whom it acts."""
    signed_by = session["signed_by"] or ""
    signer = words.actor(signed_by)
    if not is_program(signed_by):
        return signer
    person = words.actor(f"practitioner:{session['practitioner_id']}")
    return words.gettext("%(signer)s for %(person)s") % {"signer": signer, "person": person}


def _contradictions(session: SessionView, words: Words) -> Iterator[str]:
    _ = words.gettext
    for override in session["overrides"]:
        fault = _fault(session, override["code"], override["pointer"], words)
        said = _("Signed in spite of: %(fault)s") % {"fault": fault}
        yield words.labelled(said, written(override["reason"]))
    for warning in session["warnings"]:
        fault = _fault(session, warning["code"], warning["pointer"], words)
        yield _("Not explained: %(fault)s") % {"fault": fault}


def _fault(session: SessionView, code: str, at: str, words: Words) -> str:
    """Return a fault in words, with the needling that it is in, by its JSON Pointer."""
    fault = words.code("fault", code)
    position = at.removeprefix(_NEEDLINGS).partition("/")[0]
    needlings = session["needlings"]
    if at.startswith(_NEEDLINGS) and position.isdecimal() and int(position) < len(needlings):
        return f"{fault} ({needled(needlings[int(position)], words)})"
    return fault


def _people(visit: Visit, words: Words) -> Iterator[str]:
    _, session = words.gettext, visit.session
    yield words.labelled(_("Clinic"), written(visit.clinic))
    patients = visit.records["patients"]
    who = _not_shown(words) if patients is None else "; ".join(_patient(patients[0], words))
    yield words.labelled(_("Patient"), who)
    practitioners = visit.records["practitioners"]
    treated = _not_shown(words) if practitioners is None else "; ".join(_person(practitioners[0]))
    held = [_credential(each, words) for each in session["credentials"]]
    yield words.labelled(_("Practitioner"), "; ".join([treated, *held]))


def _patient(patient: PatientView, words: Words) -> Iterator[str]:
    name, *identifiers = _person(patient)
    yield name
    if patient["birth_date"] is not None:
        yield words.gettext("born %(day)s") % {"day": patient["birth_date"]}
    yield from identifiers


def _person(person: PatientView | PractitionerView) -> Iterator[str]:
    yield written(full_name(person["given_name"], person["family_name"]))
    yield from map(written, _identifiers(person["identifiers"]))


def _identifiers(identifiers: list[IdentifierView]) -> Iterator[str]:
    return (f"{each['value']} ({each['system']})" for each in identifiers)


def _credential(held: CredentialView, words: Words) -> str:
    _, until = words.gettext, held["valid_to"]
    days = _("from %(day)s") % {"day": held["valid_from"]}
    if until is not None:
        days += _(" to %(day)s") % {"day": until}
    number = written(f"{held['body']} {held['number']}")
    return f"{words.code('credential', held['kind'])}, {number} ({days})"


def circumstances(visit: Visit, words: Words) -> Iterator[str]:
    """Yield when and how the visit was, and the episode that it belongs to."""
    _, session = words.gettext, visit.session
    local = session["occurred_at"].astimezone(words.zone)
    when = f"{words.moment(session['occurred_at'])} ({words.zone.key}, {offset(local)})"
    minutes, technique, position = (
        session["duration_min"],
        session["technique"],
        session["position"],
    )
    yield words.labelled(
        _("Visit"),
        listed(
            [
                when,
                words.code("attendance", session["attendance"]),
                None if minutes is None else _("%(n)s min") % {"n": minutes},
                technique and words.code("technique", technique),
                position and words.code("position", position),
                session["setting"] and written(session["setting"]),
            ]
        ),
    )
    if session["episode_id"]:
        yield words.labelled(_("Episode"), _episode(visit, words))


def _episode(visit: Visit, words: Words) -> str:
    episodes = visit.records["episodes"]
    if episodes is None:
        return _not_shown(words)
    episode = episodes[0]
    region, side = episode["region"], episode["side"]
    return "; ".join(
        filter(
            None,
            [
                written(episode["complaint"]),
                region and words.term("regions", region),
                side and words.code("side", side),
            ],
        )
    )


def _not_shown(words: Words) -> str:
    return words.gettext("not shown to this client")
