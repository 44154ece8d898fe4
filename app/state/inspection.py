"""The complete check of a clinic: its ledger, and every row against it."""

from collections.abc import Iterator

from app.core.operation import Operation
from app.ledger import inspection
from app.state.compare import differences


def faults(op: Operation) -> Iterator[str]:
    """Yield each inconsistency of the operation's clinic, as a sentence without any content.

    If the ledger itself is damaged, the rows aren't compared with it.
    """
    damaged = False
    for fault in inspection.faults(op):
        damaged = True
        yield fault
    if damaged:
        return
    for each in differences(op):
        yield f"One of the {each.resource}, {each.resource_id}: {each.found}"
