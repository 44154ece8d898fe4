"""Name the people and programs behind the actors and clients of ledger entries."""

from collections.abc import Collection
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import String, Uuid, bindparam, column, select, table

from app.auth.models import Client
from app.core.operation import CLINIC, Operation, rows
from app.core.values.names import full_name

# `auth` is below the practitioners' own package, so this names their table.
_PRACTITIONERS = table(
    "practitioners",
    column("clinic_id", Uuid()),
    column("id", Uuid()),
    column("given_name", String()),
    column("family_name", String()),
)
_PEOPLE = select(
    _PRACTITIONERS.c.id, _PRACTITIONERS.c.given_name, _PRACTITIONERS.c.family_name
).where(
    _PRACTITIONERS.c.clinic_id == CLINIC,
    _PRACTITIONERS.c.id.in_(bindparam("ids", expanding=True)),
)
_CLIENTS = rows(Client, Client.id, Client.name).where(
    Client.id.in_(bindparam("ids", expanding=True))
)


class Actors(NamedTuple):
    """The names of practitioners and clients, by id."""

    practitioners: dict[UUID, str]
    clients: dict[UUID, str]

    def actor(self, who: str) -> str | None:
        """The name of an actor as entries write it; None for the command line and the server."""
        kind, _, id = who.partition(":")
        named = {"practitioner": self.practitioners, "client": self.clients}.get(kind)
        return None if named is None else named.get(_uuid(id))

    def client(self, id: UUID | None) -> str | None:
        """The name of a client; None if there was none."""
        return None if id is None else self.clients.get(id)


def named(op: Operation, actors: Collection[str], clients: Collection[UUID | None] = ()) -> Actors:
    """Read the names of these actors and clients, as they are today."""
    pairs = [who.partition(":") for who in actors]
    people = {_uuid(id) for kind, _, id in pairs if kind == "practitioner"}
    programs = {_uuid(id) for kind, _, id in pairs if kind == "client"}
    programs |= {id for id in clients if id is not None}
    return Actors(
        {
            row.id: full_name(row.given_name, row.family_name)
            for row in (op.all(_PEOPLE, ids=sorted(people)) if people else ())
        },
        {row.id: row.name for row in (op.all(_CLIENTS, ids=sorted(programs)) if programs else ())},
    )


def _uuid(text: str) -> UUID:
    """An id in an actor; nobody's for one that somebody has spoilt."""
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)
