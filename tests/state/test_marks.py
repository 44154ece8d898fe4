"""Answers that are computed from records name those that differ from the ledger."""

from uuid import UUID

import pytest
from fastapi import FastAPI
from sqlalchemy import update

from app.records import marks
from app.sessions.models import TreatmentSession
from tests.ground import Api, Clinic
from tests.ledger.attacker import owning
from tests.web.console import Desk


@pytest.mark.parametrize("what", ["progress", "progress.svg", "body-map.svg"])
def test_progress_names_the_records_that_differ(api: Api, clinic: Clinic, what: str) -> None:
    altered, others = api.session(), api.session()
    _alter(clinic, altered["id"])
    try:
        answer = api.get(f"/v1/patients/{altered['patient_id']}/{what}")
        assert answer.headers["needlework-differs"] == altered["id"]
        answer = api.get(f"/v1/patients/{others['patient_id']}/{what}")
        assert "needlework-differs" not in answer.headers
    finally:
        marks.remember(clinic.id, [])


def test_the_console_s_chart_page_says_on_top_that_records_differ(
    app: FastAPI, api: Api, clinic: Clinic
) -> None:
    altered = api.session()
    # More than one page shows of the timeline, so that only progress counts the first.
    for day in range(10, 20):
        api.session(patient_id=altered["patient_id"], occurred_at=f"2026-11-{day}T10:00:00-08:00")
    _alter(clinic, altered["id"])
    try:
        page = Desk(app).let_in(clinic).get(f"/console/patients/{altered['patient_id']}")
        assert "1 of the records on this page are not as the clinic's ledger states" in page.text
        assert page.headers["needlework-differs"] == altered["id"]
    finally:
        marks.remember(clinic.id, [])


def _alter(clinic: Clinic, session_id: str) -> None:
    """Change a session outside the program, as a walk would find and remember it."""
    with owning(clinic) as db:
        mine = TreatmentSession.id == UUID(session_id)
        db.execute(update(TreatmentSession).where(mine).values(note="Nothing happened."))
    marks.remember(clinic.id, [("sessions", UUID(session_id))])
