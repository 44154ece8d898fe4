"""The fields of a record that a summary leaves out, each with the reason. Pure."""

from collections.abc import Mapping
from typing import Final

_STAMPS: Final = dict.fromkeys(
    ("version", "created_at", "updated_at"), "The ledger tells when the server stored it."
)
_OWN: Final = {"patient_id": "A summary is about one patient, whom it names."}
_CONTACT: Final = "The recipient asks about the treatment, not how to reach the patient."
_ON_THE_DAY: Final = "Each session shows the credentials that were valid on its day."
_VALIDITY: Final = "Only credentials that were valid on the day of the session are kept with it."

LEFT_OUT: Final[Mapping[str, Mapping[str, str]]] = {
    "patients": {
        **_STAMPS,
        **dict.fromkeys(("phone", "email", "language"), _CONTACT),
        "sex": "Nothing in a summary depends on it, and name and birth date identify the patient.",
        "status": "It says whether the clinic expects the patient, not how they were treated.",
    },
    "practitioners": {
        **_STAMPS,
        **{
            f"credentials.{name}": _ON_THE_DAY
            for name in ("kind", "body", "number", "valid_from", "valid_to")
        },
        "status": "It says whether they work here today, not who treated.",
    },
    "episodes": {
        **_STAMPS,
        **_OWN,
        "id": "Its complaint names it.",
        "status": "An episode that was closed shows when and why.",
    },
    "sessions": {
        **_STAMPS,
        **_OWN,
        "amended_at": "Each amendment is listed with its instant.",
        "voided_at": "The entry of the ledger that made it void is shown with its instant.",
        "catalogue_version": "Muscles are printed under their names of today.",
        "credentials.valid_from": _VALIDITY,
        "credentials.valid_to": _VALIDITY,
        "measurements.items": "The score is shown; items of questionnaires may be licensed.",
    },
    "follow_ups": {
        **_STAMPS,
        **_OWN,
        "id": "It stands with its session.",
        "reported_at": "The hours after the session are shown.",
        "window": "The real hours are shown, from which it follows.",
        "source": "It says by which way the report came, not what it says.",
        "language": "It says in which language the patient was asked.",
    },
    "adverse_events": {
        **_STAMPS,
        **_OWN,
        "id": "It is listed by its instant.",
        "session_id": "It is listed by its instant, as some belong to no session.",
        "detected_at": "It is listed by the instant at which it happened.",
        "causality": "A summary never says why something happened.",
    },
}
"""By the noun of a kind, and the field's name; `credentials.number` is one in a list."""
