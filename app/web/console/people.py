"""`/console/people`: who may sign in as themselves, with which role, from when until when."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, cast
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import StringConstraints
from starlette.responses import HTMLResponse, Response

from app.accounts import queries, service
from app.accounts.schemas import AccountBody
from app.auth.models import Client
from app.auth.provider import identity_id, signs_browsers_in
from app.auth.rules import INVITATION_CODE
from app.clients import service as clients
from app.core.http.authorize import Authorize, RequestOperation
from app.core.http.forms import Form
from app.core.http.pages import Filters
from app.core.http.routing import Route
from app.core.operation import Operation
from app.core.values.access import ROLES, Role, Scope
from app.core.values.faults import Fault
from app.core.values.problems import Conflict, Forbidden, NotFound
from app.core.values.vocabularies import words_of
from app.core.values.wire import Body, Line
from app.credentials.queries import CLIENTS
from app.settings import settings
from app.web.console import access, pages, who
from app.web.console.browsers import by_cookie
from app.web.console.chart import plain
from app.web.console.framing import After, Further, framed
from app.web.console.once import key_of_form
from app.web.console.writing.fields import Field, Read, changed, texts
from app.web.console.writing.people import choices
from app.web.console.writing.sheets import Again, Section, Sheet, show, take

PEOPLE: Final = pages.HOME + who.PEOPLE.path
OF_IDENTITIES: Final = "practitioner"
"""The role whose rights a practitioner has who signs in with the identity provider."""
OF_ROLE: Final = frozenset({"practitioner_missing", "practitioner_forbidden"})
"""The faults of an account whose role and practitioner don't fit each other."""
FIRST: Final[Mapping[str, str]] = {"role": "practitioner"}
"""What the form of an invitation begins with."""
SIGN_IN_NAME: Final = Field("sign_in_name", "Name to sign in with, if it is another")
_IDENTITIES: Final = CLIENTS.where(Client.kind == "identity").order_by(Client.id)

router = APIRouter(prefix=PEOPLE, include_in_schema=False, route_class=Route)
Reading = Annotated[Operation, Depends(Authorize(*who.PEOPLE.scopes, identify=by_cookie))]
_WRITES: Final = (Scope.ACCOUNTS_WRITE, *who.PEOPLE.scopes)
Writing = Annotated[Operation, Depends(Authorize(*_WRITES, identify=by_cookie))]
Inviting = Annotated[Operation, Depends(Authorize(*_WRITES, secret=True, identify=by_cookie))]


class LinkBody(Body):
    """The link of a practitioner to the person whom the identity provider signs in."""

    subject: Annotated[str, StringConstraints(min_length=1, max_length=255)]
    """The `sub` of the provider's tokens (OpenID Connect Core 1.0 §2)."""
    name: Line
    practitioner_id: UUID


@router.get("", operation_id="console.people")
def people(op: Reading, filters: Annotated[Further, Query()]) -> HTMLResponse:
    """Show everybody who has an account or an identity, and the form to invite somebody."""
    return show(op, _people(op, filters.cursor), FIRST)


@router.post("", operation_id="console.invite")
def invite(op: Inviting, form: Form) -> Response:
    """Create an account, and show the invitation's code, this once."""

    def work(read: Read) -> Response:
        body = access.body_of(AccountBody, read.members)
        return _invited(op, service.create(op, body, key_of_form(op, form, INVITATION_CODE)))

    return take(op, _people(op), form, work, again=_at_practitioner)


def _people(op: Operation, after: str | None = None) -> Sheet:
    found, cursor = queries.accounts(op, Filters(limit=access.AT_ONCE, cursor=after))
    linked = [] if after else op.all(_IDENTITIES)
    ids = [*(one["practitioner_id"] for one in found), *(one.practitioner_id for one in linked)]
    may_write = op.caller.may(Scope.ACCOUNTS_WRITE)
    treating = access.active_practitioners(op) if may_write else []
    return Sheet(
        "People",
        PEOPLE,
        [Section("Invite somebody", _fields(treating, SIGN_IN_NAME))],
        "Invite",
        PEOPLE,
        template="people.html",
        more={
            "people": plain(found),
            "linked": linked,
            "treating": access.practitioners(op, ids),
            "used": access.last_uses(op, [one.id for one in linked]),
            "cursor": cursor,
            "may_write": may_write,
            "choices": treating,
            "issuer": settings().oidc_issuer if signs_browsers_in() else None,
        },
    )


def _fields(treating: Sequence[tuple[str, str]], *more: Field) -> tuple[Field, ...]:
    return (
        Field("name", "Name", required=True),
        *more,
        Field("role", "Role", "choice", choices(words_of(Role)), required=True),
        Field("practitioner_id", "Practitioner that the person is", "choice", tuple(treating)),
        Field("email", "E-mail, if there is one", hint="An invitation is never sent there."),
    )


def _at_practitioner(sheet: Sheet, faults: list[Fault]) -> Again:
    """Bring what the role says of the practitioner to the practitioner's field."""
    moved = [
        fault._replace(pointer="/practitioner_id") if fault.code in OF_ROLE else fault
        for fault in faults
    ]
    return Again(sheet, moved, {})


@router.get("/{id:uuid}", operation_id="console.person")
def person(op: Reading, id: UUID, after: Annotated[After, Query()]) -> HTMLResponse:
    """Show one account, with the forms to change and to end it."""
    del after  # `framed` says it
    sheet = _person(op, id)
    return show(op, sheet, sheet.stored)


@router.post("/{id:uuid}", operation_id="console.change-person")
def change(op: Writing, id: UUID, form: Form) -> Response:
    """Change a person's name, role or practitioner."""
    sheet = _person(op, id)

    def work(read: Read) -> str:
        service.change(op, id, changed(sheet.fields, form, sheet.stored, read))
        return sheet.page

    return take(op, sheet, form, work, "changed", _at_practitioner)


def _person(op: Operation, id: UUID) -> Sheet:
    found = queries.account(op, id)
    may_write = op.caller.may(Scope.ACCOUNTS_WRITE)
    treating = access.active_practitioners(op) if may_write else []
    shown = plain(found)
    sheet = Sheet(
        "Person",
        f"{PEOPLE}/{id}",
        [Section("Change", _fields(treating))],
        "Change",
        PEOPLE,
        noun="accounts",
        record_id=id,
        version=found["version"],
        template="person_account.html",
        more={
            "account": shown,
            "treating": access.practitioners(op, [found["practitioner_id"]]),
            "may_write": may_write and found["revoked_at"] is None,
            "is_own": id == op.caller.client_id,
        },
    )
    return sheet._replace(stored=texts(sheet.fields, shown, op.zone))


@router.post("/{id:uuid}/reset", operation_id="console.reset-person")
def reset(op: Inviting, id: UUID, form: Form) -> HTMLResponse:
    """Invite a person again, and show the new code, this once."""
    access.sent(op, form)
    code = key_of_form(op, form, INVITATION_CODE)
    return _invited(op, service.reset(op, id, None if code is None else code.secret))


@router.post("/link", operation_id="console.link-person")
def link(op: Writing, form: Form) -> Response:
    """Let a practitioner sign in with the identity provider: the owner's consent to it."""
    issuer = settings().oidc_issuer
    body: LinkBody = access.body_of(LinkBody, access.sent(op, form))
    if issuer is None:
        raise Conflict("This server has no identity provider.")
    if not ROLES[OF_IDENTITIES] <= op.caller.scopes:
        raise Forbidden(service.NOT_HELD)
    try:
        clients.add_identity(
            op,
            identity_id(issuer, body.subject),
            str(body.name),
            body.practitioner_id,
            ROLES[OF_IDENTITIES],
        )
    except NotFound:
        raise Conflict("This clinic has no such practitioner.") from None
    return pages.redirect(PEOPLE, "linked")


@router.post("/{id:uuid}/unlink", operation_id="console.unlink-person")
def unlink(op: Writing, id: UUID, form: Form) -> Response:
    """End the link of a practitioner to the identity provider."""
    access.sent(op, form)
    clients.revoke_identity(op, id)
    return pages.redirect(PEOPLE, "ended")


def _invited(op: Operation, invited: Any) -> HTMLResponse:
    """Return the page with the code of an invitation, and where it is to be entered."""
    own = str(cast("RequestOperation", op).request.base_url)
    server = (settings().public_url or own).rstrip("/")
    is_public = settings().public_url is not None
    return framed("invited.html", op, person=plain(invited), server=server, is_public=is_public)
