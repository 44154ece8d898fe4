"""The hooks by which differences from the ledger are reported, and records compared with it.

Alerts and the comparison of all kinds are above this package. A program gives both when it starts:
`app.kinds.fill_registry()` gives the report, and `create_app()` the comparison.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple
from uuid import UUID

from app.core.operation import Operation


class Difference(NamedTuple):
    """A row that is not what the ledger states. `found` says how, without any content."""

    resource: str
    resource_id: UUID
    found: str


Report = Callable[[Operation, Sequence[Difference]], None]
Compare = Callable[[Operation, Sequence[UUID]], None]
_reports: list[Report] = []
_comparisons: list[Compare] = []


def report_with(report: Report) -> None:
    """Set what reports differences, in the transaction of the operation that it gets."""
    _reports[:] = [report]


def report(op: Operation, found: Sequence[Difference]) -> None:
    """Report differences in the operation's transaction, which must be one that writes."""
    for each in _reports:
        each(op, found)


def report_afterwards(op: Operation, found: Sequence[Difference]) -> None:
    """Report differences right after the operation, which only reads or is about to be refused."""
    op.afterwards.append(lambda own: report(own, found))


def compare_with(compare: Compare) -> None:
    """Set what compares records with the ledger by their ids, and reports the differences."""
    _comparisons[:] = [compare]


def doubt(op: Operation, ids: Sequence[UUID]) -> None:
    """Compare records with the ledger right after the operation, and report the differences."""
    op.afterwards.append(lambda own: _compare(own, ids))


def _compare(op: Operation, ids: Sequence[UUID]) -> None:
    for compare in _comparisons:
        compare(op, ids)
