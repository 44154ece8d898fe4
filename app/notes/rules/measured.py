"""Measured values and findings as a note says them. Pure."""

from collections.abc import Iterable
from typing import Final

from app.measurements.views import MeasurementView
from app.notes.rules.words import Scale, Words, listed, written
from app.records.views import ReadingView
from app.sessions.views import FindingView, SessionMeasurementView

GRADE_MOST: Final = 3
"""The highest grade of a segmental sign."""
GLUED: Final = {"deg": "\N{DEGREE SIGN}"}
"""Units that stand at their number, without a space."""


def reading(value: ReadingView | MeasurementView, words: Words) -> str:
    """Return what was measured, its value with its unit or scale, and who reported it."""
    _ = words.gettext
    scale = words.scale(value["instrument"])
    activity, muscle, side = value["activity"], value["muscle"], value["side"]
    moved = value.get("movement")  # an older version lacks it
    what = listed(
        [
            words.code("instrument", value["instrument"]),
            activity and _("activity %(activity)s") % {"activity": written(activity)},
            moved and words.term("movements", moved),
            words.placed(muscle, side) if muscle else side and words.code("side", side),
        ]
    )
    said = [_value(value["value"], value["unit"], scale, words)]
    if value["items"] is not None:
        said.append(_items(value["items"], words))
    said.append(words.code("reporter", value["reported_by"]))
    return words.labelled(what, "; ".join(said))


def in_session(readings: Iterable[SessionMeasurementView], phase: str, words: Words) -> list[str]:
    """Return a line for each value of one phase of the session."""
    return [reading(each, words) for each in readings if each["phase"] == phase]


def beside(measurement: MeasurementView, words: Words) -> str:
    """Return the line of a value that was recorded beside the session, with its time."""
    when = f"{words.moment(measurement['taken_at'])}, {words.code('phase', measurement['phase'])}"
    return f"{when}. {reading(measurement, words)}"


def finding(found: FindingView, words: Words) -> str:
    """Return the line of a segmental sign."""
    grade = found["grade"]
    where = f"{words.code('side', found['side'])} {found['segment']}"
    said = f"{words.number(grade)}/{GRADE_MOST}" if grade is not None else _not_examined(words)
    return words.labelled(f"{where}, {words.code('sign', found['sign'])}", said)


def _not_examined(words: Words) -> str:
    return words.gettext("not examined")


def _value(value: float, unit: str | None, scale: Scale | None, words: Words) -> str:
    number = words.number(value)
    unit = unit or (scale.unit if scale else None)
    if unit is not None and not unit.startswith("{"):
        return number + (GLUED.get(unit) or f" {unit}")
    if scale is None:
        return number
    if scale.least == 0:
        return f"{number}/{words.number(scale.most)}"
    ends = {"least": words.number(scale.least), "most": words.number(scale.most)}
    return words.gettext("%(value)s (%(least)s to %(most)s)") % {"value": number, **ends}


def _items(items: Iterable[float | None], words: Words) -> str:
    _ = words.gettext
    answers = [_("not answered") if each is None else words.number(each) for each in items]
    return words.labelled(_("answers"), " | ".join(answers))
