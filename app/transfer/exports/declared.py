"""The tables of an export: description, columns, and what each column becomes for research.

Each member of a record has a decision by name. A missing decision stops the program at start.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from pydantic import BaseModel

from app.alerts.models import Alert
from app.alerts.schemas import AlertSourceBody
from app.episodes.models import Episode
from app.episodes.schemas import PlanBody
from app.episodes.service import EPISODES
from app.patients.service import PATIENTS
from app.practitioners.service import PRACTITIONERS
from app.safety.models import Screening
from app.sessions.models import Finding, Needling, SessionMeasurement, SessionPart, TreatmentSession
from app.sessions.schemas import NeedleCountBody, SessionMeasurementBody
from app.sessions.schemas.needlings import ElectricalBody, FindingBody, NeedleBody, NeedlingBody
from app.sessions.service import SESSIONS
from app.transfer.exports.columns import (
    BIRTH,
    COMMON,
    GONE,
    PSEUDONYM,
    SAME,
    SHIFTED,
    STAMPS,
    Apart,
    Becomes,
    Decided,
    Own,
    Spread,
)


class Table(NamedTuple):
    """One row for each record of a kind."""

    about: str
    decided: Decided


class Part(NamedTuple):
    """One row for each item of a list in a session."""

    about: str
    table: type[SessionPart]
    model: type[BaseModel]
    decided: Decided


def _inner(column: Any, about: str, becomes: Becomes = SAME, name: str | None = None) -> Own:
    """A column for a member of a stored JSON object."""
    return Own(column, becomes, about, name=name)


_count = TreatmentSession.__table__.c.needle_count
_electrical = Needling.__table__.c.electrical
_source = Alert.__table__.c.source
_plan = Episode.__table__.c.plan
_coded = Own(Episode.__table__.c.diagnoses, COMMON, "", members=("system", "code"))
_answers = Own(Screening.__table__.c.answers, COMMON, "", members=("code", "answer"))


def _counted(what: str, about: str) -> Own:
    """A column for a member of the needle count."""
    return _inner(_count[what].as_integer(), about, name=f"needles_{what}")


_PATIENTS: Final[Decided] = {
    "id": PSEUDONYM,
    "identifiers": Own(
        PATIENTS.nested["identifiers"], GONE, "The ids of this patient in other systems."
    ),
    **dict.fromkeys(("given_name", "family_name"), GONE),
    "birth_date": BIRTH,
    "sex": COMMON,
    **dict.fromkeys(("phone", "email"), GONE),
    "language": COMMON,
    "deceased_on": SHIFTED,
    "status": SAME,
    **STAMPS,
}
_PRACTITIONERS: Final[Decided] = {
    "id": PSEUDONYM,
    **dict.fromkeys(("given_name", "family_name"), GONE),
    "identifiers": Own(
        PRACTITIONERS.nested["identifiers"], GONE, "The ids of this person in other systems."
    ),
    "credentials": GONE,
    "status": SAME,
    "inactive_from": GONE,
    **STAMPS,
}
_EPISODES: Final[Decided] = {
    **dict.fromkeys(("id", "patient_id"), PSEUDONYM),
    "complaint": GONE,
    "region": COMMON,
    "side": SAME,
    "onset_on": SHIFTED,
    "diagnoses": _coded,
    "medical_screen_on": SHIFTED,
    "red_flags": COMMON,
    "goals": GONE,
    "plan": Spread(
        PlanBody,
        {
            "sessions": _inner(
                _plan["sessions"].as_integer(),
                "The number of planned sessions.",
                name="plan_sessions",
            ),
            "per_week": _inner(
                _plan["per_week"].as_float(), "Planned sessions per week.", name="plan_per_week"
            ),
        },
    ),
    "status": SAME,
    # If the client didn't send it, it is the time of storing, and removed like such times.
    "opened_at": GONE,
    "closed_at": SHIFTED,
    "close_reason": GONE,
    "identifiers": Own(EPISODES.nested["identifiers"], GONE, "The ids of this episode elsewhere."),
    **STAMPS,
}
_SESSIONS: Final[Decided] = {
    **dict.fromkeys(("id", "patient_id", "episode_id", "practitioner_id"), PSEUDONYM),
    "occurred_at": SHIFTED,
    "duration_min": SAME,
    "attendance": SAME,
    "technique": COMMON,
    "position": SAME,
    "setting": GONE,
    "needlings": Apart("needlings"),
    "findings": Apart("findings"),
    "measurements": Apart("session-measurements"),
    "needle_count": Spread(
        NeedleCountBody,
        {
            "opened": _counted("opened", "Needles whose packet was opened."),
            "inserted": _counted("inserted", "Needles inserted."),
            "removed": _counted("removed", "Needles removed."),
            "disposed": _counted("disposed", "Needles disposed of."),
            "mismatch_reason": _inner(
                _count["mismatch_reason"].as_string(),
                "The reason why these numbers differ.",
                GONE,
                "needle_mismatch_reason",
            ),
        },
    ),
    **dict.fromkeys(("co_interventions", "aftercare"), COMMON),
    **dict.fromkeys(("note", "plan"), GONE),
    "status": SAME,
    "alert": SAME,
    **dict.fromkeys(("credentials", "catalogue_version", "recorded_at"), GONE),
    **dict.fromkeys(("signed_at", "signed_by", "amended_at", "voided_at"), GONE),
    "late_entry": SAME,
    "identifiers": Own(SESSIONS.nested["identifiers"], GONE, "The ids of this visit elsewhere."),
    "overrides": GONE,
    "warnings": GONE,
    **STAMPS,
}
_READING: Final[Decided] = {
    "phase": SAME,
    "instrument": COMMON,
    "value": SAME,
    "unit": COMMON,
    "activity": GONE,
    "side": SAME,
    "muscle": COMMON,
    "movement": COMMON,
    "items": SAME,
    "reported_by": SAME,
}
_ALERTS: Final[Decided] = {
    **dict.fromkeys(("id", "patient_id", "session_id"), PSEUDONYM),
    "source": Spread(
        AlertSourceBody,
        {
            "resource": _inner(
                _source["resource"].as_string(),
                "The kind of record that raised it.",
                COMMON,
                "source_resource",
            ),
            "id": _inner(_source["id"].as_string(), "The id of that record.", GONE, "source_id"),
        },
    ),
    "reasons": COMMON,
    "raised_at": GONE,
    "status": SAME,
    **dict.fromkeys(("acknowledged_by", "acknowledged_at"), GONE),
    "action": SAME,
    **dict.fromkeys(("note", "notes"), GONE),
    **STAMPS,
}
_FOLLOW_UPS: Final[Decided] = {
    **dict.fromkeys(("id", "session_id", "patient_id"), PSEUDONYM),
    "reported_at": SHIFTED,
    **dict.fromkeys(("hours_after", "window", "soreness", "worst_soreness"), SAME),
    "sore_muscles": COMMON,
    **dict.fromkeys(("interference", "bruising", "fatigue", "headache", "change"), SAME),
    "red_flags": COMMON,
    "comment": GONE,
    "source": SAME,
    "language": COMMON,
    "reported_by": SAME,
    **STAMPS,
}
_MEASUREMENTS: Final[Decided] = {
    **dict.fromkeys(("id", "patient_id", "episode_id", "session_id"), PSEUDONYM),
    "taken_at": SHIFTED,
    **_READING,
    **STAMPS,
}
_CONSENTS: Final[Decided] = {
    **dict.fromkeys(("id", "patient_id", "episode_id"), PSEUDONYM),
    **dict.fromkeys(("kind", "channel", "decision", "form"), SAME),
    "address": GONE,
    "risks_disclosed": COMMON,
    **dict.fromkeys(("patient_specific_risks", "alternatives_discussed"), GONE),
    **dict.fromkeys(("given_by", "obtained_by"), GONE),
    **dict.fromkeys(("obtained_at", "valid_until", "withdrawn_at"), SHIFTED),
    **STAMPS,
}
_SCREENINGS: Final[Decided] = {
    **dict.fromkeys(("id", "session_id", "patient_id"), PSEUDONYM),
    "rule_set": COMMON,
    "answers": _answers,
    "decision": SAME,
    "decided_by": GONE,
    "decided_at": SHIFTED,
    "override_reason": GONE,
    **STAMPS,
}
_ADVERSE_EVENTS: Final[Decided] = {
    **dict.fromkeys(("id", "patient_id", "session_id", "episode_id"), PSEUDONYM),
    "kind": COMMON,
    "close_call": SAME,
    "severity": COMMON,
    "expected": SAME,
    **dict.fromkeys(("causality", "muscle"), COMMON),
    "side": SAME,
    **dict.fromkeys(("occurred_at", "detected_at"), SHIFTED),
    **dict.fromkeys(("action", "outcome", "description"), GONE),
    **STAMPS,
}
_ASKS: Final[Decided] = {
    **dict.fromkeys(("id", "session_id", "patient_id", "answered_by"), PSEUDONYM),
    **dict.fromkeys(("due_at", "sent_at", "next_at"), GONE),
    **dict.fromkeys(("channel", "status", "reason", "next_kind"), SAME),
    "language": COMMON,
    **dict.fromkeys(("note", "attempts"), GONE),
    **STAMPS,
}
_NEEDLINGS: Final[Decided] = {
    "muscle": COMMON,
    "side": SAME,
    "spinal_level": COMMON,
    "needle": Spread(NeedleBody, {"diameter_mm": SAME, "length_mm": SAME, "lot": GONE}),
    **dict.fromkeys(("needles", "insertions", "depth_mm", "stimulation"), SAME),
    "electrical": Spread(
        ElectricalBody,
        {
            "hz": _inner(
                _electrical["hz"].as_float(),
                "Frequency of the current, in Hz.",
                name="electrical_hz",
            ),
            "ma": _inner(
                _electrical["ma"].as_float(),
                "Strength of the current, in mA.",
                name="electrical_ma",
            ),
        },
    ),
    **dict.fromkeys(("retention_s", "grasp", "twitches", "ache", "sharp", "sensations"), SAME),
    **dict.fromkeys(("release", "release_after_s", "familiar_pain"), SAME),
    "stopped_for": GONE,
}
_FINDINGS: Final[Decided] = {"sign": COMMON, "segment": COMMON, "side": SAME, "grade": SAME}

TABLES: Final[Mapping[str, Table]] = {
    "patients": Table("Patients.", _PATIENTS),
    "practitioners": Table("Practitioners.", _PRACTITIONERS),
    "episodes": Table("Episodes of care: one complaint of one patient per row.", _EPISODES),
    "sessions": Table(
        "Visits in their current version, one per row. Void sessions are listed, but don't count.",
        _SESSIONS,
    ),
    "alerts": Table("Alerts: what a person had to look at, one per row.", _ALERTS),
    "follow_ups": Table("Patients' reports after sessions, one per row.", _FOLLOW_UPS),
    "measurements": Table("Values measured outside sessions, one per row.", _MEASUREMENTS),
    "consents": Table(
        "Consents: the information that a patient received, and their decision.", _CONSENTS
    ),
    "screenings": Table(
        "Screenings: the answers to questions before a session, and the decision.", _SCREENINGS
    ),
    "adverse_events": Table("Adverse events and close calls.", _ADVERSE_EVENTS),
    "asks": Table("Asks: the question to a patient after a visit, one per row.", _ASKS),
}
"""By the noun of a kind."""
PARTS: Final[Mapping[str, Part]] = {
    "needlings": Part(
        "Needlings: one muscle on one side in one session per row. Void sessions are left out.",
        Needling,
        NeedlingBody,
        _NEEDLINGS,
    ),
    "findings": Part(
        "Segmental signs, one per row. Void sessions are left out.",
        Finding,
        FindingBody,
        _FINDINGS,
    ),
    "session-measurements": Part(
        "Values measured in sessions, one per row. Void sessions are left out.",
        SessionMeasurement,
        SessionMeasurementBody,
        _READING,
    ),
}
"""By the name in `Apart`."""
