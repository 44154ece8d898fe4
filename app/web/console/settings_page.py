"""`/console/clinic`: what the owner sets: letterhead, zone, hours, messages, and who is told."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Final
from uuid import UUID, uuid5

from fastapi import APIRouter, Depends, Query
from starlette.responses import HTMLResponse, Response

from app.clinics import service
from app.clinics.queries import clinic
from app.clinics.schemas import ClinicView
from app.clinics.views import AlertRecipientView, DeliveryChannel
from app.core.http.authorize import Authorize
from app.core.http.forms import Form
from app.core.http.routing import Route
from app.core.operation import Operation
from app.core.values.clock import time_zones
from app.core.values.faults import Fault
from app.core.values.problems import Conflict, Invalid, NotFound
from app.core.values.vocabularies import words_of
from app.deliveries.channels import is_set_up
from app.languages.queries import DOMAIN, languages
from app.notes.rules.words import written
from app.web.console import access, pages
from app.web.console.browsers import by_cookie
from app.web.console.chart import plain
from app.web.console.framing import After
from app.web.console.hours import HOW
from app.web.console.who import CLINIC
from app.web.console.writing.fields import Field, Read, changed, texts
from app.web.console.writing.sheets import Again, Section, Sheet, show, take

PAGE: Final = pages.HOME + CLINIC.path
CHOSEN: Final = ("time_zone", "whose_sessions")
"""The members that always have a value. An empty field leaves them as they are."""
TICK: Final = "language_"
UNKNOWN: Final = "This clinic tells nobody of that name of alerts."
WHOSE: Final = (("own", "their own sessions only"), ("any", "any session of the clinic"))
CHANNELS: Final = {"email": "by e-mail", "post": "by a signed post to a program"}
LINES: Final = "A line for each: Mon-Fri 08:00-17:00, or: Sat 09:00-12:00."
DUTY: Final = (
    Field("to", "E-mail address, or https address of the program", required=True),
    Field("hours", "Hours of duty; empty: always", "hours", hint=LINES),
)

router = APIRouter(prefix=PAGE, include_in_schema=False, route_class=Route)
Owning = Annotated[Operation, Depends(Authorize(*CLINIC.scopes, identify=by_cookie))]


@router.get("", operation_id="console.clinic")
def settings(op: Owning, after: Annotated[After, Query()]) -> HTMLResponse:
    """Show the clinic's settings, and the forms to change them."""
    del after  # `framed` says it
    sheet = _settings(op)
    return show(op, sheet, sheet.stored)


@router.post("", operation_id="console.change-clinic")
def change(op: Owning, form: Form) -> Response:
    """Change what the form has. Members that it lacks stay as they are."""
    sheet, here = _settings(op), clinic(op)

    def work(read: Read) -> str:
        changes = changed(sheet.fields, form, sheet.stored, read)
        ticks = {name for name in changes if name.startswith(TICK)}
        told = {name: value for name, value in changes.items() if name not in ticks}
        kept = {n: v for n, v in told.items() if v is not None or n not in CHOSEN}
        _check_phone(kept)
        service.change(op, kept | ({"languages": _languages(here, read)} if ticks else {}))
        return PAGE

    return take(op, sheet, form, work, "changed", _how)


def _check_phone(changes: Mapping[str, Any]) -> None:
    """Raise `Invalid` for a telephone number without digits: patients in danger would call it."""
    number = changes.get("phone")
    if number is not None and not any(map(str.isdecimal, str(number))):
        raise Invalid([Fault("/phone", "no_digits", "Give the number to call, in digits.")])


def _check_told_once(listed: Sequence[AlertRecipientView], new: Mapping[str, Any]) -> None:
    """Raise `Invalid` for an address that is told at the same hours already."""
    said = str(new.get("to", "")).casefold(), new.get("hours", [])
    told = [(one["to"].casefold(), plain(one["hours"])) for one in listed]
    if said in told and new.get("name") not in {one["name"] for one in listed}:
        detail = "This address is told already, at the same hours."
        raise Invalid([Fault("/to", "possible_duplicate", detail)])


def _how(sheet: Sheet, faults: list[Fault]) -> Again:
    """Say how hours are written where a line says none."""
    told = [
        fault._replace(detail=HOW)
        if fault.pointer == "/hours" and fault.code == "list_type"
        else fault
        for fault in faults
    ]
    return Again(sheet, told, {})


def _settings(op: Operation) -> Sheet:
    here = clinic(op)
    on = {tag.casefold() for tag in here["languages"]}
    ticks = {f"{TICK}{one.tag}": "yes" if one.tag.casefold() in on else "" for one in _offered()}
    sheet = _sheet(
        here,
        "Clinic",
        PAGE,
        [
            Section("Settings", _letterhead()),
            Section("Messages to patients", _messages(here["time_zone"])),
            Section("Languages in which patients are asked", _spoken()),
        ],
        "Store the settings",
    )
    shown = plain(here)
    return sheet._replace(
        stored={**texts(sheet.fields, shown, op.zone), **ticks},
        template="clinic.html",
        more={
            "settings": here,
            "reviewed": [one for one in languages(DOMAIN) if one.reviewed],
            "unreached": [one["name"] for one in here["alert_recipients"] if not is_set_up(one)],
            "listed": [(_id(op, one["name"]), one) for one in here["alert_recipients"]],
        },
    )


def _sheet(
    here: ClinicView, title: str, page: str, sections: Sequence[Section], button: str
) -> Sheet:
    return Sheet(
        title,
        page,
        sections,
        button,
        PAGE,
        noun="clinics",
        record_id=here["id"],
        version=here["version"],
    )


def _letterhead() -> tuple[Field, ...]:
    zones = tuple((zone, zone) for zone in sorted(time_zones()))
    return (
        Field("name", "Name of the clinic", required=True),
        Field("phone", "Telephone number for patients"),
        Field("emergency_number", "Number to call in an emergency, such as 911 or 112"),
        Field(
            *("address", "Address", "text"),
            hint="Letters have the clinic's name above it, and the telephone number below.",
        ),
        Field("time_zone", "Time zone", "choice", zones, required=True),
        Field("whose_sessions", "Practitioners sign", "choice", WHOSE, required=True),
        Field("hours", "Opening hours", "hours", hint=LINES),
    )


def _messages(zone: str) -> tuple[Field, ...]:
    quiet = f"By the clinic's clock ({zone}). Both empty: from 21:00 to 08:00."
    sender = "Whom messages are from: a name that says nothing of the treatment"
    return (
        Field("messages.sender", sender),
        Field("messages.post_to", "Https address of the clinic's own sender, if there is one"),
        Field("quiet_hours.from", "No messages from", "time", hint=quiet),
        Field("quiet_hours.to", "No messages until", "time"),
    )


def _offered() -> list[Any]:
    """Return the languages that a clinic may choose, beside those that are always offered."""
    return [one for one in languages(DOMAIN) if not one.reviewed]


def _spoken() -> tuple[Field, ...]:
    said = "no clinician has reviewed it yet"
    return tuple(
        Field(f"{TICK}{one.tag}", f"{written(one.name)}: {said}", "tick") for one in _offered()
    )


def _languages(here: ClinicView, read: Read) -> list[str]:
    """Return the languages that are ticked, and those that the form doesn't offer."""
    known = {one.tag.casefold() for one in languages(DOMAIN)}
    others = [tag for tag in here["languages"] if tag.casefold() not in known]
    return others + [one.tag for one in _offered() if read.members.get(f"{TICK}{one.tag}")]


def _id(op: Operation, name: str) -> UUID:
    """Return the id of a recipient in addresses. A clinic has each name once."""
    return uuid5(op.clinic_id, name)


def _recipient(op: Operation, id: UUID) -> AlertRecipientView:
    found = [one for one in clinic(op)["alert_recipients"] if _id(op, one["name"]) == id]
    if not found:
        raise NotFound
    return found[0]


@router.get("/recipients/new", operation_id="console.new-recipient")
def new_recipient(op: Owning) -> HTMLResponse:
    """Show the form to add somebody who is told of alerts."""
    return show(op, _adding(op), {"channel": "email"})


@router.post("/recipients/new", operation_id="console.add-recipient")
def add_recipient(op: Owning, form: Form) -> Response:
    """Add somebody who is told of alerts, with their hours of duty."""
    sheet, listed = _adding(op), clinic(op)["alert_recipients"]

    def work(read: Read) -> str:
        _check_told_once(listed, read.members)
        service.change(op, {"alert_recipients": [*listed, read.members]})
        return PAGE

    def again(sheet: Sheet, faults: list[Fault]) -> Again:
        return _how(sheet, list(_within(faults, len(listed))))

    return take(op, sheet, form, work, "changed", again)


@router.get("/recipients/{id:uuid}/edit", operation_id="console.edit-recipient")
def edit_recipient(op: Owning, id: UUID) -> HTMLResponse:
    """Show the form to change where and when somebody is told of alerts."""
    sheet = _changing(op, _recipient(op, id))
    return show(op, sheet, sheet.stored)


@router.post("/recipients/{id:uuid}/edit", operation_id="console.change-recipient")
def change_recipient(op: Owning, id: UUID, form: Form) -> Response:
    """Change where somebody is told of alerts, and when they are on duty."""
    own, listed = _recipient(op, id), clinic(op)["alert_recipients"]
    place = listed.index(own)

    def work(read: Read) -> str:
        new = {**own, "to": "", "hours": [], **read.members}
        told = [new if one is own or one == own else one for one in listed]
        service.change(op, {"alert_recipients": told})
        return PAGE

    def again(sheet: Sheet, faults: list[Fault]) -> Again:
        return _how(sheet, list(_within(faults, place)))

    return take(op, _changing(op, own), form, work, "changed", again)


def _within(faults: Iterable[Fault], place: int) -> Iterable[Fault]:
    """Yield the faults of the list of recipients at the fields of this one's form."""
    for fault in faults:
        if fault.pointer == "/alert_recipients":
            detail = "Somebody of this name is told already."
            is_twice = fault.code != "too_long"
            yield fault._replace(pointer="/name", detail=detail) if is_twice else fault
        else:
            yield fault._replace(pointer=fault.pointer.removeprefix(f"/alert_recipients/{place}"))


def _adding(op: Operation) -> Sheet:
    channels = tuple((word, CHANNELS[word]) for word in words_of(DeliveryChannel))
    fields = (
        Field("name", "Name", required=True),
        Field("channel", "How", "choice", channels, required=True),
        *DUTY,
    )
    page = f"{PAGE}/recipients/new"
    sections = [Section("Who is told of alerts", fields)]
    return _sheet(clinic(op), "Add somebody who is told", page, sections, "Add")


def _changing(op: Operation, own: AlertRecipientView) -> Sheet:
    page = f"{PAGE}/recipients/{_id(op, own['name'])}/edit"
    sheet = _sheet(clinic(op), "Who is told of alerts", page, [Section(own["name"], DUTY)], "Store")
    shown: Mapping[str, Any] = plain(own)
    return sheet._replace(stored=texts(sheet.fields, shown, op.zone))


@router.post("/recipients/remove", operation_id="console.remove-recipient")
def remove_recipient(op: Owning, form: Form) -> Response:
    """Remove somebody who is told of alerts."""
    name = access.sent(op, form).get("name", "")
    listed = clinic(op)["alert_recipients"]
    left = [one for one in listed if one["name"] != name]
    if len(left) == len(listed):
        raise Conflict(UNKNOWN)
    service.change(op, {"alert_recipients": left})
    return pages.redirect(PAGE, "changed")
