"""The view of a session. Pure."""

from datetime import datetime
from typing import Literal, NotRequired
from uuid import UUID

from typing_extensions import TypeAliasType, TypedDict

from app.muscles.rules import SpinalLevel
from app.practitioners.views import CredentialView
from app.records.views import DuplicateView, IdentifierView, ReadingView, Side

Attendance = TypeAliasType("Attendance", Literal["attended", "cancelled", "no_show", "declined"])
"""Whether the patient came and was treated."""
Technique = TypeAliasType("Technique", Literal["gunn_ims", "trigger_point", "superficial", "other"])
"""The school of needling. Gunn IMS is one kind of dry needling, not all of it."""
Position = TypeAliasType("Position", Literal["prone", "supine", "side_lying", "seated", "other"])
"""How the patient lies or sits during the needling."""
SessionStatus = TypeAliasType("SessionStatus", Literal["draft", "signed", "void"])
"""A draft may change, a signed session only by amendment, a void one not at all."""
Stimulation = TypeAliasType("Stimulation", Literal["none", "manual", "electrical"])
"""What was done with the needle while it was in."""
Grasp = TypeAliasType("Grasp", Literal["none", "mild", "moderate", "strong"])
"""How firmly the muscle holds the needle, as the practitioner feels it."""
Release = TypeAliasType("Release", Literal["none", "partial", "complete"])
"""How far the muscle let go, as the patient feels it."""
FamiliarPain = TypeAliasType("FamiliarPain", Literal["yes", "partly", "no"])
"""Whether the needle brought up the pain that the patient knows."""
Sensation = TypeAliasType(
    "Sensation",
    Literal[
        "deep_ache",
        "pressure",
        "cramp",
        "twitch",
        "referred",
        "warmth",
        "sharp",
        "electric",
        "none",
    ],
)
"""What the patient says they feel at the needle; `none` stands alone."""
Sign = TypeAliasType(
    "Sign",
    Literal[
        "tenderness",
        "matchstick",
        "peau_dorange",
        "skin_rolling",
        "coldness",
        "sweating",
        "pilomotor",
        "hair_loss",
        "taut_band",
        "shortening",
    ],
)
"""A segmental sign in the sense of Gunn, which the practitioner examines."""
SessionPhase = TypeAliasType("SessionPhase", Literal["before", "after"])
"""Before or after the needles of the visit."""

Overridable = TypeAliasType(
    "Overridable",
    Literal[
        "needle_count_missing",
        "needles_unaccounted",
        "needles_not_inserted",
        "needles_not_opened",
        "needles_not_disposed",
        "deeper_than_needle",
        "released_after_retention",
        "level_not_of_muscle",
        "side_not_of_muscle",
        "consent_refused",
        "consent_withdrawn",
        "screening_of_concern",
    ],
)
"""A fault that a signer may override, because they know of it and have a reason."""


class NeedleView(TypedDict, closed=True):
    """The needle that was used, and its lot, for a recall."""

    diameter_mm: float | None
    length_mm: float | None
    lot: str | None


class ElectricalView(TypedDict, closed=True):
    """Electrical stimulation through the needles."""

    hz: float
    ma: float


class NeedlingView(TypedDict, closed=True):
    """One muscle, needled on one side: the dose, and what was felt and seen."""

    muscle: str
    side: Side
    spinal_level: SpinalLevel | None
    """Only for a paraspinal muscle."""
    needle: NeedleView
    needles: int
    insertions: int
    """At least as many as needles."""
    depth_mm: int | None
    """Deepest point reached, in millimetres."""
    stimulation: Stimulation | None
    electrical: ElectricalView | None
    retention_s: int | None
    grasp: Grasp | None
    """How firmly the muscle holds the needle, as the practitioner feels."""
    twitches: int | None
    """Local twitch responses; null if nobody looked."""
    ache: int | None
    """As the patient says, 0 to 10."""
    sharp: int | None
    """Sharp pain, as the patient says, 0 to 10."""
    sensations: list[Sensation]
    release: Release | None
    """Whether the muscle let go, as the patient feels."""
    release_after_s: int | None
    familiar_pain: FamiliarPain | None
    stopped_for: str | None


class FindingView(TypedDict, closed=True):
    """A segmental sign and its grade, 0 to 3; null if it was not examined."""

    sign: Sign
    segment: SpinalLevel
    side: Side
    grade: int | None


class SessionMeasurementView(ReadingView, closed=True):
    """A value measured in the session, before or after needling."""

    phase: SessionPhase


class NeedleCountView(TypedDict, closed=True):
    """The needle count. If `removed` differs from `inserted`, the reason is given."""

    opened: int
    inserted: int
    removed: int
    disposed: int
    mismatch_reason: str | None


class OverrideView(TypedDict, closed=True):
    """A fault that the signer overrode, and why."""

    pointer: str
    """JSON Pointer (RFC 6901) to the member of the session that has the fault."""
    code: Overridable
    reason: str
    """Why the signer overrode it, in words."""


class WarningView(TypedDict, closed=True):
    """A fault that nobody overrode: the session was imported, or is older than the rule."""

    pointer: str
    """JSON Pointer (RFC 6901) to the member of the session."""
    code: str
    """The code of the fault: see docs/problems.md."""


class _Session(TypedDict):
    id: UUID
    patient_id: UUID
    episode_id: UUID | None
    practitioner_id: UUID
    occurred_at: datetime
    duration_min: int | None
    attendance: Attendance
    technique: Technique | None
    """The school of needling; null only where nobody chose it yet."""
    position: Position | None
    setting: str | None
    measurements: list[SessionMeasurementView]
    findings: list[FindingView]
    needlings: list[NeedlingView]
    needle_count: NeedleCountView | None
    co_interventions: list[str]
    aftercare: list[str]
    note: str
    plan: str
    identifiers: list[IdentifierView]
    status: SessionStatus
    """A draft may change, a signed session only by amendment, a void one not at all."""
    alert: bool
    """Whether it was marked for a red flag before there were alerts. Read `/v1/alerts` instead."""
    credentials: list[CredentialView]
    """The practitioner's credentials, copied onto the session."""
    catalogue_version: str
    """The version of the muscle catalogue that was current when it was recorded."""
    recorded_at: datetime
    """When the session was recorded, which may be later than the visit."""
    signed_at: datetime | None
    """When it was signed; null for a draft."""
    signed_by: str | None
    """Who signed it; null for a draft."""
    amended_at: datetime | None
    """When it was last amended; null if it never was."""
    voided_at: datetime | None
    """When it was voided; null if it wasn't."""
    late_entry: bool
    """Whether it was recorded much later than the visit took place."""
    overrides: list[OverrideView]
    """The faults that the signer overrode, with the reasons."""
    warnings: list[WarningView]
    """The faults that an imported or older signed session has."""
    version: int
    created_at: datetime
    updated_at: datetime


class SessionView(_Session, closed=True):
    """One visit."""


class CreatedSessionView(_Session, closed=True):
    """A visit after it was added, and those that it resembles."""

    possible_duplicates: NotRequired[list[DuplicateView]]
    """Stored sessions of the same patient, practitioner and instant. Absent if there are none."""
