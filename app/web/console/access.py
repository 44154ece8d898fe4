"""What the pages about access share: names, last uses, and the check of their forms."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, cast
from uuid import UUID

from pydantic_core import to_json
from sqlalchemy import bindparam

from app.auth.models import BrowserToken, Client
from app.auth.queries import Authenticator
from app.auth.rules import is_inactive
from app.core.http.authorize import RequestOperation
from app.core.operation import Operation, rows
from app.core.values.access import Scope
from app.core.values.clock import clinic_day
from app.core.values.names import full_name
from app.core.values.wire import Body, read
from app.practitioners.schemas import PractitionerFilters
from app.practitioners.service import PRACTITIONERS
from app.practitioners.views import PractitionerView
from app.records.queries import records, records_for_answer
from app.web.console.kept import BEARINGS, VERSION, check_patient

AT_ONCE: Final = 100
"""How many rows a page about access shows."""
_KNOWN: Final = rows(Client, Client.id, Client.name, Client.last_used_at).where(
    Client.id.in_(bindparam("ids", expanding=True))
)
_BROWSERS: Final = rows(BrowserToken, BrowserToken.client_id, BrowserToken.used_at).where(
    BrowserToken.client_id.in_(bindparam("ids", expanding=True))
)


def sent(op: Operation, form: Mapping[str, str]) -> dict[str, str]:
    """Return what a person filled in, and make the form's version that of the operation.

    Raises `Conflict` if the form was opened for a patient.
    """
    check_patient(form, None)
    op.if_match = f'"{form[VERSION]}"' if VERSION in form else None
    return {name: value for name, value in form.items() if name not in BEARINGS}


def body_of(model: type[Body], members: Mapping[str, object]) -> Any:
    """Return a body from a form's members. Raises `Invalid` with every fault."""
    return read(model, to_json(members))


def names(op: Operation, ids: Iterable[UUID | None]) -> dict[str, str]:
    """Return what the clinic calls clients, by their ids."""
    return {str(row.id): row.name for row in op.all(_KNOWN, ids=list({*ids} - {None}))}


def last_uses(op: Operation, ids: Iterable[UUID]) -> dict[str, str]:
    """Return when clients were used last, in a program or a browser, by their ids.

    What this process has not stored yet counts, so that a first use is seen at once.
    """
    wanted = list(ids)
    authenticate: Authenticator = cast("RequestOperation", op).request.app.state.authenticate
    found = [(row.id, row.last_used_at) for row in op.all(_KNOWN, ids=wanted)]
    found += [(row.client_id, row.used_at) for row in op.all(_BROWSERS, ids=wanted)]
    found += authenticate.unstored_uses(wanted).items()
    latest: dict[str, Any] = {}
    for id, at in found:
        if at is not None:
            latest[str(id)] = max(at, latest.get(str(id), at))
    return {id: at.isoformat() for id, at in latest.items()}


def practitioners(op: Operation, ids: Iterable[UUID | None]) -> dict[str, str]:
    """Return the names of practitioners by their ids, if the client may read them."""
    if not op.caller.may(Scope.PRACTITIONERS_READ):
        return {}
    wanted = {id for id in ids if id is not None}
    found = records_for_answer(op, PRACTITIONERS, sorted(wanted))
    return {str(one["id"]): full_name(one["given_name"], one["family_name"]) for one in found}


def active_practitioners(op: Operation) -> list[tuple[str, str]]:
    """Return ids and names of the practitioners who are active, for a form to choose from.

    Who has left isn't offered, also before the keeper has stored it. Who leaves later is offered
    with the first day on which they are gone.
    """
    if not op.caller.may(Scope.PRACTITIONERS_READ):
        return []
    people, cursor, more = [], None, True
    while more:
        filters = PractitionerFilters(status="active", limit=200, cursor=cursor)
        page, cursor = records(op, PRACTITIONERS, filters)
        people += page
        more = cursor is not None
    today = clinic_day(op.at, op.zone)
    here = [one for one in people if not is_inactive(one["status"], one["inactive_from"], today)]
    return [(id, name) for name, id in sorted((_until(one), str(one["id"])) for one in here)]


def _until(one: PractitionerView) -> str:
    name = full_name(one["given_name"], one["family_name"])
    return name if one["inactive_from"] is None else f"{name} (gone from {one['inactive_from']})"
