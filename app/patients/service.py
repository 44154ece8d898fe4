"""Patients as a kind of record."""

from collections.abc import Iterator
from uuid import UUID

from sqlalchemy import bindparam

from app.core.values.clock import clinic_day, now
from app.core.values.faults import Fault
from app.patients.models import Patient, PatientIdentifier, PatientWord
from app.patients.rules.birth_dates import birth_faults, death_faults
from app.patients.rules.names import code_word, words
from app.patients.schemas import PatientBody, PatientFilters
from app.patients.views import PatientView
from app.records import identifiers
from app.records.appearances import Appearances, LeftOut
from app.records.kinds import Child, Facts, Kind


def _words(view: PatientView) -> Iterator[dict[str, str]]:
    """Yield the words by which a search finds a patient."""
    for word in words([view["given_name"], view["family_name"]]):
        yield {"field": "name", "word": word}
    for identifier in view["identifiers"]:
        yield {"field": "identifier", "word": code_word(identifier["value"])}


class Patients(Kind[PatientBody, PatientView]):
    """Patients. All other records of a person refer to the patient's id."""

    noun = "patients"
    singular = "patient"
    table = Patient
    body = PatientBody
    view = PatientView
    filters = PatientFilters
    identified_by = PatientIdentifier
    children = (
        identifiers.child(PatientIdentifier),
        Child(PatientWord, "patient_id", _words),
    )
    nested = identifiers.nested(PatientIdentifier, Patient)
    conditions = {
        "status": Patient.status == bindparam("status"),
        "identifier": identifiers.condition(PatientIdentifier, Patient),
    }
    facts = {"born": Patient.__table__.c.birth_date}
    appears = Appearances(
        rows=True,
        table=True,
        timeline=LeftOut("The timeline belongs to the patient."),
        chart_summary=True,
        console=True,
        note=True,
    )

    def check(
        self, body: PatientBody, facts: Facts, current: PatientView | None
    ) -> Iterator[Fault]:
        """Yield faults for a birth date in the future, and for a death that can't be."""
        today = clinic_day(now(), facts.zone)
        if current is None or body.birth_date != current["birth_date"]:
            yield from birth_faults(body.birth_date, today)
        said = body.deceased_on, body.birth_date
        if current is None or said != (current["deceased_on"], current["birth_date"]):
            yield from death_faults(body.deceased_on, body.birth_date, today)

    def patient_of(self, view: PatientView) -> UUID:
        """Return the patient's own id."""
        return view["id"]


PATIENTS = Patients()
