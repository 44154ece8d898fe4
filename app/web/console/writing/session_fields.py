"""The form of a session: its sections, its rows, and what *repeat last* copies."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from app.core.values.faults import Fault
from app.core.values.vocabularies import words_of
from app.instruments.queries import INSTRUMENTS
from app.muscles.rules import SPINAL_LEVELS
from app.records.views import Side
from app.sessions.schemas import LIST_MAX, NEEDLINGS_MAX
from app.sessions.views import (
    Attendance,
    FamiliarPain,
    Grasp,
    Position,
    Release,
    Sensation,
    SessionPhase,
    Sign,
    Stimulation,
    Technique,
)
from app.web.console.writing.fields import Field, Read
from app.web.console.writing.people import choices
from app.web.console.writing.sheets import BOXES, MORE_ROWS, Section

SPARE: Final = 2
"""The empty rows that follow those that a session has already."""
LEFT_OUT: Final[Mapping[str, str]] = {
    "id": "The server makes it.",
    "patient_id": "The form is one patient's.",
}
"""Members of a session's body that the form lacks, and why."""
NEEDED: Final = "Needed to sign."
CHOSEN: Final = "That of your last session is chosen. Change it if today's is another one."
"""What the form says of a technique that nobody has chosen yet."""
SIDES: Final = choices(words_of(Side))
LEVELS: Final = tuple((one, one) for one in SPINAL_LEVELS)
_NEEDLE: Final = (
    Field("diameter_mm", "Needle, mm thick", "number"),
    Field("length_mm", "Needle, mm long", "number"),
    Field("lot", "Lot"),
)
_NEEDLING: Final = (
    Field("muscle", "Muscle", "muscle", hint="A side may follow: infra R."),
    Field("side", "Side", "choice", SIDES),
    Field("spinal_level", "Level", "choice", LEVELS),
    Field("insertions", "Insertions", "number", default="1"),
    Field("depth_mm", "Depth, mm", "number"),
    Field("ache", "Ache, 0-10", "number"),
    Field("twitches", "Twitches", "number"),
    Field("grasp", "Grasp", "choice", choices(words_of(Grasp))),
    Field("release", "Release", "choice", choices(words_of(Release))),
    Field("release_after_s", "Release, s", "number"),
)
_FURTHER: Final = (
    *(field.within("needle") for field in _NEEDLE),
    Field("needles", "Needles", "number", default="1"),
    Field("stimulation", "Stimulation", "choice", choices(words_of(Stimulation))),
    Field("electrical.hz", "Current, Hz", "number"),
    Field("electrical.ma", "Current, mA", "number"),
    Field("retention_s", "Stayed, s", "number"),
    Field("sharp", "Sharp, 0-10", "number"),
    Field("familiar_pain", "Their own pain?", "choice", choices(words_of(FamiliarPain))),
    Field("sensations", "Sensations", "codes", choices(words_of(Sensation))),
    Field("stopped_for", "Stopped early because of"),
)
MEASURE: Final = (
    Field("phase", "When", "choice", choices(words_of(SessionPhase))),
    Field(
        "instrument",
        "Measure",
        "choice",
        tuple((one.code, one.name) for one in INSTRUMENTS),
    ),
    Field("value", "Value", "number"),
    Field("activity", "Activity (PSFS)"),
)
MEASURE_FURTHER: Final = (
    Field(
        *("items", "Answers of a questionnaire", "answers"),
        hint="In its order: 2 0 3 - 1. A dash is a missing answer. The button at the end of the"
        " page gives a box for each. Leave the value empty: it is scored from them.",
    ),
    Field("unit", "Unit"),
    Field("side", "Side", "choice", SIDES),
    Field("muscle", "Muscle", "muscle"),
    Field("movement", "Movement", "choice"),
    Field("reported_by", "Said by", "choice", choices(("patient", "practitioner"))),
)
_FINDING: Final = (
    Field("sign", "Sign", "choice", choices(words_of(Sign))),
    Field("segment", "Segment", "choice", LEVELS),
    Field("side", "Side", "choice", SIDES),
    Field("grade", "Grade, 0-3", "number", hint="Empty: not examined."),
)
REPEATED: Final = ("muscle", "side", "spinal_level", "needle.diameter_mm", "needle.length_mm")
"""What *repeat last* copies of a needling: what was done, never what anybody felt."""
SIZE: Final = ("diameter_mm", "length_mm")
OF_VISIT: Final = ("technique", "position")
"""What *repeat last* copies of the visit itself."""
FURTHER_ROWS: Final = 6
EVERY_NEEDLE: Final = "every_needle"
"""The fields of the needle that counts for each muscle whose row names no other."""


class List(NamedTuple):
    """A member of the body that is a list: how the form shows its rows."""

    label: str
    """What a row is called, before its number."""
    at_first: int
    """How many rows an empty form has."""
    at_most: int
    fields: tuple[Field, ...]
    more: tuple[Field, ...] = ()
    open: int = 0
    """How many rows are open though they are empty; the others are folded."""


LISTS: Final[Mapping[str, List]] = {
    "measurements": List("Measure", 2, LIST_MAX, MEASURE, MEASURE_FURTHER, open=1),
    "findings": List("Finding", 2, LIST_MAX, _FINDING),
    "needlings": List("Muscle", 6, NEEDLINGS_MAX, _NEEDLING, _FURTHER, open=3),
}
"""The lists of a session, by the member, in the form's order."""


class Offered(NamedTuple):
    """What the form offers to choose from."""

    people: Sequence[tuple[str, str]] = ()
    episodes: Sequence[tuple[str, str]] = ()
    co_interventions: Sequence[tuple[str, str]] = ()
    aftercare: Sequence[tuple[str, str]] = ()
    movements: Sequence[tuple[str, str]] = ()


def sections(
    offered: Offered, rows: Mapping[str, int] | None = None, *, one_needle: bool = False
) -> list[Section]:
    """Return the form's sections. `rows` says how many rows of each list it has at least.

    With `one_needle`, it has fields for the needle of all muscles that name no other.
    """
    rows = rows or {}
    return [
        _visit(offered, rows.get("identifiers", 1)),
        *_rows("measurements", rows, offered.movements),
        *_rows("findings", rows),
        *([_every_needle()] if one_needle else []),
        *_rows("needlings", rows),
        _count(),
        _words(offered),
    ]


def with_technique_chosen(shown: Sequence[Section]) -> list[Section]:
    """Return the sections of a form that says that the technique is that of the last session."""
    return [
        one._replace(
            fields=tuple(
                each._replace(hint=f"{NEEDED} {CHOSEN}") if each.name == "technique" else each
                for each in one.fields
            )
        )
        for one in shown
    ]


def with_movements(
    fields: Sequence[Field], movements: Sequence[tuple[str, str]]
) -> tuple[Field, ...]:
    """Return the fields of a measure with the movements that can be chosen."""
    return tuple(
        field._replace(choices=tuple(movements)) if field.name == "movement" else field
        for field in fields
    )


def _rows(
    member: str, rows: Mapping[str, int], movements: Sequence[tuple[str, str]] = ()
) -> list[Section]:
    shown = LISTS[member]
    more = with_movements(shown.more, movements)
    count = min(max(shown.at_first, rows.get(member, 0)), shown.at_most)
    return [
        Section(
            f"{shown.label} {row + 1}",
            tuple(_in_row(field, member, row) for field in shown.fields),
            tuple(field.within(f"{member}.{row}") for field in more),
            row=f"{member}.{row}",
            folds=True,
            is_open=row < shown.open,
            style="dense" if member == "needlings" else "half",
        )
        for row in range(count)
    ]


def _in_row(field: Field, member: str, row: int) -> Field:
    """Return the field in a row. What a hint says stands in the first row only."""
    return field.within(f"{member}.{row}")._replace(hint="" if row else field.hint)


def _visit(offered: Offered, numbers: int) -> Section:
    return Section(
        "The visit",
        (
            Field("occurred_at", "When (by the clinic's clock)", "moment", required=True),
            Field(
                *("practitioner_id", "Practitioner", "choice"), tuple(offered.people), required=True
            ),
            Field(
                *("technique", "Technique", "choice", choices(words_of(Technique))),
                hint=NEEDED,
            ),
            Field("attendance", "Attendance", "choice", choices(words_of(Attendance))),
            Field("episode_id", "Episode", "choice", tuple(offered.episodes)),
            Field("position", "Position", "choice", choices(words_of(Position))),
            Field("duration_min", "Minutes", "number"),
        ),
        (
            Field("setting", "Where it took place"),
            *(
                field.within(f"identifiers.{row}")
                for row in range(numbers)
                for field in (
                    Field("system", f"Other system {row + 1}", hint="Such as the name of the EMR."),
                    Field("value", f"Number of the visit in system {row + 1}"),
                )
            ),
        ),
        style="half",
    )


def _every_needle() -> Section:
    return Section(
        "The needle, for every muscle below that names no other",
        tuple(field.within(EVERY_NEEDLE) for field in _NEEDLE),
        style="dense",
    )


def _count() -> Section:
    return Section(
        "Needle count",
        (
            Field("needle_count.opened", "Opened", "number", hint=NEEDED),
            Field("needle_count.inserted", "Inserted", "number"),
            Field("needle_count.removed", "Removed", "number"),
            Field("needle_count.disposed", "Disposed of", "number"),
        ),
        (Field("needle_count.mismatch_reason", "Why they differ, if they do", "text"),),
        style="dense",
    )


def _words(offered: Offered) -> Section:
    further, after = tuple(offered.co_interventions), tuple(offered.aftercare)
    return Section(
        "Note and plan",
        (
            Field("co_interventions", "What else was done", "codes", further),
            Field("aftercare", "Aftercare", "codes", after),
            Field("note", "Note", "text"),
            Field("plan", "Plan", "text"),
        ),
    )


def repeated(last: Mapping[str, Any], stored: Mapping[str, str]) -> dict[str, str]:
    """Return what a new session copies of the last one, as texts of the form.

    `stored` has the last session's texts. The size of most needles stands in the field for every
    needle, and only other sizes stay in their rows: so a new size there counts for all the rest.
    """
    rows = [f"needlings.{row}" for row in range(len(last["needlings"]))]
    sizes = {row: tuple(stored[f"{row}.needle.{name}"] for name in SIZE) for row in rows}
    [(usual, _)] = Counter(sizes.values()).most_common(1)
    copied = {name: stored[name] for name in OF_VISIT}
    copied |= {f"{row}.{name}": stored[f"{row}.{name}"] for row in rows for name in REPEATED}
    for row, size in sizes.items():
        if size == usual:
            copied |= {f"{row}.needle.{name}": "" for name in SIZE}
    return copied | {f"{EVERY_NEEDLE}.{name}": it for name, it in zip(SIZE, usual, strict=True)}


def with_one_needle(stored: Mapping[str, str], needlings: int) -> dict[str, str]:
    """Return a stored session's texts with the needle of most of its rows in the one field.

    Those rows are empty then, and `with_needle` fills them as they were. Where it couldn't, as
    where a row names no needle, each row keeps its own.
    """
    rows = [f"needlings.{row}.needle" for row in range(needlings)]
    needles = [tuple(stored[f"{row}.{field.name}"] for field in _NEEDLE) for row in rows]
    texts = {**stored, **{f"{EVERY_NEEDLE}.{field.name}": "" for field in _NEEDLE}}
    if not needles or not all(all(needle[: len(SIZE)]) for needle in needles):
        return texts
    [(usual, _)] = Counter(needles).most_common(1)
    size, lot = usual[: len(SIZE)], usual[-1]
    if lot and any(needle[: len(SIZE)] == size and not needle[-1] for needle in needles):
        return texts
    for row, needle in zip(rows, needles, strict=True):
        if needle == usual:
            texts |= {f"{row}.{field.name}": "" for field in _NEEDLE}
    every = zip(_NEEDLE, usual, strict=True)
    return texts | {f"{EVERY_NEEDLE}.{field.name}": text for field, text in every}


def longer(shown: Sequence[Section]) -> list[tuple[str, str, str]]:
    """Return the buttons for more rows of each list: their values, labels and first new rows."""
    found = []
    for member, listed in LISTS.items():
        rows = sum(one.row.startswith(f"{member}.") for one in shown)
        if rows < listed.at_most:
            asked = f"{member} {rows + FURTHER_ROWS}"
            found.append((asked, f"More rows: {listed.label.lower()}", f"{member}.{rows}"))
    return [*found, (*BOXES, "measurements.0")]


def with_needle(members: Mapping[str, Any]) -> dict[str, Any]:
    """Return a body with the needle that counts for each needling whose row names no other.

    A row with a size of its own has another needle, so the lot isn't that of the others.
    """
    body = dict(members)
    needle: Mapping[str, Any] = body.pop(EVERY_NEEDLE, {})
    if needle and "needlings" in body:
        body["needlings"] = [
            row | {"needle": {**_shared(needle, row.get("needle", {})), **row.get("needle", {})}}
            for row in body["needlings"]
        ]
    return body


def _shared(needle: Mapping[str, Any], own: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a row takes of the needle for every muscle."""
    is_same = all(own[name] == needle.get(name) for name in SIZE if name in own)
    return needle if is_same else {name: it for name, it in needle.items() if name != "lot"}


def at_needle(faults: Sequence[Fault], form: Mapping[str, str], read: Read) -> list[Fault]:
    """Bring each fault of the needle of every muscle to its own field, once."""
    moved: dict[Fault, None] = {}
    for fault in faults:
        member = re.fullmatch(r"/needlings/\d+/needle/(\w+)", fault.pointer)
        if member and not form.get(read.field_of(fault.pointer), "").strip():
            moved[fault._replace(pointer=f"/{EVERY_NEEDLE}/{member[1]}")] = None
        else:
            moved[fault] = None
    return list(moved)


def count(form: Mapping[str, str], member: str) -> int:
    """Return how many rows of a list a form needs: two more than it fills, or as many as asked."""
    filled = {name.split(".")[1] for name in form if name.startswith(f"{member}.")}
    most = LISTS[member].at_most if member in LISTS else LIST_MAX
    highest = max((row + 1 for row in range(most) if str(row) in filled), default=0)
    asked = re.fullmatch(rf"{member} (\d{{1,3}})", form.get(MORE_ROWS, ""))
    return max(highest + SPARE, int(asked[1]) if asked else 0)
