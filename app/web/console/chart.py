"""A patient's progress as the console shows it: the pictures, and tables with the same facts."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any, Final, NamedTuple

import orjson
from pydantic_core import from_json, to_jsonable_python

from app.alerts.views import AlertView
from app.core.values.clock import first_day
from app.followups.views import FollowUpView
from app.kinds import IN_CONSOLE, ON_TIMELINE
from app.measurements.views import MeasurementView
from app.muscles.queries import BODY
from app.notes.rules.codes import CODES
from app.patients.rules.birth_dates import last_day
from app.progress.queries import code_names
from app.progress.rules.body_map import Place, places
from app.progress.rules.body_sheets import body_sheets
from app.progress.rules.history import Json
from app.progress.rules.layout import NARROW, WIDE
from app.progress.rules.picture import picture
from app.progress.views import TimelineItem
from app.records.registry import by_kind
from app.safety.rules import HEEDED
from app.safety.views import AdverseEventView, ConsentView, ScreeningView
from app.sessions.views import SessionView
from app.web.console.wording import consent_words


class Visit(NamedTuple):
    """One attended session as a row: the values measured before it, and the soreness after it."""

    at: str
    draft: bool
    values: tuple[float | None, ...]
    """One for each measure, in the order of the document."""
    soreness: int | None
    insertions: int
    twitches: int | None


class Chart(NamedTuple):
    """What the page of a patient shows besides their name."""

    document: Json
    progress_picture: str
    narrow_picture: str
    """The same for a phone."""
    body_map: tuple[str, ...]
    """The front, the back and the spinal levels."""
    visits: tuple[Visit, ...]
    other_values: tuple[tuple[str, Json], ...]
    """Values that were not measured at a visit, each with the code of its instrument."""
    places: tuple[Place, ...]
    loose: tuple[Json, ...]
    """The attended visits that belong to no episode, newest first."""


def chart(document: Json) -> Chart:
    """The pictures of a progress document, and the same facts as table rows."""
    names = code_names()
    return Chart(
        document,
        picture(document, names, WIDE._replace(has_findings=False)),
        picture(document, names, NARROW._replace(has_findings=False)),
        body_sheets(document, BODY, names.muscle),
        tuple(_visits(document)),
        tuple(_others(document)),
        tuple(places(document, BODY, names.muscle)),
        tuple(_loose(document)),
    )


def _loose(document: Json) -> Iterator[Json]:
    """The attended visits that belong to no episode, newest first."""
    for course in reversed(document["courses"]):
        if course["course"]["episode_id"] is None:
            yield from reversed(course["soreness"]["sessions"])


def _visits(document: Json) -> Iterator[Visit]:
    """The attended sessions, newest first."""
    series = [
        {point["session_id"]: point["value"] for point in measure["points"]}
        for measure in document["measures"]
    ]
    for entry in reversed(document["soreness"]["sessions"]):
        yield Visit(
            entry["at"],
            entry["draft"],
            tuple(values.get(entry["session_id"]) for values in series),
            entry["peak"],
            entry["insertions"],
            entry["twitches"],
        )


def _others(document: Json) -> Iterator[tuple[str, Json]]:
    visits = {entry["session_id"] for entry in document["soreness"]["sessions"]}
    for measure in document["measures"]:
        for point in measure["points"]:
            if point["session_id"] not in visits:
                yield measure["instrument"], point


def age(birth_date: str, today: date) -> str:
    """Return the age in whole years; a range where the birth date is known in part."""
    ages = dict.fromkeys(_age(day(birth_date), today) for day in (last_day, first_day))
    return " to ".join(str(max(years, 0)) for years in ages)


def _age(born: date, today: date) -> int:
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def plain(answer: Any) -> Any:
    """The result of a query as the API would send it; parts of it may be JSON already."""
    return from_json(orjson.dumps(answer, to_jsonable_python, orjson.OPT_UTC_Z))


def is_shown(item: TimelineItem) -> bool:
    """Whether the console shows this kind of record on a timeline."""
    return item["type"] in _LINES


def happened(item: TimelineItem) -> tuple[str, str]:
    """The title of a timeline item, and a line about it."""
    kind, line = _LINES[item["type"]]
    return line(kind.from_json(plain(item["record"])))


def _said(about: str, code: str) -> str:
    """The words of a note for a code. What people wrote is never changed."""
    return CODES[about].get(code) or code.replace("_", " ")


def _session(record: SessionView) -> tuple[str, str]:
    if record["attendance"] != "attended":
        return "Visit", _said("attendance", record["attendance"])
    muscle = code_names().muscle
    needled = [
        " ".join(filter(None, (muscle(n["muscle"]), n["spinal_level"], n["side"])))
        for n in record["needlings"]
    ]
    overridden = [
        f"signed although {_said('fault', override['code'])}: {override['reason']}"
        for override in record["overrides"]
    ]
    warned = [f"contradiction: {_said('fault', warning['code'])}" for warning in record["warnings"]]
    line = "; ".join([*(needled or ["nothing needled"]), *overridden, *warned])
    return f"Session, {record['status']}", line


def _follow_up(record: FollowUpView) -> tuple[str, str]:
    flags = ", ".join(_said("red_flag", flag) for flag in record["red_flags"])
    hours = f"{record['hours_after']:.0f} hours after"
    told = f"soreness {record['soreness']} of 10, {hours}"
    if record.get("reported_by") == "for_patient":  # an older version lacks it
        told += ", answered by somebody for the patient"
    told += f"; signs of danger: {flags}" if flags else ""
    said = record.get("comment")
    return "Follow-up", f"{told}; in the patient\u2019s words: “{said}”" if said else told


def _alert(record: AlertView) -> tuple[str, str]:
    # The page adds who acknowledged it, and their notes.
    return f"Alert, {record['status']}", ", ".join(
        _said("alert_reason", reason) for reason in record["reasons"]
    )


def _measurement(record: MeasurementView) -> tuple[str, str]:
    scale = code_names().scale(record["instrument"])
    moved = record.get("movement")  # an older version lacks it
    name = f"{scale.name}, {code_names().term('movements', moved)}" if moved else scale.name
    phase = _said("phase", record["phase"])
    return "Measurement", f"{name}: {float(record['value']):g} ({phase})"


def _adverse_event(record: AdverseEventView) -> tuple[str, str]:
    title = "Close call" if record["close_call"] else "Adverse event"
    kind = code_names().term("event_kinds", record["kind"])
    return title, f"{record['severity']}: {kind}. {record['description']}"


def _consent(record: ConsentView) -> tuple[str, str]:
    decided = _said("consent_decision", record["decision"])
    return "Consent", f"{consent_words(record['kind'])}: {decided}"


def _screening(record: ScreeningView) -> tuple[str, str]:
    found = [
        f"{code_names().term('contraindications', one['code'])}: {one['answer']}"
        for answer in HEEDED
        for one in record["answers"]
        if one["answer"] == answer
    ]
    return "Screening", "; ".join([_said("screening_decision", record["decision"]), *found])


_SHOWN: Final = [kind for kind in ON_TIMELINE if kind in IN_CONSOLE]
_SHOWS: Final[Mapping[str, Callable[[Any], tuple[str, str]]]] = by_kind(
    "the console's timeline",
    _SHOWN,
    {
        "sessions": _session,
        "alerts": _alert,
        "follow_ups": _follow_up,
        "measurements": _measurement,
        "consents": _consent,
        "screenings": _screening,
        "adverse_events": _adverse_event,
    },
)
_LINES: Final = {kind.singular: (kind, _SHOWS[kind.noun]) for kind in _SHOWN}
