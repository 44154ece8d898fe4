"""The members of each record that a note leaves out, each with the reason. Pure."""

from collections.abc import Mapping
from typing import Final

_STAMPS: Final = dict.fromkeys(
    ("version", "created_at", "updated_at"), "The ledger shows when the server stored it."
)
_ID: Final = {"id": "The session's own id is at the foot of the note."}
_OWN: Final = {"patient_id": "A note is about one patient, and names them."}
_VISIT: Final = {**_OWN, "session_id": "A note is about one session."}
_CONTACT: Final = "A note is about the visit, not about how to reach the patient."
_WORK: Final = "It shows whether the practitioner works here today, not who treated."
_COURSE: Final = "It belongs to the whole course of care, not to one visit."
_PLACED: Final = "The records of a note belong to its session, which names the episode."

LEFT_OUT: Final[Mapping[str, Mapping[str, str]]] = {
    "patients": {
        **_STAMPS,
        **_ID,
        **dict.fromkeys(("phone", "email", "language"), _CONTACT),
        "sex": "Name and birth date identify the patient.",
        "deceased_on": "A note is about the visit.",
        "status": "It shows whether the clinic expects the patient, not how they were treated.",
    },
    "practitioners": {
        **_STAMPS,
        **_ID,
        **dict.fromkeys(("status", "inactive_from"), _WORK),
        **dict.fromkeys(
            (
                f"credentials.{name}"
                for name in ("kind", "body", "number", "valid_from", "valid_to")
            ),
            "The session has the credentials that were valid on its day.",
        ),
    },
    "episodes": {
        **_STAMPS,
        **_ID,
        **_OWN,
        **dict.fromkeys(
            (
                *("onset_on", "diagnoses.system", "diagnoses.code", "diagnoses.display"),
                *("medical_screen_on", "red_flags", "goals", "plan.sessions", "plan.per_week"),
                *("status", "opened_at", "closed_at", "close_reason"),
                *("identifiers.system", "identifiers.value"),
            ),
            _COURSE,
        ),
    },
    "sessions": {
        "created_at": "The head shows when it was recorded or imported, if that was late.",
        "updated_at": "The head shows each amendment with its time.",
        "amended_at": "The head shows each amendment with its time, from the ledger.",
        "alert": "The red flags of its follow-ups are shown.",
        "catalogue_version": "Muscles are written with their current names.",
    },
    "consents": {
        **_STAMPS,
        **_ID,
        **_OWN,
        **dict.fromkeys(("channel", "address"), "They belong to messages, not to treatment."),
    },
    "screenings": {**_STAMPS, **_ID, **_VISIT},
    "measurements": {**_STAMPS, **_ID, **_VISIT, "episode_id": _PLACED},
    "follow_ups": {
        **_STAMPS,
        **_ID,
        **_VISIT,
        "window": "It follows from the hours after the visit, which are shown.",
        "language": "It is the language in which the patient answered, not part of the answer.",
    },
    "adverse_events": {
        **_STAMPS,
        **_ID,
        **_VISIT,
        "episode_id": _PLACED,
        "causality": "A note never says why something happened.",
    },
}
"""By the noun of a kind, then the member. `identifiers.value` is a member of a list's items."""
