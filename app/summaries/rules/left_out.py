"""The fields of each record that a summary leaves out, each with the reason. Pure."""

from collections.abc import Mapping
from typing import Final

_STAMPS: Final = dict.fromkeys(
    ("version", "created_at", "updated_at"), "The ledger shows when the server stored it."
)
_OWN: Final = {"patient_id": "A summary is about one patient, and names them."}
_CONTACT: Final = "The recipient asks about the treatment, not how to reach the patient."
_ON_THE_DAY: Final = "Each session shows the credentials that were valid on that day."
_VALIDITY: Final = "A session keeps only credentials that were valid on its day."

_ELSEWHERE: Final = dict.fromkeys(
    ("identifiers.system", "identifiers.value"), "It finds the record in another system."
)

LEFT_OUT: Final[Mapping[str, Mapping[str, str]]] = {
    "patients": {
        **_STAMPS,
        **dict.fromkeys(("phone", "email", "language"), _CONTACT),
        "sex": "Nothing in a summary depends on it. Name and birth date identify the patient.",
        "deceased_on": "The recipient asks about the treatment.",
        "status": "It shows whether the clinic expects the patient, not how they were treated.",
    },
    "practitioners": {
        **_STAMPS,
        **{
            f"credentials.{name}": _ON_THE_DAY
            for name in ("kind", "body", "number", "valid_from", "valid_to")
        },
        "status": "It shows whether the practitioner works here today, not who treated.",
        "inactive_from": "It shows until when the practitioner works here, not who treated.",
    },
    "episodes": {
        **_STAMPS,
        **_OWN,
        **_ELSEWHERE,
        "id": "A summary names an episode by its complaint.",
        "status": "A closed episode shows when and why it was closed.",
    },
    "alerts": {
        **_STAMPS,
        **_OWN,
        "id": "An alert is named by its reasons and its time.",
        "session_id": "Alerts are listed by time, because some belong to no session.",
        **dict.fromkeys(("source.resource", "source.id"), "The reasons say what raised it."),
    },
    "sessions": {
        **_STAMPS,
        **_OWN,
        **_ELSEWHERE,
        "alert": "The red flags of its reports are shown.",
        "amended_at": "Each amendment is listed with its time.",
        "voided_at": "A void session shows when it was voided, from the ledger.",
        "catalogue_version": "Muscles are printed with their current names.",
        "credentials.valid_from": _VALIDITY,
        "credentials.valid_to": _VALIDITY,
        "overrides.pointer": "The number of the needling is shown, and the fault names its member.",
        "measurements.items": "The score is shown. Items of questionnaires may be licensed.",
    },
    "measurements": {
        **_STAMPS,
        **_OWN,
        "id": "A value is listed by its time.",
        "session_id": "Values are listed by time, because some belong to no session.",
        "episode_id": "Values are listed by time, because some belong to no episode.",
        "items": "The score is shown. Items of questionnaires may be licensed.",
    },
    "consents": {
        **_STAMPS,
        **_OWN,
        "id": "A decision is listed by what it is about and its time.",
        **dict.fromkeys(("channel", "address"), _CONTACT),
    },
    "screenings": {
        **_STAMPS,
        **_OWN,
        "id": "An answer is listed with the time of its screening.",
        "session_id": "Answers hold until a later screening takes them back, for every visit.",
        "rule_set": "The questions are named where their answer is to be heeded.",
        "decided_by": "It says what to heed. The note of the visit says who decided.",
    },
    "follow_ups": {
        **_STAMPS,
        **_OWN,
        "id": "A report is printed with its session.",
        "reported_at": "The hours after the session are shown.",
        "window": "It follows from the hours after the session, which are shown.",
        "source": "It describes how the report arrived, not its content.",
        "language": "It is the language in which the patient was asked, not part of the answer.",
    },
    "adverse_events": {
        **_STAMPS,
        **_OWN,
        "id": "An event is listed by its time.",
        "session_id": "Events are listed by time, because some belong to no session.",
        "episode_id": "Events are listed by time, because some belong to no episode.",
        "detected_at": "An event is listed by the time at which it happened.",
        "causality": "A summary never says why something happened.",
    },
}
"""By the noun of a kind, then the field. `credentials.number` is a field of a list's items."""
