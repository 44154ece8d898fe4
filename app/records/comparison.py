"""Compare records with the newest entries of the ledger."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from pydantic_core import to_jsonable_python

from app.core.operation import Operation
from app.ledger import statements
from app.records.errors import DiffersFromLedger
from app.records.kinds import Kind
from app.records.reports import Difference, report_afterwards


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
        body = statement and statement.body
        found.append((row.id, how(view, statement, body, kind.before)))
    return [Difference(kind.noun, id_, words) for id_, words in found if words is not None]


def difference(
    op: Operation,
    resource: str,
    stored: Mapping[str, Any],
    defaults: Mapping[str, Any] | None = None,
) -> Difference | None:
    """Return how a locked row differs from its newest entry; None if it doesn't.

    `stored` has the members of its entries as JSON values. A row that this operation has changed
    before isn't compared: its entry is only written at the end.
    """
    id_ = UUID(str(stored["id"]))
    if any((e.resource, e.resource_id) == (resource, id_) and e.view for e in op.entries):
        return None
    statement = statements.newest(op, resource, [id_]).get(id_)
    found = how(stored, statement, statement and statement.body, defaults)
    return None if found is None else Difference(resource, id_, found)


def check_unaltered(
    op: Operation,
    resource: str,
    stored: Mapping[str, Any],
    defaults: Mapping[str, Any] | None = None,
) -> None:
    """Raise `DiffersFromLedger` if a locked row isn't what the ledger states, and report that.

    Otherwise the change would state what somebody has put into the row.
    """
    found = difference(op, resource, stored, defaults)
    if found is not None:
        report_afterwards(op, [found])
        raise DiffersFromLedger(resource=resource, resource_id=str(found.resource_id))


def how(
    stored: Mapping[str, Any] | None,
    statement: statements.Statement | None,
    expected: Mapping[str, Any] | None,
    defaults: Mapping[str, Any] | None = None,
) -> str | None:
    """Return how a stored row differs from what the ledger states; None if it doesn't.

    `expected` is the row by the statement, or None if it must not be stored. A member that an
    older entry doesn't know must have its default, which is null unless `defaults` has another.
    Inside the parts of a record, such as the measurements of a session, it must be null.
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
    names = sorted(n for n in known if n not in stored or not _is_same(stored[n], known[n]))
    return f"It differs from {entry} of the ledger in: {', '.join(names)}." if names else None


def _is_same(stored: Any, stated: Any) -> bool:
    """Whether a stored member is what an entry states, which may lack later members of parts."""
    if not isinstance(stored, list) or not isinstance(stated, list) or len(stored) != len(stated):
        return bool(stored == stated)
    return all(map(_is_same_part, stored, stated))


def _is_same_part(stored: Any, stated: Any) -> bool:
    if isinstance(stored, Mapping) and isinstance(stated, Mapping):
        return bool(stored == {**dict.fromkeys(stored), **stated})
    return bool(stored == stated)
