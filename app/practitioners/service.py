"""Practitioners as a kind of record."""

from sqlalchemy import bindparam

from app.practitioners.models import Practitioner, PractitionerIdentifier
from app.practitioners.schemas import PractitionerBody, PractitionerFilters
from app.practitioners.views import PractitionerView
from app.records import identifiers
from app.records.kinds import Appearances, Kind, LeftOut


class Practitioners(Kind[PractitionerBody, PractitionerView]):
    """Practitioners. Sessions use their credentials as a fact."""

    noun = "practitioners"
    singular = "practitioner"
    table = Practitioner
    body = PractitionerBody
    view = PractitionerView
    filters = PractitionerFilters
    identified_by = PractitionerIdentifier
    children = (identifiers.child(PractitionerIdentifier),)
    nested = identifiers.nested(PractitionerIdentifier, Practitioner)
    conditions = {
        "status": Practitioner.status == bindparam("status"),
        "identifier": identifiers.condition(PractitionerIdentifier, Practitioner),
    }
    appears = Appearances(
        rows=True,
        table=True,
        timeline=LeftOut("They belong to the clinic, not to a patient."),
        chart_summary=True,
        console=True,
    )
    facts = {"detail": Practitioner.__table__.c.credentials}


PRACTITIONERS = Practitioners()
