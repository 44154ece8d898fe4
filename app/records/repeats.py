"""Recognize a create that is repeated in another spelling, such as another UTC offset."""

from typing import Any
from uuid import UUID

from pydantic_core import to_json

from app.core.operation import Operation
from app.core.values.problems import Invalid
from app.core.values.wire import B, Body, read
from app.ledger import queries as ledger
from app.records.kinds import Facts, Kind, V
from app.records.wording import coded


def repeats_create(op: Operation, kind: Kind[Any, Any], id: UUID, body: Body, facts: Facts) -> bool:
    """Return whether a body has the content that a record was created with.

    Version 1 in the ledger and the body are read through the same model, and compared by value: an
    instant equals itself at any offset, a word equals its code. An erased version equals nothing.
    """
    first = facts.accepted.get((kind.noun, id)) or ledger.version(op, kind.noun, id, 1)
    model = kind.finished or kind.body
    if first is None:
        return False
    names = model.model_fields.keys() & first.keys()
    try:
        created = read(model, to_json({name: first[name] for name in names}))
        repeated = read(model, body.model_dump_json().encode())
    except Invalid:
        return False
    created, repeated = coded(facts.words, created), coded(facts.words, repeated)
    return bool(created.model_dump(exclude={"id"}) == repeated.model_dump(exclude={"id"}))


def keep_offsets(kind: Kind[B, V], current: V, body: B) -> B:
    """Return a body with the stored offset of each instant that it doesn't change.

    So the same instant at another offset is no change.
    """
    kept = {
        name: current[name]  # type: ignore[literal-required]
        for name in kind.moments
        if name in body.model_fields_set and getattr(body, name) == current[name]  # type: ignore[literal-required]
    }
    return body.model_copy(update=kept)
