"""Compare records with the newest entries of the ledger."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from pydantic_core import to_jsonable_python

from app.core.operation import Entry, Operation
from app.ledger import statements
from app.records.errors import DiffersFromLedger
from app.records.kinds import Kind


class Difference(NamedTuple):
    """A row that is not what the ledger states. `found` says how, without any content."""

    resource: str
    resource_id: UUID
    found: str


def differing(op: Operation, kind: Kind[Any, Any], ids: Sequence[UUID]) -> list[Difference]:
    """Return how these records differ from their newest entries.

    Another operation may change a record between two reads, so a difference is read twice.
    """
    found = _differing(op, kind, ids) if ids else []
    return _differing(op, kind, [each.resource_id for each in found]) if found else []


def _differing(op: Operation, kind: Kind[Any, Any], ids: Sequence[UUID]) -> list[Difference]:
    stated = statements.newest(op, kind.noun, ids)
    found = []
    for row in op.all(kind.select_among, ids=ids):
        statement = stated.get(row.id)
        view = to_jsonable_python(kind.view_of(row))
        found.append((row.id, how(view, statement, statement and statement.body)))
    return [Difference(kind.noun, id_, words) for id_, words in found if words is not None]


def check_unaltered(op: Operation, kind: Kind[Any, Any], id: UUID) -> None:
    """Raise `DiffersFromLedger` if a record isn't what the ledger states, and record that."""
    for difference in differing(op, kind, [id]):
        reason = difference.found
        op.if_refused.append(Entry("security", op.name, kind.noun, id, reason=reason))
        raise DiffersFromLedger(resource=kind.noun, resource_id=str(id))


def how(
    stored: Mapping[str, Any] | None,
    statement: statements.Statement | None,
    expected: Mapping[str, Any] | None,
    defaults: Mapping[str, Any] | None = None,
) -> str | None:
    """Return how a stored row differs from what the ledger states; None if it doesn't.

    `expected` is the row by the statement, or None if it must not be stored. A member that an
    older entry doesn't know must have its default, which is null unless `defaults` has another.
    """
    if statement is None:
        return None if stored is None else "It is stored, but no entry of the ledger made it."
    entry = f"entry {statement.number:,}"
    if statement.destroyed:
        return f"The body of its {entry} is gone or can't be read."
    if stored is None:
        return None if expected is None else f"It is missing, but {entry} of the ledger has it."
    if expected is None:
        return f"It is stored, although {entry} of the ledger ended it."
    known = {**dict.fromkeys(stored), **(defaults or {}), **expected}
    names = sorted(name for name in known.keys() | stored.keys() if _differs(name, stored, known))
    return f"It differs from {entry} of the ledger in: {', '.join(names)}." if names else None


def _differs(name: str, stored: Mapping[str, Any], known: Mapping[str, Any]) -> bool:
    return name not in stored or stored[name] != known[name]
