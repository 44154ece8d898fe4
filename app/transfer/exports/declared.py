"""The columns of every table, and what becomes of each for research."""

from typing import Any, Final

from app.episodes.models import Episode
from app.episodes.schemas import EpisodeBody, EpisodeView
from app.followups.models import FollowUp
from app.followups.schemas import FollowUpBody, FollowUpView
from app.measurements.models import Measurement
from app.measurements.schemas import MeasurementBody, MeasurementView
from app.patients.models import Patient
from app.patients.schemas import PatientBody, PatientView
from app.patients.service import PATIENTS as PATIENT_KIND
from app.practitioners.models import Practitioner
from app.practitioners.schemas import PractitionerBody, PractitionerView
from app.practitioners.service import PRACTITIONERS as PRACTITIONER_KIND
from app.safety.models import AdverseEvent, Consent, Screening
from app.safety.schemas import (
    AdverseEventBody,
    AdverseEventView,
    ConsentBody,
    ConsentView,
    ScreeningBody,
    ScreeningView,
)
from app.sessions.models import Needling, TreatmentSession
from app.sessions.schemas import SessionBody, SessionView
from app.transfer.exports.columns import (
    BIRTH,
    COMMON,
    GONE,
    PSEUDONYM,
    SAME,
    SHIFTED,
    STAMPS,
    Own,
    columns,
)


def _member(column: Any, member: str, about: str) -> Own:
    """A whole number that stands in a stored object."""
    return Own(column[member].as_integer(), SAME, about)


_count = TreatmentSession.__table__.c.needle_count
_electrical = Needling.__table__.c.electrical
_plan = Episode.__table__.c.plan
_coded = Own(Episode.__table__.c.diagnoses, COMMON, "", members=("system", "code"))
_answers = Own(Screening.__table__.c.answers, COMMON, "", members=("code", "answer"))

PATIENTS = columns(
    Patient,
    (PatientBody, PatientView),
    {
        "id": PSEUDONYM,
        "identifiers": Own(
            PATIENT_KIND.nested["identifiers"], GONE, "What other systems call this patient."
        ),
        **dict.fromkeys(("given_name", "family_name"), GONE),
        "birth_date": BIRTH,
        "sex": COMMON,
        **dict.fromkeys(("phone", "email"), GONE),
        "language": COMMON,
        "status": SAME,
        **STAMPS,
    },
)
PRACTITIONERS = columns(
    Practitioner,
    (PractitionerBody, PractitionerView),
    {
        "id": PSEUDONYM,
        **dict.fromkeys(("given_name", "family_name"), GONE),
        "identifiers": Own(
            PRACTITIONER_KIND.nested["identifiers"], GONE, "What other systems call this person."
        ),
        "credentials": GONE,
        "status": SAME,
        **STAMPS,
    },
)
EPISODES = columns(
    Episode,
    (EpisodeBody, EpisodeView),
    {
        **dict.fromkeys(("id", "patient_id"), PSEUDONYM),
        "complaint": GONE,
        "region": COMMON,
        "side": SAME,
        "onset_on": SHIFTED,
        "diagnoses": _coded,
        "medical_screen_on": SHIFTED,
        "red_flags": COMMON,
        "goals": GONE,
        "plan_sessions": _member(_plan, "sessions", "How many sessions were agreed on."),
        "plan_per_week": Own(_plan["per_week"].as_float(), SAME, "How many of them a week."),
        "status": SAME,
        # Where nobody said it, this is when it was recorded: a stamp like the others.
        "opened_at": GONE,
        "closed_at": SHIFTED,
        "close_reason": GONE,
        **STAMPS,
    },
)
SESSIONS = columns(
    TreatmentSession,
    (SessionBody, SessionView),
    {
        **dict.fromkeys(("id", "patient_id", "episode_id", "practitioner_id"), PSEUDONYM),
        "occurred_at": SHIFTED,
        "duration_min": SAME,
        "attendance": SAME,
        "technique": COMMON,
        "position": SAME,
        "setting": GONE,
        "needles_opened": _member(_count, "opened", "Needles taken out of their packets."),
        "needles_inserted": _member(_count, "inserted", "Needles that went in."),
        "needles_removed": _member(_count, "removed", "Needles that came out."),
        "needles_disposed": _member(_count, "disposed", "Needles thrown away."),
        "needle_mismatch_reason": Own(
            _count["mismatch_reason"].as_string(), GONE, "Why these numbers differ."
        ),
        **dict.fromkeys(("co_interventions", "aftercare"), COMMON),
        **dict.fromkeys(("note", "plan"), GONE),
        "status": SAME,
        "alert": SAME,
        **dict.fromkeys(("credentials", "catalogue_version", "recorded_at"), GONE),
        **dict.fromkeys(("signed_at", "signed_by", "amended_at", "voided_at"), GONE),
        "late_entry": SAME,
        **STAMPS,
    },
)
READING: Final = {
    "phase": SAME,
    "instrument": COMMON,
    "value": SAME,
    "unit": COMMON,
    "activity": GONE,
    "side": SAME,
    "muscle": COMMON,
    "items": SAME,
    "reported_by": SAME,
}
FOLLOW_UPS = columns(
    FollowUp,
    (FollowUpBody, FollowUpView),
    {
        **dict.fromkeys(("id", "session_id", "patient_id"), PSEUDONYM),
        "reported_at": SHIFTED,
        **dict.fromkeys(("hours_after", "window", "soreness", "worst_soreness"), SAME),
        "sore_muscles": COMMON,
        **dict.fromkeys(("interference", "bruising", "fatigue", "headache", "change"), SAME),
        "red_flags": COMMON,
        "comment": GONE,
        "source": SAME,
        "language": COMMON,
        **STAMPS,
    },
)
MEASUREMENTS = columns(
    Measurement,
    (MeasurementBody, MeasurementView),
    {
        **dict.fromkeys(("id", "patient_id", "episode_id", "session_id"), PSEUDONYM),
        "taken_at": SHIFTED,
        **READING,
        **STAMPS,
    },
)
CONSENTS = columns(
    Consent,
    (ConsentBody, ConsentView),
    {
        **dict.fromkeys(("id", "patient_id", "episode_id"), PSEUDONYM),
        **dict.fromkeys(("kind", "decision", "form"), SAME),
        "risks_disclosed": COMMON,
        **dict.fromkeys(("patient_specific_risks", "alternatives_discussed"), GONE),
        **dict.fromkeys(("given_by", "obtained_by"), GONE),
        **dict.fromkeys(("obtained_at", "valid_until", "withdrawn_at"), SHIFTED),
        **STAMPS,
    },
)
SCREENINGS = columns(
    Screening,
    (ScreeningBody, ScreeningView),
    {
        **dict.fromkeys(("id", "session_id", "patient_id"), PSEUDONYM),
        "rule_set": COMMON,
        "answers": _answers,
        "decision": SAME,
        "decided_by": GONE,
        "decided_at": SHIFTED,
        "override_reason": GONE,
        **STAMPS,
    },
)
ADVERSE_EVENTS = columns(
    AdverseEvent,
    (AdverseEventBody, AdverseEventView),
    {
        **dict.fromkeys(("id", "patient_id", "session_id"), PSEUDONYM),
        "kind": COMMON,
        "close_call": SAME,
        "severity": COMMON,
        "expected": SAME,
        **dict.fromkeys(("causality", "muscle"), COMMON),
        "side": SAME,
        **dict.fromkeys(("occurred_at", "detected_at"), SHIFTED),
        **dict.fromkeys(("action", "outcome", "description"), GONE),
        **STAMPS,
    },
)
NEEDLINGS: Final = {
    "muscle": COMMON,
    "side": SAME,
    "spinal_level": COMMON,
    **dict.fromkeys(("diameter_mm", "length_mm"), SAME),
    "lot": GONE,
    **dict.fromkeys(("needles", "insertions", "depth_mm", "stimulation"), SAME),
    "electrical_hz": Own(_electrical["hz"].as_float(), SAME, "Frequency of the current, in Hz."),
    "electrical_ma": Own(_electrical["ma"].as_float(), SAME, "Strength of the current, in mA."),
    **dict.fromkeys(("retention_s", "grasp", "twitches", "ache", "sharp", "sensations"), SAME),
    **dict.fromkeys(("release", "release_after_s", "familiar_pain"), SAME),
    "stopped_for": GONE,
}
