"""Patients as a kind of record."""

from collections.abc import Iterator
from typing import Final
from uuid import UUID

from sqlalchemy import and_, bindparam
from sqlalchemy.orm import aliased

from app.core.operation import CLINIC, Operation, rows
from app.core.values.clock import clinic_day, now
from app.core.values.faults import Fault
from app.patients.models import Patient, PatientIdentifier, PatientWord
from app.patients.rules.birth_dates import birth_faults, death_faults
from app.patients.rules.names import code_word, same_names, words
from app.patients.schemas import PatientBody, PatientFilters
from app.patients.views import CreatedPatientView, PatientView
from app.records import identifiers
from app.records.appearances import Appearances, LeftOut
from app.records.kinds import Child, Facts, Kind
from app.records.views import DuplicateView, Likeness


def _words(view: PatientView) -> Iterator[dict[str, str]]:
    """Yield the words by which a search finds a patient."""
    for word in words([view["given_name"], view["family_name"]]):
        yield {"field": "name", "word": word}
    for identifier in view["identifiers"]:
        yield {"field": "identifier", "word": code_word(identifier["value"])}


_NAMED: Final = aliased(PatientWord)
_ALIKE: Final = (
    rows(Patient, Patient.id, Patient.given_name, Patient.family_name, Patient.birth_date)
    .join(
        _NAMED,
        and_(
            _NAMED.clinic_id == CLINIC,
            _NAMED.patient_id == Patient.id,
            _NAMED.field == "name",
            _NAMED.word == bindparam("word"),
        ),
    )
    .where(Patient.id != bindparam("id"))
)
_SAME_BIRTH: Final = _ALIKE.where(Patient.birth_date == bindparam("birth_date"))
_NUMBERED: Final = aliased(PatientWord)
_SAME_NUMBER: Final = _ALIKE.join(
    _NUMBERED,
    and_(
        _NUMBERED.clinic_id == CLINIC,
        _NUMBERED.patient_id == Patient.id,
        _NUMBERED.field == "identifier",
        _NUMBERED.word.in_(bindparam("numbers", expanding=True)),
    ),
)


class Patients(Kind[PatientBody, PatientView]):
    """Patients. All other records of a person refer to the patient's id."""

    noun = "patients"
    singular = "patient"
    table = Patient
    body = PatientBody
    view = PatientView
    made = CreatedPatientView
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

    def duplicates(self, op: Operation, view: PatientView) -> list[DuplicateView]:
        """Return the patients with the same names, and the same birth date or identifier's value.

        The names are compared as a search does it, in any order.
        """
        names = view["given_name"], view["family_name"]
        word = next(iter(words(names)), None)
        if word is None:
            return []
        asked: dict[str, object] = {"id": view["id"], "word": word}
        found: dict[UUID, Likeness] = {}
        if view["birth_date"] is not None:
            for row in op.all(_SAME_BIRTH, birth_date=view["birth_date"], **asked):
                if same_names(names, (row.given_name, row.family_name)):
                    found[row.id] = "names_and_birth_date"
        numbers = [code_word(one["value"]) for one in view["identifiers"]]
        for row in op.all(_SAME_NUMBER, numbers=numbers, **asked) if numbers else ():
            if same_names(names, (row.given_name, row.family_name)):
                found.setdefault(row.id, "names_and_identifier")
        # Sorted here: for an order by id, SQLite would read all patients of the clinic.
        return [DuplicateView(id=id, why=why) for id, why in sorted(found.items())]

    def patient_of(self, view: PatientView) -> UUID:
        """Return the patient's own id."""
        return view["id"]


PATIENTS = Patients()
