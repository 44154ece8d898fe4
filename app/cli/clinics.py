"""`clinic`, `client` and `identity`: create clinics, and manage who may call."""

from datetime import UTC, datetime
from functools import partial
from typing import Annotated
from uuid import UUID

import typer

from app.auth.provider import identity_id
from app.cli.console import AsJson, ClinicId, database, existing_clinic, fail, operate, print_result
from app.clients import service as clients
from app.clinics import queries, service
from app.core.values.access import ROLES, Scope
from app.core.values.clock import now, uuid7
from app.core.values.problems import NotFound
from app.settings import settings

EVERYTHING = "*"
NAME_MAX = 200

clinic = typer.Typer(help="Create and list clinics.", no_args_is_help=True)
client = typer.Typer(help="Issue and revoke API keys.", no_args_is_help=True)
identity = typer.Typer(help="Manage who signs in with the identity provider.", no_args_is_help=True)


def _name(given: str) -> str:
    if not 1 <= len(given.strip()) <= NAME_MAX or "\0" in given:
        raise typer.BadParameter(f"Give 1 to {NAME_MAX} characters.")
    return given.strip()


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


@clinic.command("add")
def add_clinic(name: Name, *, as_json: AsJson = False) -> None:
    """Create a clinic."""
    with database() as opened:
        id = uuid7()
        operate(opened, id, "clinics.create", lambda op: service.add(op, name))
    print_result({"id": id}, as_json=as_json, text=str(id))


@clinic.command("list")
def list_clinics(*, as_json: AsJson = False) -> None:
    """List the clinics, oldest first."""
    with database() as opened, opened.reading() as db:
        found = queries.clinics(db)
    text = "\n".join(f"{each['id']}  {each['name']}" for each in found)
    print_result(found, as_json=as_json, text=text or "There is no clinic yet.")


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


@client.command("revoke")
def revoke_client(id: UUID, clinic_id: ClinicId, *, as_json: AsJson = False) -> None:
    """Revoke a client and its API key."""
    with database() as opened:
        existing_clinic(opened, clinic_id)
        try:
            found = operate(opened, clinic_id, "clients.revoke", lambda op: clients.revoke(op, id))
        except NotFound:
            fail("This clinic has no client with this id.")
    _put_revoked(id, found["revoked_at"], as_json=as_json)


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
    as_json: AsJson = False,
) -> None:
    """Revoke a practitioner's identity."""
    id = _identity_id(subject)
    with database() as opened:
        existing_clinic(opened, clinic_id)
        try:
            work = partial(clients.revoke_identity, id=id)
            found = operate(opened, clinic_id, "identities.revoke", work)
        except NotFound:
            fail("This clinic has no identity with this subject.")
    _put_revoked(id, found["revoked_at"], as_json=as_json)


def _put_revoked(id: UUID, at: datetime | None, *, as_json: bool) -> None:
    text = "" if at is None else f"Revoked at {at.isoformat(timespec='seconds')}."
    print_result({"client_id": id, "revoked_at": at}, as_json=as_json, text=text)


def _identity_id(subject: str) -> UUID:
    issuer = settings().oidc_issuer
    if issuer is None:
        fail("Set NEEDLEWORK_OIDC_ISSUER to the identity provider first.")
    return identity_id(issuer, _name(subject))
