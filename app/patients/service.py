"""Patients as a kind of record."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, String, and_, bindparam
from sqlalchemy.orm import InstrumentedAttribute

from app.core.operation import Operation
from app.patients import rules
from app.patients.models import Patient, PatientIdentifier
from app.patients.schemas import PatientBody, PatientFilters
from app.patients.views import PatientView
from app.records import identifiers
from app.records.kinds import Appearances, Kind, LeftOut

# The last Unicode character, which no name contains.
LAST_CHARACTER = "\U0010ffff"


def _begins(column: InstrumentedAttribute[str | None], name: str) -> ColumnElement[bool]:
    """Return the condition that a folded name begins with the parameter `name`.

    It is a range, so that an index serves it.
    """
    beginning = bindparam(name, type_=String())
    return and_(column >= beginning, column < beginning.concat(LAST_CHARACTER))


class Patients(Kind[PatientBody, PatientView]):
    """Patients. All other records of a person refer to the patient's id."""

    noun = "patients"
    singular = "patient"
    table = Patient
    body = PatientBody
    view = PatientView
    filters = PatientFilters
    identified_by = PatientIdentifier
    children = (identifiers.child(PatientIdentifier),)
    nested = identifiers.nested(PatientIdentifier, Patient)
    conditions = {
        "status": Patient.status == bindparam("status"),
        "identifier": identifiers.condition(PatientIdentifier, Patient),
        "family_name": _begins(Patient.family_name_folded, "family_name"),
        "given_name": _begins(Patient.given_name_folded, "given_name"),
        "birth_date": Patient.birth_date == bindparam("birth_date"),
    }
    facts = {"begins_on": Patient.__table__.c.birth_date}
    appears = Appearances(
        rows=True,
        table=True,
        timeline=LeftOut("The timeline belongs to the patient."),
        chart_summary=True,
        console=True,
    )

    def row(self, op: Operation, view: PatientView) -> dict[str, Any]:
        """Return the row, with the names as the search compares them."""
        return {
            **super().row(op, view),
            "given_name_folded": rules.folded(view["given_name"]),
            "family_name_folded": rules.folded(view["family_name"]),
        }

    def patient_of(self, view: PatientView) -> UUID:
        """Return the patient's own id."""
        return view["id"]


PATIENTS = Patients()
