"""Reads which patients were treated with needles of a lot."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import Row, bindparam, func, select

from app.core.db.dialects import among, among_texts
from app.core.db.tables import at_offset
from app.core.http.pages import Filters, Order, page
from app.core.operation import Operation, rows
from app.core.values.text import folded_code
from app.patients.service import PATIENTS
from app.recall import rules
from app.recall.schemas import LotPatientView, LotUseView
from app.records.queries import records_for_answer
from app.sessions.models import Needling, TreatmentSession

_OF_LOT = (
    rows(TreatmentSession, TreatmentSession.patient_id)
    .join(
        Needling,
        (Needling.clinic_id == TreatmentSession.clinic_id)
        & (Needling.session_id == TreatmentSession.id),
    )
    # The few ways to write one lot, each a parameter: PostgreSQL plans with their number.
    .where(Needling.lot_folded.in_(bindparam("lots", expanding=True)))
)
# All uses of the lot are read first. For a page in order, PostgreSQL would rather look through the
# sessions of the clinic, patient by patient, for one with this lot.
_USERS = _OF_LOT.cte("users").prefix_with("MATERIALIZED", dialect="postgresql")
_ORDER = Order((_USERS.c.patient_id,))
_PATIENTS = select(_USERS).distinct()
_FIRST, _FURTHER = _ORDER.start(_PATIENTS), _ORDER.after(_PATIENTS)
_USES = (
    _OF_LOT.with_only_columns(
        TreatmentSession.patient_id,
        TreatmentSession.id,
        TreatmentSession.occurred_at,
        TreatmentSession.occurred_at_offset_min,
        TreatmentSession.practitioner_id,
        TreatmentSession.status,
        Needling.lot,
        Needling.muscle,
        Needling.needles,
    )
    .where(among(TreatmentSession.patient_id, "patients"))
    .order_by(TreatmentSession.occurred_at, TreatmentSession.id, Needling.position)
)

# Each step reads one row of the index: the next lot in order. So the time grows with the number of
# lots, not of needlings.
_KNOWN = (
    rows(Needling, func.min(Needling.lot_folded).label("lot"))
    .where(Needling.lot_folded > "")  # it skips the needlings without a lot
    .cte("known", recursive=True)
)
_NEXT = (
    rows(Needling, func.min(Needling.lot_folded))
    .where(Needling.lot_folded > _KNOWN.c.lot)
    .correlate(_KNOWN)
    .scalar_subquery()
)
_LOTS = select(_KNOWN.union_all(select(_NEXT).where(_KNOWN.c.lot.is_not(None))).c.lot)
# Neither distinct nor in order: SQLite would read every needling of the clinic for that.
_WRITTEN = rows(Needling, Needling.lot).where(among_texts(Needling.lot_folded, "lots"))


RECALLED_MAX: Final = 5_000
"""So many patients of a lot are given at once, for whoever calls them all."""
_AT_ONCE: Final = 200


class Recalled(NamedTuple):
    """A page of the patients of a lot."""

    patients: list[LotPatientView]
    cursor: str | None
    spellings: list[str]
    """The spellings that were counted, as they were written."""
    others: list[str]
    """Where nobody was found: lots that resemble it, or any."""


def lots(op: Operation) -> list[str]:
    """Every lot of the clinic's needles, in one spelling each."""
    return _one_spelling_each(op, _known(op))


def _known(op: Operation) -> list[str]:
    """Every lot of the clinic's needles, as lots are compared."""
    return [row.lot for row in op.all(_LOTS) if row.lot is not None]


def patients_of_lot(op: Operation, lot: str, filters: Filters) -> Recalled:
    """A page of the patients treated with a lot, with the sessions.

    Case, white space, signs and the word "Lot" don't matter.
    """
    same, others = _matching(op, lot)
    if not same:
        return Recalled([], None, [], others)
    shown, cursor = _treated(op, same, filters)
    return Recalled(shown, cursor, _spellings(op, same), [])


def whole_recall(op: Operation, lot: str) -> Recalled:
    """Every patient treated with a lot, whose last use is newest first. `others` has near lots.

    There is a cursor only beyond `RECALLED_MAX` patients.
    """
    same, others = _matching(op, lot)
    if not same:
        return Recalled([], None, [], others)
    patients, cursor = _treated(op, same, Filters(limit=_AT_ONCE))
    while cursor is not None and len(patients) < RECALLED_MAX:
        more, cursor = _treated(op, same, Filters(limit=_AT_ONCE, cursor=cursor))
        patients += more
    patients.sort(key=lambda each: each["sessions"][-1]["occurred_at"], reverse=True)
    others = near_lots(op, lot) if patients else []
    return Recalled(patients, cursor, _spellings(op, same), others)


def _matching(op: Operation, lot: str) -> tuple[list[str], list[str]]:
    """The lots in use that are this one; and if there is none, those that resemble it, or any."""
    lot = folded_code(lot)
    known = _known(op)
    same = [] if "\0" in lot else rules.same(lot, known)  # no text in the database holds NUL
    return same, [] if same else _one_spelling_each(op, rules.resembling(lot, known))


def _treated(
    op: Operation, same: Sequence[str], filters: Filters
) -> tuple[list[LotPatientView], str | None]:
    """A page of the patients treated with these lots, and the cursor of the next page."""
    statement = _FIRST if filters.cursor is None else _FURTHER
    found, cursor = page(op, statement, _ORDER, filters, lots=same)
    ids = [row.patient_id for row in found]
    uses = _uses(op.all(_USES, lots=same, patients=ids))
    patients = {patient["id"]: patient for patient in records_for_answer(op, PATIENTS, ids)}
    return [{"patient": patients[id], "sessions": uses[id]} for id in ids], cursor


def _spellings(op: Operation, same: Sequence[str]) -> list[str]:
    return sorted({row.lot for row in op.all(_WRITTEN, lots=same)})


def near_lots(op: Operation, lot: str) -> list[str]:
    """Other lots in use that a lot may be mistyped for, or be a part of, in one spelling each."""
    return _one_spelling_each(op, rules.near(folded_code(lot), _known(op)))


def _one_spelling_each(op: Operation, lots: Sequence[str]) -> list[str]:
    """Lots as they were written; of several spellings the first."""
    if not lots:
        return []
    spellings = sorted({row.lot for row in op.all(_WRITTEN, lots=lots)}, reverse=True)
    written = {folded_code(lot): lot for lot in spellings}
    return [written[lot] for lot in lots]


def _uses(found: Sequence[Row[Any]]) -> dict[UUID, list[LotUseView]]:
    """The sessions of each patient, from needlings in order of time."""
    uses: dict[UUID, dict[UUID, LotUseView]] = defaultdict(dict)
    for row in found:
        use = uses[row.patient_id].setdefault(
            row.id,
            {
                "session_id": row.id,
                "occurred_at": at_offset(row.occurred_at, row.occurred_at_offset_min),
                "practitioner_id": row.practitioner_id,
                "status": row.status,
                "lots": [],
                "muscles": [],
                "needles": 0,
            },
        )
        use["needles"] += row.needles
        if row.lot not in use["lots"]:
            use["lots"].append(row.lot)
        if row.muscle not in use["muscles"]:
            use["muscles"].append(row.muscle)
    return {patient: list(sessions.values()) for patient, sessions in uses.items()}
