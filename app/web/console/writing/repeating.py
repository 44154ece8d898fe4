"""What a session takes over of the patient's last one with needles."""

from collections.abc import Mapping
from datetime import tzinfo
from typing import Any
from uuid import UUID

from app.core.operation import Operation
from app.records.queries import records
from app.sessions.schemas import SessionFilters
from app.sessions.service import SESSIONS
from app.web.console.chart import plain
from app.web.console.writing.fields import texts
from app.web.console.writing.session_fields import (
    LISTS,
    SPARE,
    Offered,
    repeated,
    sections,
)


def last_needled(op: Operation, patient_id: UUID) -> Any:
    """Return the patient's last session with needles that isn't void, as JSON; else None."""
    cursor, more = None, True
    while more:
        wanted = SessionFilters(patient_id=patient_id, limit=50, cursor=cursor)
        found, cursor = records(op, SESSIONS, wanted)
        for one in found:
            if one["status"] != "void" and one["needlings"]:
                return plain(one)
        more = cursor is not None
    return None


def rows_of(session: Mapping[str, Any]) -> dict[str, int]:
    """Return how many rows the form of a stored session has: a few are empty."""
    return {
        **{member: len(session[member]) + SPARE for member in LISTS},
        "identifiers": len(session["identifiers"]) + 1,
    }


def copied_of(last: Mapping[str, Any], zone: tzinfo) -> dict[str, str]:
    """Return what a session copies of the last one, as texts of the form."""
    return repeated(last, _texts(last, zone))


def told_of_copy(last: Mapping[str, Any], zone: tzinfo) -> str:
    """Return what a form says that begins with a copy."""
    return (
        f"Copied from the visit of {_texts(last, zone)['occurred_at'][:10]}: technique, position,"
        " muscles, sides, levels and needle sizes. All else is empty: ask, measure and count anew."
    )


def _texts(session: Mapping[str, Any], zone: tzinfo) -> dict[str, str]:
    listed = sections(Offered(), rows_of(session))
    return texts([each for one in listed for each in one.every], session, zone)
