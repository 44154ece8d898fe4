"""Charts of many sessions: which are printed whole, and a line for each of the others. Pure."""

from collections.abc import Collection, Sequence
from typing import Final, Literal, NamedTuple
from uuid import UUID

from typing_extensions import TypeAliasType

from app.sessions.views import NeedlingView, SessionView
from app.summaries.rules.words import Names, listed_texts, moment

Detail = TypeAliasType("Detail", Literal["condensed", "whole"])
"""How the sessions of a chart with many are printed."""

WHOLE_MAX: Final = 24
"""A chart with at most so many sessions is printed whole."""
NEWEST: Final = 12
"""How many of the newest sessions are always printed whole."""


class Parted(NamedTuple):
    """The sessions of a chart, oldest first: those printed whole, and those of one line."""

    whole: list[SessionView]
    brief: list[SessionView]


def parted(
    sessions: Sequence[SessionView], told_of: Collection[UUID | None], detail: Detail
) -> Parted:
    """Part the sessions of a chart.

    `told_of` has the sessions with an adverse event or a report of a red flag. Those are printed
    whole, and so is what was voided, amended or signed against a rule.
    """
    if detail == "whole" or len(sessions) <= WHOLE_MAX:
        return Parted([*sessions], [])
    newest = {session["id"] for session in sessions[-NEWEST:]}
    found = Parted([], [])
    for session in sessions:
        must = session["id"] in newest or session["id"] in told_of or _is_notable(session)
        (found.whole if must else found.brief).append(session)
    return found


def _is_notable(session: SessionView) -> bool:
    changed = session["status"] == "void" or session["amended_at"] is not None
    return changed or bool(session["overrides"] or session["warnings"])


def told(sessions: Sequence[SessionView], found: Parted) -> list[str]:
    """Say that a chart is condensed: how much, over which time, what is missing, and where it is.

    Nothing if it isn't.
    """
    if not found.brief:
        return []
    days = (f"{each['occurred_at']:%Y-%m-%d}" for each in (sessions[0], sessions[-1]))
    much = (
        f"This history is condensed. It has {len(sessions)} sessions, {' to '.join(days)}."
        f" {len(found.whole)} are printed whole: the newest {NEWEST}, and each that was voided,"
        " amended or signed against a rule, or that has an adverse event or a reported red flag."
    )
    less = (
        f"The other {len(found.brief)} have one line each. Left out of these: values, findings,"
        " needles and depths, what was felt and seen, other treatment, notes, plans, and the"
        " patient's reports. All of it is in the clinic's record, and counts in the figures and"
        " pictures above. The clinic can release the same summary with every session whole."
    )
    return [much, less]


def line(session: SessionView, names: Names) -> list[str]:
    """The cells of a session of one line: when, what visit, who treated, what was needled."""
    technique, code = session["technique"], names.words.code
    visit = [code("attendance", session["attendance"]), technique and code("technique", technique)]
    if session["status"] == "draft":
        visit.append("draft, not signed")
    return [
        moment(session["occurred_at"]),
        listed_texts(visit),
        names.practitioner(session["practitioner_id"]),
        "; ".join(dict.fromkeys(where(row, names) for row in session["needlings"])),
    ]


def where(row: NeedlingView, names: Names) -> str:
    """The muscle of a needling, with its level and side."""
    side = names.words.code("side", row["side"])
    return listed_texts((names.muscle(row["muscle"]), row["spinal_level"], side))
