"""Consents, screenings and adverse events as kinds of record."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final, TypedDict
from uuid import UUID

from sqlalchemy import bindparam, exists

from app.alerts.service import open_alert, raise_for
from app.alerts.views import AlertReason
from app.core.http.pages import Order
from app.core.operation import CLINIC, Operation
from app.core.values.clock import clinic_day
from app.core.values.faults import Fault
from app.records.appearances import Appearances
from app.records.kinds import Child, Facts, Kind, Reference
from app.safety import rules
from app.safety.models import AdverseEvent, Consent, Screening, ScreeningAnswerRow
from app.safety.schemas import (
    AdverseEventBody,
    AdverseEventFilters,
    ConsentBody,
    ConsentFilters,
    FinishedScreeningBody,
    ScreeningBody,
    ScreeningFilters,
)
from app.safety.views import (
    AdverseEventView,
    ConsentView,
    ScreeningView,
    WrittenAdverseEventView,
)
from app.sessions.models import Needling
from app.sessions.rules.belonging import EVENT, SCREENING
from app.sessions.service import session_faults
from app.vocabularies.queries import compared_code
from app.vocabularies.rules import VocabularyName

CONTRAINDICATIONS: Final[VocabularyName] = "contraindications"

_ANSWERED = exists().where(
    ScreeningAnswerRow.clinic_id == CLINIC, ScreeningAnswerRow.screening_id == Screening.id
)
_NEEDLED = exists().where(Needling.clinic_id == CLINIC, Needling.session_id == Screening.session_id)


def _answers(view: ScreeningView) -> Iterator[dict[str, object]]:
    for answer in view["answers"]:
        code = compared_code(CONTRAINDICATIONS, answer["code"])
        yield {"code": code, "answer": answer["answer"]}


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
        chart_summary=True,
        console=True,
        note=True,
    )

    def check(
        self, body: ConsentBody, facts: Facts, current: ConsentView | None
    ) -> Iterator[Fault]:
        """Yield a fault if the consent expires before the day on which it was obtained."""
        given = body.valid_until, body.obtained_at
        if current is None or given != (current["valid_until"], current["obtained_at"]):
            obtained_on = clinic_day(body.obtained_at, facts.zone)
            yield from rules.validity_faults(body.valid_until, obtained_on)

    def happened(self, body: ConsentBody) -> dict[str, datetime | None]:
        """Return when the patient consented, and when they withdrew it."""
        return {"obtained_at": body.obtained_at, "withdrawn_at": body.withdrawn_at}

    def row(self, op: Operation, view: ConsentView) -> dict[str, Any]:
        """Return the row, with the address by which patients who share one are found."""
        folded = rules.folded_address(view["channel"], view["address"])
        return {**super().row(op, view), "address_folded": folded}


class Screenings(Kind[ScreeningBody, ScreeningView]):
    """Screenings before a session."""

    noun = "screenings"
    singular = "screening"
    table = Screening
    body = ScreeningBody
    finished = FinishedScreeningBody
    view = ScreeningView
    filters = ScreeningFilters
    references = (Reference("session_id", "sessions"),)
    children = (Child(ScreeningAnswerRow, "screening_id", _answers),)
    conditions = {
        "code": _ANSWERED.where(
            ScreeningAnswerRow.code == bindparam("code"),
            ScreeningAnswerRow.answer.in_(bindparam("answers", expanding=True)),
        ),
        "answer": _ANSWERED.where(
            ScreeningAnswerRow.answer.in_(bindparam("answer", expanding=True))
        ),
        "needled": _NEEDLED,
        "unneedled": ~_NEEDLED,
        "session_id": Screening.session_id == bindparam("session_id"),
        "patient_id": Screening.patient_id == bindparam("patient_id"),
    }
    appears = Appearances(
        rows=True,
        table=True,
        timeline=Screening.decided_at,
        chart_summary=True,
        console=True,
        note=True,
    )

    def check(
        self, body: ScreeningBody, facts: Facts, current: ScreeningView | None
    ) -> Iterator[Fault]:
        """Yield faults unless the screening lies near its session, and the visit was kept.

        Two words for one question repeat it.
        """
        del current
        asked = [answer.code for answer in body.answers]
        yield from rules.repeated_faults(compared_code(CONTRAINDICATIONS, code) for code in asked)
        imported = isinstance(body, FinishedScreeningBody)
        yield from session_faults(
            SCREENING, facts, body.session_id, "decided_at", body.decided_at, imported=imported
        )

    def happened(self, body: ScreeningBody) -> dict[str, datetime]:
        """Return when it was decided."""
        return {"decided_at": body.decided_at}

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
    written = WrittenAdverseEventView
    filters = AdverseEventFilters
    order = Order((AdverseEvent.occurred_at, AdverseEvent.id), descending=True)
    references = (
        Reference("patient_id", "patients"),
        Reference("session_id", "sessions"),
        Reference("episode_id", "episodes"),
    )
    before = {"episode_id": None}
    conditions = {
        "patient_id": AdverseEvent.patient_id == bindparam("patient_id"),
        "session_id": AdverseEvent.session_id == bindparam("session_id"),
        "episode_id": AdverseEvent.episode_id == bindparam("episode_id"),
        "severity": AdverseEvent.severity == bindparam("severity"),
    }
    appears = Appearances(
        rows=True,
        table=True,
        timeline=AdverseEvent.occurred_at,
        chart_summary=True,
        console=True,
        note=True,
    )

    def check(
        self, body: AdverseEventBody, facts: Facts, current: AdverseEventView | None
    ) -> Iterator[Fault]:
        """Yield faults if the event happened before its session, or to nobody who came."""
        del current
        yield from session_faults(EVENT, facts, body.session_id, "occurred_at", body.occurred_at)

    def happened(self, body: AdverseEventBody) -> dict[str, datetime | None]:
        """Return when it happened, and when it was detected."""
        return {"occurred_at": body.occurred_at, "detected_at": body.detected_at}

    def alarms(self, view: AdverseEventView) -> Sequence[AlertReason]:
        """Return the reason for an alert if the event is serious."""
        return ["serious_adverse_event"] if view["severity"] == "serious" else []

    def created(self, op: Operation, views: Sequence[AdverseEventView]) -> None:
        """Raise an alert for each serious event."""
        raise_for(op, self, views)

    def changed(self, op: Operation, current: AdverseEventView, view: AdverseEventView) -> None:
        """Raise an alert if the event becomes serious, or turns out to be another patient's."""
        if not self.alarms(current) or current["patient_id"] != view["patient_id"]:
            raise_for(op, self, [view])

    def answer_to_write(self, op: Operation, view: AdverseEventView) -> WrittenAdverseEventView:
        """Add the alert about it."""
        return {**view, "alert": open_alert(op, self, view)}


CONSENTS, SCREENINGS, ADVERSE_EVENTS = Consents(), Screenings(), AdverseEvents()
