"""Recognize a create that is repeated in another spelling, such as another UTC offset."""

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, get_args
from uuid import UUID

from pydantic_core import from_json, to_json, to_jsonable_python

from app.core.operation import Operation
from app.core.values.problems import Invalid
from app.core.values.wire import B, Body, read, texts_in
from app.ledger import queries as ledger
from app.records.kinds import Facts, Kind, V
from app.records.wording import coded
from app.vocabularies.queries import Words


def digest(body: Body) -> bytes:
    """Return the SHA-256 of a body: equal for equal content, however its JSON was written.

    Members equal to their default are left out. So a field that is added later, after the others,
    doesn't change the digests of older records.
    """
    content = body.model_dump_json(exclude={"id"}, exclude_defaults=True)
    return hashlib.sha256(content.encode()).digest()


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


def has_content(
    words: Words, kind: Kind[Any, Any], row: Mapping[str, Any], version: Mapping[str, Any]
) -> bool:
    """Return whether a row of JSON has the content of a version of a record.

    Both are read by today's rules, then by those that leave stored texts as they are. A word
    equals its code. If rules that are younger than the record refuse it, the members are compared
    as JSON.
    """
    model: type[Body] = kind.finished or kind.body
    content = {n: version[n] for n in model.model_fields if n in version and n != "id"}
    stored = from_json(to_json(content))
    sent = {name: value for name, value in row.items() if name != "id"}
    for texts in (None, texts_in(stored)):
        with suppress(Invalid):
            one, other = (coded(words, read(model, to_json(m), texts)) for m in (sent, stored))
            if one == other:
                return True
    try:
        return bool(kind.from_json(_whole(model, sent)) == kind.from_json(_whole(model, stored)))
    except (AttributeError, KeyError, TypeError, ValueError):
        return False  # a member has another type


def _whole(model: type[Body], members: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members with the defaults of those that are absent or null."""
    whole = {name: value for name, value in members.items() if value is not None}
    for name, field in model.model_fields.items():
        inner = _body_in(field.annotation)
        value = whole.get(name)
        if value is None and not field.is_required() and name != "id":
            whole[name] = to_jsonable_python(field.get_default(call_default_factory=True))
        elif inner is not None and isinstance(value, dict):
            whole[name] = _whole(inner, value)
        elif inner is not None and isinstance(value, list):
            whole[name] = [_whole(inner, item) for item in value]
    return whole


def _body_in(annotation: Any) -> type[Body] | None:
    """Return the body that a member has, or a list of such bodies."""
    if isinstance(annotation, type) and issubclass(annotation, Body):
        return annotation
    return next(filter(None, map(_body_in, get_args(annotation))), None)


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
