"""Records in the form in which an import takes them, each behind those that it refers to."""

from typing import Any, Final

import orjson

from app.core.http.streams import Pieces
from app.core.operation import Operation
from app.kinds import AS_ROWS
from app.records.kinds import Kind
from app.transfer.bodies import READERS
from app.transfer.exports.datasets import BATCH_ROWS
from app.transfer.exports.texts import LINE

NAME: Final = "records"


def records(op: Operation) -> Pieces:
    """Every record, as JSON lines: what its client has sent of it, as it is now."""
    for kind in AS_ROWS:
        members = _members(kind)
        statement = kind.select.order_by(kind.table.id)
        for batch in op.partitions(statement, BATCH_ROWS):
            yield b"".join([_line(kind, members, row) for row in batch])


def _members(kind: Kind[Any, Any]) -> tuple[str, ...]:
    """What an import takes of a record, in the order in which its view has it."""
    taken = READERS[kind.singular].body.model_fields
    return tuple(name for name in kind.names if name in taken)


def _line(kind: Kind[Any, Any], members: tuple[str, ...], row: Any) -> bytes:
    view = kind.answer_of(row)
    record = {"type": kind.singular}
    for name in members:
        # What is null says the same as what is left out.
        if view[name] is not None:
            record[name] = view[name]
    return orjson.dumps(record, None, LINE)
