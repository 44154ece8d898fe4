"""Store changes of accounts, each with its ledger entries."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, update

from app.accounts.queries import locked
from app.auth.models import Account, Client
from app.core.operation import CLINIC, Operation
from app.credentials.queries import stated_account
from app.credentials.service import record_credential
from app.ledger import service as ledger

_CHANGE = update(Account).where(Account.clinic_id == CLINIC, Account.client_id == bindparam("this"))
_CHANGE_CLIENT = update(Client).where(Client.clinic_id == CLINIC, Client.id == bindparam("this"))


def changed(
    op: Operation, id: UUID, client: Mapping[str, Any] | None = None, **members: Any
) -> None:
    """Change columns of an account, and of its row among the clients. Its version rises."""
    if client:
        op.run(_CHANGE_CLIENT.values(**client), {"this": id})
        op.stale_clients.add(id)
    op.run(_CHANGE.values(version=Account.version + 1, **members), {"this": id})


def record(op: Operation, id: UUID, operation: str) -> None:
    """Record an account and its verifiers as they are stored now."""
    ledger.record(op, "accounts", stated_account(locked(op, id)), operation=operation)
    record_credential(op, id)
