"""`/console/sessions/{id}/sign`, `…/amend` and `…/void`: what makes and corrects a record."""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.responses import HTMLResponse, Response

from app.core.http.authorize import Authorize
from app.core.http.forms import LongForm
from app.core.http.routing import Route
from app.core.operation import Operation
from app.core.values.access import Scope
from app.core.values.faults import Fault
from app.core.values.vocabularies import words_of
from app.notes import queries as notes
from app.notes.rules.forms import plain as as_text
from app.patients.service import PATIENTS
from app.records.queries import record_for_answer
from app.sessions import service as sessions
from app.sessions.schemas import OVERRIDES_MAX, AmendBody, AmendmentKind, SignBody, VoidBody
from app.sessions.service import SESSIONS
from app.signing import service as signing
from app.web.console import access
from app.web.console.browsers import by_cookie
from app.web.console.chart import plain
from app.web.console.framing import After
from app.web.console.visits import ENGLISH
from app.web.console.writing.against import OVERRIDABLE, REASON, Against, Key
from app.web.console.writing.before_signing import notices
from app.web.console.writing.confirming import IN_SPITE, for_another, unconfirmed
from app.web.console.writing.fields import Field, Read, changed, texts
from app.web.console.writing.people import chart_of, choices
from app.web.console.writing.sheets import Again, Section, Sheet, show, take
from app.web.console.writing.visits import SESSIONS_AT, sheet_of

CHANGES: Final = "/changes"
Signing = Annotated[
    Operation,
    Depends(
        Authorize(Scope.SESSIONS_SIGN, Scope.SESSIONS_READ, Scope.PATIENTS_READ, identify=by_cookie)
    ),
]
router = APIRouter(prefix=SESSIONS_AT, include_in_schema=False, route_class=Route)


@router.get("/{id:uuid}/sign", operation_id="console.sign-form")
def sign_form(op: Signing, id: UUID, after: Annotated[After, Query()]) -> HTMLResponse:
    """Show a draft in sentences, what is against its signature, and the form to sign it."""
    del after  # `framed` says it
    session = record_for_answer(op, SESSIONS, id)
    SESSIONS.refuse_change(session)
    sheet = _sign_sheet(op, session, {})
    return show(op, sheet, sheet.more["hidden"])


@router.post("/{id:uuid}/sign", operation_id="console.sign")
def sign(op: Signing, id: UUID, form: LongForm) -> Response:
    """Sign a draft, with a reason for each fault that the signer overrides."""
    session = record_for_answer(op, SESSIONS, id)
    sheet, against = _sign_sheet(op, session, form), Against(op, plain(session))

    def work(read: Read) -> str:
        signing.sign(op, id, access.body_of(SignBody, {"overrides": _overrides(read)}))
        return sheet.back

    return unconfirmed(op, sheet, form) or take(
        op, sheet, form, work, "signed", partial(_at_reasons, against, form)
    )


@router.get("/{id:uuid}/amend", operation_id="console.amend-form")
def amend_form(op: Signing, id: UUID) -> HTMLResponse:
    """Show the form of a signed session, with the reason for an amendment."""
    sheet = _amend_sheet(op, record_for_answer(op, SESSIONS, id), {})
    return show(op, sheet, sheet.stored)


@router.post("/{id:uuid}/amend", operation_id="console.amend")
def amend(op: Signing, id: UUID, form: LongForm) -> Response:
    """Amend a signed session. The earlier version stays readable."""
    session = record_for_answer(op, SESSIONS, id)
    sheet, against = _amend_sheet(op, session, form), Against(op, plain(session))

    def work(read: Read) -> str:
        own = {"reason", "kind", "overrides"}
        members = {
            "reason": read.members.get("reason", ""),
            "kind": read.members.get("kind", ""),
            "overrides": _overrides(read),
            "changes": {
                name: value
                for name, value in changed(sheet.fields, form, sheet.stored, read).items()
                if name not in own
            },
        }
        signing.amend(op, id, access.body_of(AmendBody, members))
        return sheet.back

    return unconfirmed(op, sheet, form) or take(
        op, sheet, form, work, "amended", partial(_at_reasons, against, form)
    )


@router.get("/{id:uuid}/void", operation_id="console.void-form")
def void_form(op: Signing, id: UUID) -> HTMLResponse:
    """Show a session in sentences, and the form to void it."""
    return show(op, _void_sheet(op, record_for_answer(op, SESSIONS, id)), {})


@router.post("/{id:uuid}/void", operation_id="console.void")
def void(op: Signing, id: UUID, form: LongForm) -> Response:
    """Void a session, with a reason. It stays readable."""
    sheet = _void_sheet(op, record_for_answer(op, SESSIONS, id))

    def work(read: Read) -> str:
        body: VoidBody = access.body_of(VoidBody, {"reason": read.members.get("reason", "")})
        sessions.void(op, id, body.reason)
        return sheet.back

    return unconfirmed(op, sheet, form) or take(op, sheet, form, work, "voided")


def _sheet(op: Operation, session: Any, act: str, title: str, button: str) -> Sheet:
    sheet = Sheet(
        title,
        f"{SESSIONS_AT}/{session['id']}/{act}",
        [],
        button,
        chart_of(op, session["patient_id"]),
        patient=plain(record_for_answer(op, PATIENTS, session["patient_id"])),
        noun=SESSIONS.noun,
        record_id=session["id"],
        version=session["version"],
        template="writing/act.html",
        more={"session": plain(session), "told": _told(op, session["id"])},
    )
    return for_another(op, session, sheet)


def _told(op: Operation, id: UUID) -> str:
    """Return a session in plain sentences, without the ids at its foot."""
    written = notes.note(op, id, notes.language_of(None, [ENGLISH.tag]))
    return as_text(written._replace(foot=[]))


def _sign_sheet(op: Operation, session: Any, form: Mapping[str, str]) -> Sheet:
    found = signing.reasons_against(op, session) if session["status"] == "draft" else []
    details = {(one.code, one.pointer): one for one in found if one.code in OVERRIDABLE}
    rows, against = {**_sent(form), **details}, Against(op, plain(session))
    sheet = _sheet(op, session, "sign", "Sign the session", "Sign")
    told = notices(op, session) if session["status"] == "draft" else []
    may_sign = sessions.may_answer_for(op, session["practitioner_id"])
    return sheet._replace(
        sections=against.sections(rows.values()),
        more={
            **sheet.more,
            "fixed": against.fixed(found),
            "details": details,
            "hidden": _hidden(rows),
            "notices": told,
            IN_SPITE: [one.words for one in told if one.is_grave and may_sign],
        },
    )


def _amend_sheet(op: Operation, session: Any, form: Mapping[str, str]) -> Sheet:
    sheet = sheet_of(op, session, "amend", "Amend the session", "Amend", form)
    sheet = for_another(op, session, sheet)
    why = Section(
        "The amendment",
        (
            Field("reason", "Why it is amended", "text", required=True),
            Field("kind", "Kind", "choice", choices(words_of(AmendmentKind)), required=True),
        ),
    )
    rows = _sent(form)
    empty = dict.fromkeys([*(field.name for field in why.every), *_names(rows)], "")
    return sheet._replace(
        lead="Every version stays readable, with who made it, when and why.",
        sections=[why, *Against(op, plain(session)).sections(rows.values()), *sheet.sections],
        stored={**sheet.stored, **empty},
        in_texts=lambda view: {**texts(sheet.fields, view, op.zone), **empty},
    )


def _void_sheet(op: Operation, session: Any) -> Sheet:
    sheet = _sheet(op, session, "void", "Void the session", "Void")
    reason = Field("reason", "Why it is void", "text", required=True)
    return sheet._replace(
        lead="Void a session that should not exist, such as one of the wrong patient.",
        sections=[Section("The reason", (reason,))],
        stored={"reason": ""},
    )


def _sent(form: Mapping[str, str]) -> dict[Key, Fault]:
    """Return the faults for which a form has fields, in its order. They have no sentence."""
    rows = range(min(len(form), OVERRIDES_MAX))
    keys = (
        (form[f"overrides.{row}.code"], form.get(f"overrides.{row}.pointer", ""))
        for row in rows
        if f"overrides.{row}.code" in form
    )
    return {(code, pointer): Fault(pointer, code, "") for code, pointer in keys}


def _names(rows: Mapping[Key, Fault]) -> list[str]:
    return [
        f"overrides.{row}.{name}"
        for row in range(len(rows))
        for name in ("reason", "code", "pointer")
    ]


def _hidden(rows: Iterable[Key]) -> dict[str, str]:
    hidden: dict[str, str] = {}
    for row, (code, pointer) in enumerate(rows):
        hidden |= {f"overrides.{row}.code": code, f"overrides.{row}.pointer": pointer}
    return hidden


def _overrides(read: Read) -> list[Mapping[str, Any]]:
    """Return the overrides that have a reason."""
    rows = read.members.get("overrides", [])
    return [row for row in rows if "reason" in row]


def _at_reasons(
    against: Against, form: Mapping[str, str], sheet: Sheet, faults: list[Fault]
) -> Again:
    """Add a field for each fault that may be overridden, and bring the fault there."""
    known: Mapping[Key, Fault] = sheet.more.get("details", {})
    rows = {key: known.get(key, fault) for key, fault in _sent(form).items()}
    moved = []
    for fault in faults:
        place = fault.pointer.removeprefix(CHANGES)
        if fault.code in OVERRIDABLE:
            rows[fault.code, place] = fault._replace(pointer=place)
            at = list(rows).index((fault.code, place))
            field = f"/overrides/{at}/reason"
            moved.append(fault._replace(pointer=field, detail=REASON))
        elif "fixed" not in sheet.more or place.startswith("/overrides"):
            moved.append(fault._replace(pointer=place))
    others = [one for one in sheet.sections if not one.row.startswith("overrides.")]
    shown = [*others[:1], *against.sections(rows.values()), *others[1:]]
    more = {**sheet.more, "refused": True}
    return Again(sheet._replace(sections=shown, more=more), moved, _hidden(rows))
