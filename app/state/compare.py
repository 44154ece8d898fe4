"""Compare all rows of a clinic with the ledger, a range of ids at a time."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from app.core.operation import Operation
from app.ledger import statements
from app.ledger.statements import Statement
from app.records.comparison import how
from app.records.reports import Difference
from app.state.states import STATES, State, Values

FIRST: Final = UUID(int=0)
LAST: Final = UUID(int=2**128 - 1)
AT_ONCE: Final = 300


def differences(op: Operation) -> Iterator[Difference]:
    """Yield every difference between the clinic's rows and its ledger.

    The operation must see one moment: a row and its entry are committed together.
    """
    after = FIRST
    while after < LAST:
        upto = next_id(op, after, AT_ONCE)
        yield from between(op, after, upto)
        after = upto


def next_id(op: Operation, after: UUID, wanted: int) -> UUID:
    """Return the id up to which `wanted` ids follow, in the rows and the ledger; or `LAST`."""
    ids = set(statements.ids_after(op, after, wanted))
    for state in STATES:
        ids.update(state.ids_after(op, after, wanted))
    return LAST if len(ids) < wanted else sorted(ids)[wanted - 1]


def between(op: Operation, after: UUID, upto: UUID) -> Iterator[Difference]:
    """Yield the differences of everything with an id after `after`, up to `upto`."""
    stated: dict[str, dict[UUID, Statement]] = defaultdict(dict)
    for statement in statements.between(op, after, upto):
        stated[statement.resource][statement.resource_id] = statement
    for state in STATES:
        yield from _of_state(state, state.between(op, after, upto), stated[state.noun])


def among(op: Operation, ids: Sequence[UUID]) -> Iterator[Difference]:
    """Yield the differences of everything with one of these ids."""
    for state in STATES:
        stated = statements.newest(op, state.noun, ids)
        yield from _of_state(state, state.among(op, ids), stated)


def _of_state(
    state: State, stored: Mapping[UUID, Values | None], stated: Mapping[UUID, Statement]
) -> Iterator[Difference]:
    for id_ in sorted(stored.keys() | stated.keys()):
        if id_ in stored and stored[id_] is None:
            yield Difference(state.noun, id_, "It can't be read: somebody spoilt a value.")
            continue
        found = _how(state, stored.get(id_), stated.get(id_))
        if found is not None:
            yield Difference(state.noun, id_, found)


def _how(state: State, stored: Mapping[str, Any] | None, statement: Statement | None) -> str | None:
    try:
        expected = None if statement is None else state.expected(statement)
    except (KeyError, TypeError, ValueError):
        # Somebody replaced the body. The check of the ledger says so, too.
        return "The body of its newest entry can't be read."
    return how(stored, statement, expected, state.defaults)
