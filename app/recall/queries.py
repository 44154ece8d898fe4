"""Reads which patients were treated with needles of a lot."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, select

from app.core.db.dialects import among
from app.core.db.tables import at_offset
from app.core.http.pages import Filters, Order, page
from app.core.operation import Operation, rows
from app.core.values.text import folded_code
from app.patients.service import PATIENTS
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
    .where(Needling.lot_folded == bindparam("lot"))
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


def patients_of_lot(
    op: Operation, lot: str, filters: Filters
) -> tuple[list[LotPatientView], str | None]:
    """A page of the patients treated with a lot, with the sessions; and the next page's cursor.

    Case, white space and hyphens of the lot don't matter.
    """
    lot = folded_code(lot)
    if "\0" in lot:  # no text in the database holds NUL
        return [], None
    statement = _FIRST if filters.cursor is None else _FURTHER
    found, cursor = page(op, statement, _ORDER, filters, lot=lot)
    ids = [row.patient_id for row in found]
    uses = _uses(op.all(_USES, lot=lot, patients=ids))
    patients = {patient["id"]: patient for patient in records_for_answer(op, PATIENTS, ids)}
    return [{"patient": patients[id], "sessions": uses[id]} for id in ids], cursor


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
