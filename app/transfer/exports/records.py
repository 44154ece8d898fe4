"""Records in the form that an import takes, each after the records that it refers to."""

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
    """Every record as a line of JSON: its current version, with the members that clients send."""
    for kind in AS_ROWS:
        members = _members(kind)
        statement = kind.select.order_by(kind.table.id)
        for batch in op.partitions(statement, BATCH_ROWS):
            yield b"".join([_line(kind, members, row) for row in batch])


def _members(kind: Kind[Any, Any]) -> tuple[str, ...]:
    """The members of a record that an import takes, in the order of its view."""
    importable = READERS[kind.singular].body.model_fields
    return tuple(name for name in kind.names if name in importable)


def _line(kind: Kind[Any, Any], members: tuple[str, ...], row: Any) -> bytes:
    view = kind.answer_of(row)
    record = {"type": kind.singular}
    for name in members:
        # A null member means the same as an absent one.
        if view[name] is not None:
            record[name] = view[name]
    return orjson.dumps(record, None, LINE)
