"""Read credentials, and record them."""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, and_, bindparam

from app.auth.models import Client, Device, Owner
from app.core.operation import Operation, rows
from app.credentials.views import CredentialView, verifier_digest
from app.ledger import service as ledger

NOUN: Final = "credentials"
VERIFIERS: Final = (
    Client.secret_digest,
    Client.earlier_secret_digest,
    Device.code_digest,
    Owner.password_hash,
    Owner.totp_secret,
)
"""Every column that checks a secret which outlives a few minutes."""

CREDENTIALS: Final = (
    rows(Client, Client.id, Client.made_by, *VERIFIERS)
    .outerjoin(Device, and_(Device.clinic_id == Client.clinic_id, Device.client_id == Client.id))
    .outerjoin(Owner, and_(Owner.clinic_id == Client.clinic_id, Owner.client_id == Client.id))
)
_ONE = CREDENTIALS.where(Client.id == bindparam("id"))


def credential(row: Row[Any]) -> CredentialView:
    """Return the credential in a row of `CREDENTIALS`."""
    stored = {str(column.key): getattr(row, str(column.key)) for column in VERIFIERS}
    return {
        "id": row.id,
        "made_by": row.made_by,
        "verifiers": {
            name: verifier_digest(verifier)
            for name, verifier in stored.items()
            if verifier is not None
        },
    }


def record_credential(op: Operation, client_id: UUID) -> None:
    """Record a client's verifiers as they are stored now. Call it after each change of one."""
    stated = credential(op.one(_ONE, id=client_id))
    ledger.record_rights_change(op, NOUN, stated)
