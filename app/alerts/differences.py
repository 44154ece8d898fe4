"""What follows when a row differs from the ledger: an entry, an alert, and a row that remembers it.

`records` finds differences and is below this package, so it calls `report` through the hook in
`app.records.reports`. The walk of `app.state` calls `remember` itself.
"""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import func, insert

from app.alerts.service import Alarm, raise_alerts
from app.alerts.views import AlertReason
from app.core.db.dialects import among
from app.core.operation import Operation, rows
from app.ledger import service as ledger
from app.records.models import FoundDifference
from app.records.reports import Difference

ALERTS_MAX: Final = 10
"""How many differences of a clinic have an alert each. One for the clinic stands for further ones:
somebody who damages thousands of rows must not hide the alerts about patients."""
_HOW_MANY: Final = rows(FoundDifference, func.count())
_KNOWN: Final = rows(FoundDifference, FoundDifference.resource, FoundDifference.resource_id).where(
    among(FoundDifference.resource_id, "ids")
)
_DIFFERS: Final[Sequence[AlertReason]] = ("differs_from_ledger",)


def report(op: Operation, found: Sequence[Difference]) -> None:
    """Record differences in the ledger, and remember those that are new, in this transaction.

    Every time has its entry. There is an alert only for the first time, until the row is repaired.
    """
    for difference in found:
        ledger.record_difference(op, *difference)
    known = set(map(tuple, op.all(_KNOWN, ids=[each.resource_id for each in found])))
    remember(op, [each for each in found if (each.resource, each.resource_id) not in known])


def remember(op: Operation, new: Sequence[Difference], *, alerting: bool = True) -> None:
    """Store differences that are new, and raise an alert for each, or for the clinic if many."""
    alarms = _alarms(op, new) if alerting else []
    # First the rows: the alert that is stored next may differ itself, and be reported here.
    for difference in new:
        row = {"clinic_id": op.clinic_id, "found_at": op.at, **difference._asdict()}
        op.db.execute(insert(FoundDifference), row)
    raise_alerts(op, alarms)


def _alarms(op: Operation, new: Sequence[Difference]) -> list[Alarm]:
    [(count,)] = op.all(_HOW_MANY)
    alone, more = new[: max(0, ALERTS_MAX - count)], new[max(0, ALERTS_MAX - count) :]
    found = [Alarm(each.resource, each.resource_id, _DIFFERS) for each in alone]
    return [*found, Alarm("clinics", op.clinic_id, _DIFFERS)] if more else found
