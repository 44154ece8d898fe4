"""The form of a session: its sections, its rows, and what *repeat last* copies."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from app.core.values.vocabularies import words_of
from app.instruments.queries import INSTRUMENTS
from app.muscles.rules import SPINAL_LEVELS
from app.records.views import Side
from app.sessions.views import (
    Attendance,
    FamiliarPain,
    Grasp,
    Position,
    Release,
    SessionPhase,
    Stimulation,
    Technique,
)
from app.web.console.writing.fields import Field
from app.web.console.writing.people import choices
from app.web.console.writing.sheets import Section

ROWS: Final = 12
"""The rows for needlings that the form has at least."""
SPARE: Final = 2
"""The empty rows that follow those that a session has already."""
MEASURED: Final = 4
SIDES: Final = choices(words_of(Side))
_NEEDLING: Final = (
    Field("muscle", "Muscle", "muscle", hint="A side may follow: infra R."),
    Field("side", "Side", "choice", SIDES),
    Field("spinal_level", "Level", "choice", tuple((one, one) for one in SPINAL_LEVELS)),
    Field("needle.diameter_mm", "Needle, mm thick", "number"),
    Field("needle.length_mm", "Needle, mm long", "number"),
    Field("insertions", "Insertions (1 if empty)", "number"),
    Field("depth_mm", "Depth, mm", "number"),
    Field("ache", "Ache, 0 to 10", "number"),
    Field("release", "Release", "choice", choices(words_of(Release))),
    Field("release_after_s", "Release after, s", "number"),
    Field("twitches", "Twitches", "number"),
    Field("grasp", "Grasp", "choice", choices(words_of(Grasp))),
)
_FURTHER: Final = (
    Field("needles", "Needles (1 if empty)", "number"),
    Field("needle.lot", "Lot"),
    Field("stimulation", "Stimulation", "choice", choices(words_of(Stimulation))),
    Field("electrical.hz", "Current, Hz", "number"),
    Field("electrical.ma", "Current, mA", "number"),
    Field("retention_s", "Needle stayed, s", "number"),
    Field("sharp", "Sharp pain, 0 to 10", "number"),
    Field("sensations", "Sensations", "codes", hint="Such as: deep_ache, cramp."),
    Field("familiar_pain", "Their own pain?", "choice", choices(words_of(FamiliarPain))),
    Field("stopped_for", "Stopped early because of"),
)
MEASURE: Final = (
    Field("phase", "When", "choice", choices(words_of(SessionPhase))),
    Field("instrument", "Measure", "choice", tuple((one.code, one.name) for one in INSTRUMENTS)),
    Field("value", "Value", "number"),
    Field("activity", "Activity (PSFS)"),
)
MEASURE_FURTHER: Final = (
    Field("unit", "Unit"),
    Field("side", "Side", "choice", SIDES),
    Field("muscle", "Muscle", "muscle"),
    Field("movement", "Movement"),
    Field("reported_by", "Said by", "choice", choices(("patient", "practitioner"))),
)
REPEATED: Final = ("muscle", "side", "spinal_level", "needle.diameter_mm", "needle.length_mm")
"""What *repeat last* copies of a needling: what was done, never what anybody felt."""


def sections(
    people: Sequence[tuple[str, str]],
    episodes: Sequence[tuple[str, str]],
    needlings: int = 0,
    measurements: int = 0,
) -> list[Section]:
    """Return the form's sections, with empty rows after so many needlings and measurements."""
    return [
        _visit(people, episodes),
        *_rows("measurements", "Measure", max(MEASURED, measurements + SPARE)),
        *_rows("needlings", "Muscle", max(ROWS, needlings + SPARE)),
        _count(),
        _words(),
    ]


def _rows(member: str, label: str, count: int) -> list[Section]:
    shown, more = (_NEEDLING, _FURTHER) if member == "needlings" else (MEASURE, MEASURE_FURTHER)
    return [
        Section(
            f"{label} {row + 1}",
            tuple(field.within(f"{member}.{row}") for field in shown),
            tuple(field.within(f"{member}.{row}") for field in more),
            row=f"{member}.{row}",
        )
        for row in range(count)
    ]


def _visit(people: Sequence[tuple[str, str]], episodes: Sequence[tuple[str, str]]) -> Section:
    return Section(
        "The visit",
        (
            Field("occurred_at", "When (by the clinic's clock)", "moment", required=True),
            Field("duration_min", "Minutes", "number"),
            Field("attendance", "Attendance", "choice", choices(words_of(Attendance))),
            Field("technique", "Technique", "choice", choices(words_of(Technique))),
            Field("position", "Position", "choice", choices(words_of(Position))),
            Field("practitioner_id", "Practitioner", "choice", tuple(people), required=True),
            Field("episode_id", "Episode", "choice", tuple(episodes)),
        ),
    )


def _count() -> Section:
    return Section(
        "Needle count",
        (
            Field("needle_count.opened", "Opened", "number"),
            Field("needle_count.inserted", "Inserted", "number"),
            Field("needle_count.removed", "Removed", "number"),
            Field("needle_count.disposed", "Disposed of", "number"),
            Field("needle_count.mismatch_reason", "Why they differ, if they do"),
        ),
    )


def _words() -> Section:
    return Section(
        "Note and plan",
        (
            Field("co_interventions", "What else was done", "codes", hint="With commas."),
            Field("aftercare", "Aftercare", "codes", hint="With commas."),
            Field("note", "Note", "text"),
            Field("plan", "Plan", "text"),
        ),
    )


def repeated(last: Mapping[str, Any], stored: Mapping[str, str]) -> dict[str, str]:
    """Return what a new session copies of the last one, as texts of the form.

    `stored` has the last session's texts.
    """
    names = [
        f"needlings.{row}.{name}" for row in range(len(last["needlings"])) for name in REPEATED
    ]
    return {name: stored[name] for name in names}
