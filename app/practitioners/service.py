"""Practitioners as a kind of record."""

from sqlalchemy import bindparam

from app.practitioners.models import Practitioner, PractitionerIdentifier
from app.practitioners.schemas import PractitionerBody, PractitionerFilters, PractitionerView
from app.records import identifiers
from app.records.kinds import Kind, register


class Practitioners(Kind[PractitionerBody]):
    """Practitioners; their credentials are a fact for the sessions."""

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
    facts = {"detail": Practitioner.__table__.c.credentials}


PRACTITIONERS = register(Practitioners())
