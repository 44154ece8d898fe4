"""`/console/people/{id}/end`: a person leaves, and with them the practitioner whom they act as."""

from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import HTMLResponse, Response

from app.accounts import queries, service
from app.core.http.authorize import Authorize
from app.core.http.forms import Form
from app.core.http.routing import Route
from app.core.operation import Operation
from app.core.values.access import Scope
from app.core.values.clock import clinic_day
from app.core.values.wire import Body, Day
from app.practitioners.queries import clients_in_force
from app.practitioners.service import leave
from app.web.console import access, due, pages, who
from app.web.console.browsers import by_cookie
from app.web.console.chart import plain
from app.web.console.writing.fields import Field, Read
from app.web.console.writing.sheets import Section, Sheet, show, take

PEOPLE: Final = pages.HOME + who.PEOPLE.path
_KINDS: Final = {
    "account": "account",
    "device": "tablet",
    "identity": "sign-in of the identity provider",
}
"""What acts for a practitioner, in words. Everything else is a key."""
_LAST_DAY: Final = (
    "Visits up to this day may name them, later ones not. With a day to come, this account ends"
    " after it, too."
)
_STAYS: Final = {"practitioner": "stays"}
"""What the form says where it can't ask."""

router = APIRouter(prefix=PEOPLE, include_in_schema=False, route_class=Route)
_WRITES: Final = (Scope.ACCOUNTS_WRITE, *who.PEOPLE.scopes)
Ending = Annotated[Operation, Depends(Authorize(*_WRITES, identify=by_cookie))]


class EndBody(Body):
    """What ends with a person's account."""

    practitioner: Literal["leaves", "stays"]
    last_day: Day | None = None
    """The last day on which the practitioner works; today if it is left out."""


@router.get("/{id:uuid}/end", operation_id="console.end-person-form")
def form_to_end(op: Ending, id: UUID) -> HTMLResponse:
    """Show what goes on when an account ends, and ask whether the practitioner leaves."""
    sheet = _sheet(op, id)
    return show(op, sheet, {"practitioner": "leaves", "last_day": str(clinic_day(op.at, op.zone))})


@router.post("/{id:uuid}/end", operation_id="console.end-person")
def end(op: Ending, id: UUID, form: Form) -> Response:
    """End an account now; or on a practitioner's last day, with all that acts for them."""
    sheet, today = _sheet(op, id), clinic_day(op.at, op.zone)

    def work(read: Read) -> str:
        body: EndBody = access.body_of(EndBody, read.members if sheet.sections else _STAYS)
        last_day = body.last_day or today
        is_leaving = body.practitioner == "leaves"
        if not is_leaving or last_day <= today:
            service.revoke(op, id)
        if is_leaving:
            leave(op, UUID(sheet.more["account"]["practitioner_id"]), last_day)
        return PEOPLE

    is_later = form.get("practitioner") == "leaves" and form.get("last_day", "") > str(today)
    return take(op, sheet, form, work, "stored" if is_later else "ended")


def _sheet(op: Operation, id: UUID) -> Sheet:
    account = plain(queries.account(op, id))
    acts_as = account["practitioner_id"]
    name = access.practitioners(op, [UUID(acts_as)] if acts_as else []).get(acts_as)
    may_end = acts_as is not None and op.caller.may(Scope.PRACTITIONERS_WRITE)
    asked = (
        Field(
            "practitioner",
            "What ends",
            "choice",
            (
                ("leaves", f"{name or 'The practitioner'} leaves: everything below ends, too"),
                ("stays", "Only this account ends. Everything below goes on"),
            ),
            required=True,
        ),
        Field("last_day", "Last day of work", "day", hint=_LAST_DAY),
    )
    return Sheet(
        f"End the account of {account['name']}",
        f"{PEOPLE}/{id}/end",
        [Section("The practitioner", asked)] if may_end else [],
        "End the account",
        f"{PEOPLE}/{id}",
        template="leaving.html",
        more={
            "account": account,
            "practitioner": name,
            "acting": list(_acting(op, account)),
            "left": due.left_by(op, UUID(acts_as)) if acts_as else [],
        },
    )


def _acting(op: Operation, account: Any) -> list[tuple[str, str]]:
    """Return what else acts for the practitioner: each name, and what it is."""
    if account["practitioner_id"] is None:
        return []
    held = clients_in_force(op, UUID(account["practitioner_id"]))
    names = access.names(op, [one.id for one in held])
    return sorted(
        (names.get(str(one.id), ""), _KINDS.get(one.kind, "key"))
        for one in held
        if str(one.id) != account["id"]
    )
