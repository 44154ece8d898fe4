"""Read who calls."""

from sqlalchemy import bindparam

from app.auth.models import Client
from app.callers.schemas import MeView
from app.clinics.queries import clinic
from app.core.operation import Operation, rows
from app.core.values.access import Scope
from app.muscles.queries import CATALOGUE_VERSION

_CLIENT = rows(Client, Client.id, Client.name, Client.kind, Client.expires_at).where(
    Client.id == bindparam("id")
)


def me(op: Operation) -> MeView:
    """Return the operation's own caller. `NotFound` for the command line, which has no client."""
    own, client = clinic(op), op.one(_CLIENT, id=op.caller.client_id)
    return {
        "clinic": {"id": own["id"], "name": own["name"], "time_zone": own["time_zone"]},
        "client": {
            "id": client.id,
            "name": client.name,
            "kind": client.kind,
            "expires_at": client.expires_at,
        },
        "practitioner_id": op.caller.practitioner_id,
        "scopes": sorted(scope for scope in Scope if op.caller.may(scope)),
        "catalogue_version": CATALOGUE_VERSION,
        "time": op.at,
    }
