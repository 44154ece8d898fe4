"""Bodies and filters of sessions."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, ValidationInfo, field_validator
from typing_extensions import TypeAliasType, TypedDict

from app.core.values.faults import check_distinct
from app.core.values.wire import Body, Code, Line, Moment, Score, Text, example
from app.muscles import queries as muscles
from app.muscles.rules import SpinalLevel
from app.records.identifiers import IdentifierFilters
from app.records.readings import PRECISE, MuscleSlug, ReadingBody
from app.records.schemas import Identifiers, RecordBody
from app.records.views import Side
from app.sessions.rules import content as rules
from app.sessions.rules.signing import OVERRIDABLE
from app.sessions.views import (
    Attendance,
    FamiliarPain,
    Grasp,
    Overridable,
    Position,
    Release,
    Sensation,
    SessionPhase,
    SessionStatus,
    Sign,
    Stimulation,
    Technique,
)

NEEDLINGS_MAX = 60
LIST_MAX = 100

AmendmentKind = TypeAliasType("AmendmentKind", Literal["correction", "addendum"])

DepthMm = Annotated[int, Field(ge=1, le=150, description="Deepest point reached, in millimetres.")]
Seconds = Annotated[int, Field(ge=0, le=7_200)]
Needles = Annotated[int, Field(ge=0, le=1_000)]
Codes = Annotated[list[Code], Field(max_length=30)]


class NeedleBody(Body):
    """The needle that was used, and its lot, for a recall."""

    diameter_mm: Annotated[float, Field(ge=0.1, le=1), PRECISE] | None = None
    length_mm: Annotated[float, Field(ge=5, le=150), PRECISE] | None = None
    lot: Line | None = None


class ElectricalBody(Body):
    """Electrical stimulation through the needles."""

    hz: Annotated[float, Field(gt=0, le=250), PRECISE]
    ma: Annotated[float, Field(gt=0, le=100), PRECISE]


class NeedlingBody(Body):
    """One muscle, needled on one side: the dose, and what was felt and seen."""

    muscle: MuscleSlug
    side: Side
    spinal_level: Annotated[
        SpinalLevel | None,
        Field(
            validate_default=True,
            description="Required for a paraspinal muscle, forbidden for others.",
        ),
    ] = None
    needle: Annotated[NeedleBody, Field(default_factory=NeedleBody)]
    needles: Annotated[int, Field(ge=1, le=50)] = 1
    insertions: Annotated[
        int, Field(ge=1, le=500, validate_default=True, description="At least as many as needles.")
    ] = 1
    depth_mm: DepthMm | None = None
    stimulation: Stimulation | None = None
    electrical: Annotated[ElectricalBody | None, Field(validate_default=True)] = None
    retention_s: Seconds | None = None
    grasp: Annotated[
        Grasp | None,
        Field(description="How firmly the muscle holds the needle, as the practitioner feels."),
    ] = None
    twitches: Annotated[
        int | None,
        Field(ge=0, le=200, description="Local twitch responses; null if nobody looked."),
    ] = None
    ache: Annotated[Score | None, Field(description="As the patient says, 0 to 10.")] = None
    sharp: Annotated[
        Score | None, Field(description="Sharp pain, as the patient says, 0 to 10.")
    ] = None
    sensations: Annotated[list[Sensation], Field(max_length=9)] = []
    release: Annotated[
        Release | None, Field(description="Whether the muscle let go, as the patient feels.")
    ] = None
    release_after_s: Seconds | None = None
    familiar_pain: FamiliarPain | None = None
    stopped_for: Line | None = None

    @field_validator("spinal_level")
    @classmethod
    def _level(cls, level: str | None, info: ValidationInfo) -> str | None:
        muscle = muscles.find(info.data.get("muscle", ""))
        if muscle is not None:
            rules.check_spinal_level(level, paraspinal=muscle.paraspinal)
        return level

    @field_validator("insertions")
    @classmethod
    def _inserted(cls, insertions: int, info: ValidationInfo) -> int:
        rules.check_insertions(insertions, info.data.get("needles", 1))
        return insertions

    @field_validator("electrical")
    @classmethod
    def _current(cls, electrical: ElectricalBody | None, info: ValidationInfo) -> Any:
        if "stimulation" in info.data:
            rules.check_electrical(info.data["stimulation"], given=electrical is not None)
        return electrical

    @field_validator("sensations")
    @classmethod
    def _felt(cls, sensations: list[Sensation]) -> list[Sensation]:
        rules.check_sensations(sensations)
        return sensations

    @field_validator("release_after_s")
    @classmethod
    def _released(cls, after_s: int | None, info: ValidationInfo) -> int | None:
        if "release" in info.data:
            rules.check_release_time(info.data["release"], after_s)
        return after_s


class FindingBody(Body):
    """A segmental sign and its grade, 0 to 3; null if it was not examined."""

    sign: Sign
    segment: SpinalLevel
    side: Side
    grade: Annotated[int | None, Field(ge=0, le=3)] = None


class SessionMeasurementBody(ReadingBody):
    """A value measured in the session, before or after needling."""

    phase: SessionPhase


class NeedleCountBody(Body):
    """The needle count. To sign, `removed` equals `inserted`, or a reason is given."""

    opened: Needles
    inserted: Needles
    removed: Needles
    disposed: Needles
    mismatch_reason: Line | None = None


class SessionBody(RecordBody):
    """A session as a client sends it. It becomes a draft."""

    model_config = example(
        patient_id="019a0000-0000-7000-8000-000000000001",
        practitioner_id="019a0000-0000-7000-8000-000000000002",
        occurred_at="2026-11-20T10:00:00-08:00",
        duration_min=45,
        attendance="attended",
        technique="gunn_ims",
        position="prone",
        measurements=[
            {"phase": "before", "instrument": "nprs", "value": 7},
            {
                "phase": "before",
                "instrument": "psfs",
                "activity": "overhead reach",
                "value": 3,
            },
        ],
        findings=[{"sign": "taut_band", "segment": "C5", "side": "left", "grade": 2}],
        needlings=[
            {
                "muscle": "infraspinatus",
                "side": "left",
                "needle": {"diameter_mm": 0.3, "length_mm": 40, "lot": "L2604"},
                "needles": 1,
                "insertions": 4,
                "depth_mm": 25,
                "stimulation": "manual",
                "grasp": "strong",
                "twitches": 3,
                "ache": 6,
                "sharp": 0,
                "sensations": ["deep_ache", "cramp"],
                "release": "complete",
                "release_after_s": 40,
                "familiar_pain": "yes",
            }
        ],
        needle_count={"opened": 1, "inserted": 1, "removed": 1, "disposed": 1},
        co_interventions=["stretching"],
        aftercare=["soreness_explained"],
        identifiers=[{"system": "https://example.org/appointments", "value": "88121"}],
    )

    patient_id: UUID
    episode_id: UUID | None = None
    practitioner_id: UUID
    occurred_at: Moment
    duration_min: Annotated[int | None, Field(ge=1, le=480)] = None
    attendance: Attendance = "attended"
    technique: Annotated[Technique | None, Field(description="Required for signing.")] = None
    position: Position | None = None
    setting: Line | None = None
    measurements: Annotated[list[SessionMeasurementBody], Field(max_length=LIST_MAX)] = []
    findings: Annotated[list[FindingBody], Field(max_length=LIST_MAX)] = []
    needlings: Annotated[list[NeedlingBody], Field(max_length=NEEDLINGS_MAX)] = []
    needle_count: NeedleCountBody | None = None
    co_interventions: Codes = []
    aftercare: Codes = []
    note: Text = ""
    plan: Text = ""
    identifiers: Identifiers = []

    @field_validator("findings")
    @classmethod
    def _once(cls, findings: list[FindingBody]) -> list[FindingBody]:
        check_distinct([(f.sign, f.segment, f.side) for f in findings])
        return findings

    @field_validator("needlings", "needle_count")
    @classmethod
    def _visited(cls, given: Any, info: ValidationInfo) -> Any:
        if "attendance" in info.data:
            rules.check_visited(info.data["attendance"], needled=bool(given))
        return given


class OverrideBody(Body):
    """A fault that the signer overrides, and why."""

    code: Overridable
    reason: Annotated[Text, Field(min_length=1)]


def _each_once(overrides: list[OverrideBody]) -> list[OverrideBody]:
    check_distinct([override.code for override in overrides])
    return overrides


Overrides = Annotated[
    list[OverrideBody], Field(max_length=len(OVERRIDABLE)), AfterValidator(_each_once)
]


class FinishedSessionBody(SessionBody):
    """A session in an import: a draft, or one that was signed or voided in another system."""

    status: SessionStatus = "draft"
    signed_at: Annotated[Moment | None, Field(validate_default=True)] = None
    signed_by: Annotated[Line | None, Field(validate_default=True)] = None
    voided_at: Annotated[Moment | None, Field(validate_default=True)] = None
    overrides: Overrides = []

    @field_validator("signed_at", "signed_by")
    @classmethod
    def _signed(cls, given: Any, info: ValidationInfo) -> Any:
        if "status" in info.data:
            rules.check_signed(info.data["status"], given=given is not None)
        return given

    @field_validator("voided_at")
    @classmethod
    def _voided(cls, voided_at: datetime | None, info: ValidationInfo) -> datetime | None:
        if "status" in info.data:
            rules.check_voided(info.data["status"], given=voided_at is not None)
        # The server's own timestamps are stored without an offset.
        return voided_at and voided_at.astimezone(UTC)

    @field_validator("signed_at")
    @classmethod
    def _signed_after(cls, signed_at: datetime | None, info: ValidationInfo) -> datetime | None:
        if signed_at is not None and {"occurred_at", "attendance"} <= info.data.keys():
            occurred_at, attendance = info.data["occurred_at"], info.data["attendance"]
            rules.check_signed_after(signed_at, occurred_at, attendance)
        return signed_at


class SignBody(Body):
    """The faults that the signer overrides. All but those of time and technique can be."""

    model_config = example(
        overrides=[{"code": "deeper_than_needle", "reason": "The skin was compressed."}]
    )

    overrides: Overrides = []


class AmendBody(Body):
    """The correction of a signed session, or an addition to it."""

    model_config = example(
        reason="The depth was read from the wrong line.",
        kind="correction",
        changes={"note": "Depth as on paper."},
    )

    reason: Annotated[Text, Field(min_length=1)]
    kind: AmendmentKind
    changes: Annotated[dict[str, Any], Field(description="A JSON Merge Patch (RFC 7396).")]
    overrides: Overrides = []


class VoidBody(Body):
    """The reason why a session is void."""

    model_config = example(reason="It was logged for the wrong patient.")

    reason: Annotated[Text, Field(min_length=1)]


class VersionView(TypedDict, closed=True):
    """One version of a session: the operation, who did it, when, why, and the result."""

    number: int
    at: datetime
    operation: str
    resource: str
    resource_id: UUID
    patient_id: UUID | None
    version: int
    actor: str
    reason: str | None
    body: dict[str, Any] | None


class SessionFilters(IdentifierFilters):
    """The filters of the list of sessions, which begins with the newest."""

    patient_id: UUID | None = None
    episode_id: UUID | None = None
    practitioner_id: UUID | None = None
    muscle: MuscleSlug | None = None
    status: SessionStatus | None = None
    occurred_from: Annotated[Moment | None, Field(description="Visits at or after this.")] = None
    occurred_to: Annotated[Moment | None, Field(description="Visits at or before this.")] = None
    updated_from: Annotated[Moment | None, Field(description="Changed at or after this.")] = None
