"""`clinic`, `client` and `identity`: create clinics, and manage who may call."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Annotated
from uuid import UUID

import typer

from app.auth.provider import identity_id
from app.cli.console import AsJson, ClinicId, database, existing_clinic, fail, operate, print_result
from app.clients import service as clients
from app.clients.errors import NoKeyToRotate
from app.clients.schemas import OVERLAP_HOURS, OVERLAP_HOURS_MAX
from app.clinics import queries, service
from app.clinics.schemas import UNKNOWN_TIME_ZONE, ClinicView
from app.core.values.access import ROLES, Scope
from app.core.values.clock import now, time_zones, uuid7
from app.core.values.problems import NotFound
from app.core.values.text import is_blank, one_line
from app.credentials.views import DescendantView
from app.deliveries import channels, signatures
from app.settings import settings

EVERYTHING = "*"
NAME_MAX = 200
NO_CLIENT = "This clinic has no client with this id."

clinic = typer.Typer(help="Create and list clinics.", no_args_is_help=True)
client = typer.Typer(help="Issue and revoke API keys.", no_args_is_help=True)
identity = typer.Typer(help="Manage who signs in with the identity provider.", no_args_is_help=True)


def _name(given: str) -> str:
    name = one_line(given)
    if is_blank(name) or len(name) > NAME_MAX or "\0" in name:
        raise typer.BadParameter(f"Give 1 to {NAME_MAX} characters.")
    return name


Name = Annotated[str, typer.Argument(callback=_name)]


def _scopes(given: str) -> str:
    """Refuse unknown scopes and roles."""
    known_words = [EVERYTHING, *ROLES, *sorted(map(str, Scope))]
    if not _words(given) or not set(_words(given)) <= set(known_words):
        raise typer.BadParameter(f"Each is one of: {', '.join(known_words)}.")
    return given


def _words(given: str) -> list[str]:
    return given.replace(",", " ").split()


def _wanted(given: str) -> set[Scope]:
    named = {EVERYTHING: frozenset(Scope), **ROLES}
    return {scope for word in _words(given) for scope in named.get(word) or {Scope(word)}}


Scopes = Annotated[
    str,
    typer.Option(
        help='Scopes, as in "patients:read sessions:write", or roles: '
        f"{', '.join(ROLES)}; * means all.",
        callback=_scopes,
    ),
]


def _later(given: datetime | None) -> datetime | None:
    """An instant in the future; in UTC if it has no offset."""
    if given is None:
        return None
    moment = given if given.tzinfo else given.replace(tzinfo=UTC)
    if moment <= now():
        raise typer.BadParameter("This time is in the past.")
    return moment


Descendants = Annotated[
    bool, typer.Option("--descendants", help="Revoke the clients that it made as well.")
]


def _time_zone(given: str) -> str:
    if given not in time_zones():
        raise typer.BadParameter(UNKNOWN_TIME_ZONE)
    return given


TimeZone = Annotated[
    str,
    typer.Option(
        help="The IANA time zone in which the clinic counts days, as in America/Vancouver.",
        callback=_time_zone,
    ),
]


@clinic.command("add")
def add_clinic(name: Name, *, time_zone: TimeZone = "UTC", as_json: AsJson = False) -> None:
    """Create a clinic."""
    with database() as opened:
        id = uuid7()
        operate(opened, id, "clinics.create", lambda op: service.add(op, name, time_zone))
    print_result({"id": id}, as_json=as_json, text=str(id))


@clinic.command("list")
def list_clinics(*, as_json: AsJson = False) -> None:
    """List the clinics, oldest first."""
    with database() as opened, opened.reading() as db:
        found = queries.clinics(db)
    text = "\n".join(f"{each['id']}  {each['name']}" for each in found)
    print_result(found, as_json=as_json, text=text or "There is no clinic yet.")


@clinic.command("secret")
def post_secret(
    clinic_id: ClinicId,
    recipient: Annotated[
        str | None,
        typer.Argument(
            help="The name of a recipient of the channel `post`."
            " Without it: the clinic's own sender of messages to patients."
        ),
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Show the secret with which a recipient's program checks the signatures of messages."""
    with database() as opened:
        id = existing_clinic(opened, clinic_id)
        here = operate(opened, id, "clinics.read", queries.clinic)
    address = _posted_to(here, recipient)
    if address is None:
        fail("This clinic has no such recipient with the channel `post`, or no sender of its own.")
    key = signatures.key(id, address)
    if key is None:
        fail(channels.NOT_SET)
    secret = signatures.secret(key)
    print_result({"secret": secret}, as_json=as_json, text=secret)


def _posted_to(here: ClinicView, recipient: str | None) -> str | None:
    """Return the address of a recipient, or of the clinic's own sender; None if it has none."""
    if recipient is None:
        return None if here["messages"] is None else here["messages"]["post_to"]
    named = (each for each in here["alert_recipients"] if each["name"] == recipient)
    return next((each["to"] for each in named if each["channel"] == "post"), None)


@client.command("add")
def add_client(
    name: Name,
    clinic_id: ClinicId,
    scopes: Scopes,
    expires: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S%z"],
            help="When the key expires. Default: never.",
            callback=_later,
        ),
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Issue an API key. It is shown only once."""
    wanted = _wanted(scopes)
    with database() as opened:
        existing_clinic(opened, clinic_id)
        key = operate(
            opened,
            clinic_id,
            "clients.create",
            lambda op: clients.add(op, name, wanted, expires),
        )
    data = {"client_id": key.client_id, "api_key": str(key)}
    print_result(data, as_json=as_json, text=f"Client   {key.client_id}\nAPI key  {key}")


@client.command("rotate")
def rotate_client(
    id: UUID,
    clinic_id: ClinicId,
    overlap: Annotated[
        int,
        typer.Option(
            metavar="HOURS", min=0, max=OVERLAP_HOURS_MAX, help="How long the present key works."
        ),
    ] = OVERLAP_HOURS,
    *,
    as_json: AsJson = False,
) -> None:
    """Give a client a new API key, which is shown only once. Its present key works for a while."""
    with database() as opened:
        existing_clinic(opened, clinic_id)
        work = partial(clients.rotate, id=id, overlap_hours=overlap)
        try:
            found = operate(opened, clinic_id, "clients.rotate", work)
        except NotFound:
            fail(NO_CLIENT)
        except NoKeyToRotate as refused:
            fail(refused.detail)
    until, key = found["earlier_key_until"], found["api_key"]
    ends = "at once" if until is None else until.isoformat(timespec="seconds")
    data = {"client_id": id, "api_key": key, "earlier_key_until": until}
    print_result(data, as_json=as_json, text=f"API key      {key}\nEarlier key  ends {ends}")


@client.command("revoke")
def revoke_client(
    id: UUID, clinic_id: ClinicId, *, descendants: Descendants = False, as_json: AsJson = False
) -> None:
    """Revoke a client and its API key. The clients that it made stop working, too."""
    work = partial(clients.revoke, id=id, with_descendants=descendants)
    with database() as opened:
        existing_clinic(opened, clinic_id)
        try:
            found = operate(opened, clinic_id, "clients.revoke", work)
        except NotFound:
            fail(NO_CLIENT)
    _print_revoked(id, found["revoked_at"], found["descendants"], as_json=as_json)


@identity.command("add")
def add_identity(
    subject: Annotated[str, typer.Argument(help="The `sub` of the provider's tokens.")],
    clinic_id: ClinicId,
    practitioner: Annotated[UUID, typer.Option(metavar="ID", help="The practitioner's id.")],
    scopes: Scopes,
    *,
    as_json: AsJson = False,
) -> None:
    """Let a practitioner sign in with the identity provider of the settings."""
    wanted, id = _wanted(scopes), _identity_id(subject)
    with database() as opened:
        existing_clinic(opened, clinic_id)
        try:
            operate(
                opened,
                clinic_id,
                "identities.create",
                lambda op: clients.add_identity(op, id, subject, practitioner, wanted),
            )
        except NotFound:
            fail("This clinic has no practitioner with this id.")
    print_result({"client_id": id}, as_json=as_json, text=f"Client   {id}")


@identity.command("revoke")
def revoke_identity(
    subject: Annotated[str, typer.Argument(help="The `sub` of the provider's tokens.")],
    clinic_id: ClinicId,
    *,
    descendants: Descendants = False,
    as_json: AsJson = False,
) -> None:
    """Revoke a practitioner's identity. The clients that it made stop working, too."""
    id = _identity_id(subject)
    work = partial(clients.revoke_identity, id=id, with_descendants=descendants)
    with database() as opened:
        existing_clinic(opened, clinic_id)
        try:
            found = operate(opened, clinic_id, "identities.revoke", work)
        except NotFound:
            fail("This clinic has no identity with this subject.")
    _print_revoked(id, found.revoked_at, found.descendants, as_json=as_json)


def _print_revoked(
    id: UUID,
    at: datetime | None,
    descendants: Sequence[DescendantView],
    *,
    as_json: bool,
) -> None:
    lines = [] if at is None else [f"Revoked at {at.isoformat(timespec='seconds')}."]
    for each in descendants:
        state = "ends with it" if each["revoked_at"] is None else "revoked"
        lines.append(f"{each['id']}  {state:12}  {each['kind']:8}  {each['name']}")
    data = {"client_id": id, "revoked_at": at, "descendants": descendants}
    print_result(data, as_json=as_json, text="\n".join(lines))


def _identity_id(subject: str) -> UUID:
    issuer = settings().oidc_issuer
    if issuer is None:
        fail("Set NEEDLEWORK_OIDC_ISSUER to the identity provider first.")
    return identity_id(issuer, _name(subject))
