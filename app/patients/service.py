"""Patients as a kind of record."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, String, and_, bindparam, or_
from sqlalchemy.orm import InstrumentedAttribute

from app.core.operation import Operation
from app.core.values.clock import clinic_day, now
from app.core.values.faults import Fault
from app.patients import rules
from app.patients.models import Patient, PatientIdentifier
from app.patients.schemas import PatientBody, PatientFilters
from app.patients.views import PatientView
from app.records import identifiers
from app.records.kinds import Appearances, Facts, Kind, LeftOut

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
        "birth_date": or_(
            Patient.birth_date.in_(bindparam("birth_date", expanding=True)),
            _begins(Patient.birth_date, "birth_date_within"),
        ),
    }
    facts = {"born": Patient.__table__.c.birth_date}
    appears = Appearances(
        rows=True,
        table=True,
        timeline=LeftOut("The timeline belongs to the patient."),
        chart_summary=True,
        console=True,
    )

    def check(
        self, body: PatientBody, facts: Facts, current: PatientView | None
    ) -> Iterator[Fault]:
        """Yield a fault for a birth date in the future."""
        if current is None or body.birth_date != current["birth_date"]:
            yield from rules.birth_faults(body.birth_date, clinic_day(now(), facts.zone))

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
