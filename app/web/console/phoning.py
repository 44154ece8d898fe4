"""What a patient says on the telephone: the form's fields, and the report that they make.

A sign of danger counts beside every fault of the form, as on the patient's page: the alert is
raised although the report isn't stored yet.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, tzinfo
from typing import Any, Final, cast

from app.alerts.service import raised
from app.alerts.views import RaisedAlertView, RedFlag
from app.asks.service.reports import Reported, alarm, store_report
from app.asks.views import AskView
from app.core.operation import Operation
from app.core.values.access import Scope
from app.core.values.faults import Fault
from app.core.values.problems import Invalid, NotFound
from app.core.values.vocabularies import words_of
from app.followups.schemas import FollowUpBody
from app.followups.service import FOLLOW_UPS
from app.followups.views import ChangeRating, FollowUpView
from app.records.queries import record_for_answer
from app.web.console import access
from app.web.console.chart import plain

RED_FLAGS: Final = words_of(RedFlag)
CHANGES: Final = words_of(ChangeRating)
NONE: Final = "none_of_these"
"""The field that says that none of the red flags is there. It has to be ticked, or a red flag."""
_BOTH: Final = Fault(
    "/red_flags", "contradictory", "You ticked a sign of danger and “none of these”. Ask again."
)
_NEITHER: Final = Fault(
    "/red_flags", "missing", "Ask for the signs of danger. Tick “none of these” if there are none."
)
_NO_SORENESS: Final = Fault("/soreness", "missing", "Ask how sore they are now, from 0 to 10.")
_NO_TIME: Final = Fault("/reported_at", "datetime_parsing", "Give a day and a time, or leave it.")


def report(op: Operation, about: Reported, form: Mapping[str, str]) -> FollowUpView:
    """Store a report about a visit, and return it. Raises `Invalid` with every fault."""
    faults, at = [], _moment(form.get("reported_at", ""), op.zone, op.at)
    if at is None:
        faults.append(_NO_TIME)
    faults += _faults(form)
    if faults:
        raise Invalid(faults)
    members: dict[str, Any] = {
        "reported_at": at,
        "soreness": int(form["soreness"]) if form["soreness"].isdecimal() else form["soreness"],
        "red_flags": ticked(form),
        "source": "practitioner",
    }
    members |= {name: form[name] for name in ("change", "comment", "reported_by") if name in form}
    if "bruising" in form:
        members["bruising"] = {"yes": True, "no": False}.get(form["bruising"], form["bruising"])
    return store_report(op, about, access.body_of(FollowUpBody, members))


def warn(op: Operation, about: Reported, form: Mapping[str, str]) -> RaisedAlertView | None:
    """Raise the alert about a refused form in which red flags are ticked; None if none is."""
    flags = ticked(form)
    if not flags:
        return None
    return raised(op, alarm(op, about, flags))


def _faults(form: Mapping[str, str]) -> Iterator[Fault]:
    if "soreness" not in form:
        yield _NO_SORENESS
    if bool(ticked(form)) == (NONE in form):
        yield _BOTH if NONE in form else _NEITHER


def ticked(form: Mapping[str, str]) -> list[RedFlag]:
    """Return the red flags that are ticked in a form."""
    return [flag for flag in RED_FLAGS if f"flag_{flag}" in form]


def _moment(typed: str, zone: tzinfo, now: datetime) -> datetime | None:
    """Return a day and time of the clinic's clock, or now if nothing was typed. None if wrong."""
    if not typed.strip():
        return now
    try:
        found = datetime.fromisoformat(typed.strip())
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=zone)


def answer(op: Operation, ask: AskView) -> Any:
    """Return the report that answered an ask, as JSON; None without one or without the right."""
    if ask["answered_by"] is None or not op.caller.may(Scope.FOLLOW_UPS_READ):
        return None
    try:
        return cast("Any", plain(record_for_answer(op, FOLLOW_UPS, ask["answered_by"])))
    except NotFound:  # erased since
        return None
