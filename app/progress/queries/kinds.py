"""How long after a visit an event of a kind is counted with it."""

from collections.abc import Callable, Iterable

from app.core.operation import Operation
from app.vocabularies.queries import ATTRIBUTION_DAYS, Words, compared_code
from app.vocabularies.schemas import EventKindView


def days_of_kinds(op: Operation, kinds: Iterable[str]) -> Callable[[str], int]:
    """The clinic days of each of these kinds, as the vocabulary of event kinds has them.

    A query is only needed for a clinic's own kinds.
    """
    words = Words(op, inactive=True)
    return {kind: _days(words, kind) for kind in set(kinds)}.__getitem__


def _days(words: Words, kind: str) -> int:
    code = compared_code("event_kinds", kind)
    row = None if code is None else words.row("event_kinds", code)
    return row.attribution_days if isinstance(row, EventKindView) else ATTRIBUTION_DAYS
