"""Read who calls."""

from sqlalchemy import bindparam

from app.auth.models import Client
from app.callers.schemas import MeView
from app.clinics.queries import clinic
from app.core.operation import Operation
from app.core.values.access import Scope
from app.credentials.queries import CLIENTS
from app.muscles.queries import CATALOGUE_VERSION

_CLIENT = CLIENTS.where(Client.id == bindparam("id"))


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
        "account": None
        if client.role is None
        else {"role": client.role, "sign_in_name": client.sign_in_name},
        "practitioner_id": op.caller.practitioner_id,
        "scopes": sorted(scope for scope in Scope if op.caller.may(scope)),
        "catalogue_version": CATALOGUE_VERSION,
        "time": op.at,
    }
