"""Consents, screenings and adverse events as kinds of record."""

from collections.abc import Iterator
from typing import TypedDict
from uuid import UUID

from sqlalchemy import bindparam

from app.core.http.pages import Order
from app.core.operation import Operation
from app.core.values.clock import clinic_day
from app.core.values.faults import Fault
from app.records.kinds import Appearances, Facts, Kind, LeftOut, Reference
from app.safety import rules
from app.safety.models import AdverseEvent, Consent, Screening
from app.safety.schemas import (
    AdverseEventBody,
    AdverseEventFilters,
    ConsentBody,
    ConsentFilters,
    ScreeningBody,
    ScreeningFilters,
)
from app.safety.views import AdverseEventView, ConsentView, ScreeningView


class DerivedScreening(TypedDict):
    """The members that the server adds to a screening."""

    patient_id: UUID


class Consents(Kind[ConsentBody, ConsentView]):
    """Consents of a patient."""

    noun = "consents"
    singular = "consent"
    table = Consent
    body = ConsentBody
    view = ConsentView
    filters = ConsentFilters
    references = (Reference("patient_id", "patients"), Reference("episode_id", "episodes"))
    conditions = {
        "patient_id": Consent.patient_id == bindparam("patient_id"),
        "kind": Consent.kind == bindparam("kind"),
    }
    appears = Appearances(
        rows=True,
        table=True,
        timeline=Consent.obtained_at,
        chart_summary=LeftOut("The summary cites the consent to its release."),
        console=True,
    )

    def check(
        self, body: ConsentBody, facts: Facts, current: ConsentView | None
    ) -> Iterator[Fault]:
        """Yield a fault if the consent expires before the day on which it was obtained."""
        given = body.valid_until, body.obtained_at
        if current is None or given != (current["valid_until"], current["obtained_at"]):
            obtained_on = clinic_day(body.obtained_at, facts.zone)
            yield from rules.validity_faults(body.valid_until, obtained_on)


class Screenings(Kind[ScreeningBody, ScreeningView]):
    """Screenings before a session."""

    noun = "screenings"
    singular = "screening"
    table = Screening
    body = ScreeningBody
    view = ScreeningView
    filters = ScreeningFilters
    references = (Reference("session_id", "sessions"),)
    conditions = {
        "session_id": Screening.session_id == bindparam("session_id"),
        "patient_id": Screening.patient_id == bindparam("patient_id"),
    }
    appears = Appearances(
        rows=True,
        table=True,
        timeline=Screening.decided_at,
        chart_summary=LeftOut("It cleared one session, which the summary describes."),
        console=True,
    )

    def derive(
        self, op: Operation, body: ScreeningBody, current: ScreeningView | None, facts: Facts
    ) -> DerivedScreening:
        """Add the session's patient."""
        del op, current
        patient_id = facts["sessions", body.session_id].patient_id
        if patient_id is None:
            raise AssertionError
        return {"patient_id": patient_id}


class AdverseEvents(Kind[AdverseEventBody, AdverseEventView]):
    """Adverse events and close calls of a patient."""

    noun = "adverse_events"
    singular = "adverse_event"
    table = AdverseEvent
    body = AdverseEventBody
    view = AdverseEventView
    filters = AdverseEventFilters
    order = Order((AdverseEvent.occurred_at, AdverseEvent.id), descending=True)
    references = (Reference("patient_id", "patients"), Reference("session_id", "sessions"))
    conditions = {
        "patient_id": AdverseEvent.patient_id == bindparam("patient_id"),
        "session_id": AdverseEvent.session_id == bindparam("session_id"),
        "severity": AdverseEvent.severity == bindparam("severity"),
    }
    appears = Appearances(
        rows=True,
        table=True,
        timeline=AdverseEvent.occurred_at,
        chart_summary=True,
        console=True,
    )


CONSENTS, SCREENINGS, ADVERSE_EVENTS = Consents(), Screenings(), AdverseEvents()
