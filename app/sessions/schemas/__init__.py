"""Bodies and filters of sessions."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, ValidationInfo, field_validator
from typing_extensions import TypeAliasType, TypedDict

from app.core.http.patches import patch_of
from app.core.values.faults import check_distinct
from app.core.values.wire import (
    LINE_MAX,
    Body,
    Line,
    Moment,
    Statement,
    Text,
    example,
)
from app.records.identifiers import IdentifierFilters
from app.records.readings import MuscleSlug, ReadingBody
from app.records.schemas import Identifiers, RecordBody
from app.sessions.rules import content as rules
from app.sessions.schemas.needlings import FindingBody, NeedlingBody
from app.sessions.views import (
    Attendance,
    Overridable,
    Position,
    SessionPhase,
    SessionStatus,
    Technique,
)
from app.vocabularies.schemas import AftercareWord, CoInterventionWord

NEEDLINGS_MAX = 60
LIST_MAX = 100

AmendmentKind = TypeAliasType("AmendmentKind", Literal["correction", "addendum"])
"""Whether an amendment corrects what was wrong or adds what was missing."""

Needles = Annotated[int, Field(ge=0, le=1_000)]
CODES_MAX = 30


class SessionMeasurementBody(ReadingBody):
    """A value measured in the session, before or after needling."""

    phase: SessionPhase
    """Whether it was measured before or after the needles. Progress uses only `before`."""


class NeedleCountBody(Body):
    """The needle count. To sign, `removed` equals `inserted`, or a reason is given."""

    opened: Needles
    """Needles taken out of their packages."""
    inserted: Needles
    """Needles put into the patient."""
    removed: Needles
    """Needles taken out of the patient again."""
    disposed: Needles
    """Needles thrown away safely."""
    mismatch_reason: Line | None = None
    """Why the numbers differ; null if they agree."""


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
    """The patient who comes."""
    episode_id: UUID | None = None
    """The episode that the visit belongs to; null if it belongs to none."""
    practitioner_id: UUID
    """The practitioner who treats, and whose credentials the session copies."""
    occurred_at: Moment
    """When the visit took place, or was to take place."""
    duration_min: Annotated[int | None, Field(ge=1, le=480)] = None
    """The length of the visit in minutes; null if nobody noted it."""
    attendance: Attendance = "attended"
    """Whether the patient came and was treated. Only an attended visit has needlings."""
    technique: Annotated[Technique | None, Field(description="Required for signing.")] = None
    position: Position | None = None
    """How the patient lay or sat; null if nobody noted it."""
    setting: Line | None = None
    """Where it took place, in words."""
    measurements: Annotated[list[SessionMeasurementBody], Field(max_length=LIST_MAX)] = []
    """Values measured in the visit, before or after the needles."""
    findings: Annotated[list[FindingBody], Field(max_length=LIST_MAX)] = []
    """Segmental signs that were examined. Each sign stands once per segment and side."""
    needlings: Annotated[list[NeedlingBody], Field(max_length=NEEDLINGS_MAX)] = []
    """The muscles that were needled."""
    needle_count: NeedleCountBody | None = None
    """Needles counted in and out; null if nobody counted."""
    co_interventions: Annotated[list[CoInterventionWord], Field(max_length=CODES_MAX)] = []
    """What else was done: codes, names or synonyms of `/v1/co-interventions`."""
    aftercare: Annotated[list[AftercareWord], Field(max_length=CODES_MAX)] = []
    """What was done or said for the hours afterwards: codes, names or synonyms of
    `/v1/aftercare`."""
    note: Text = ""
    """The practitioner's free text. Empty if there is none."""
    plan: Text = ""
    """What the practitioner plans next, in free text."""
    identifiers: Identifiers = []
    """What other systems call the visit, such as the number of its appointment."""

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

    pointer: Annotated[str | None, Field(max_length=LINE_MAX)] = None
    """The member of the session that has the fault; null for every member that has it."""
    code: Overridable
    """The fault that is overridden."""
    reason: Statement
    """Why, in words. It is printed with the session."""


def _each_once(overrides: list[OverrideBody]) -> list[OverrideBody]:
    check_distinct([(override.code, override.pointer) for override in overrides])
    return overrides


OVERRIDES_MAX: Final = 6 * NEEDLINGS_MAX
"""One for each fault of each needling."""
Overrides = Annotated[
    list[OverrideBody], Field(max_length=OVERRIDES_MAX), AfterValidator(_each_once)
]


class FinishedSessionBody(SessionBody):
    """A session in an import: a draft, or one that was signed or voided in another system."""

    status: SessionStatus = "draft"
    """How far the session had come in the other system."""
    signed_at: Annotated[Moment | None, Field(validate_default=True)] = None
    """When it was signed there; null for a draft."""
    signed_by: Annotated[Line | None, Field(validate_default=True)] = None
    """Who signed it there, by name."""
    voided_at: Annotated[Moment | None, Field(validate_default=True)] = None
    """When it was voided there; null unless it is void."""
    overrides: Overrides = []
    """The faults that the signer overrode there, with the reasons."""

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

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"overrides": []},
                {
                    "overrides": [
                        {"code": "deeper_than_needle", "reason": "The skin was compressed."}
                    ]
                },
            ]
        }
    )

    overrides: Overrides = []
    """The faults that the signer knows of and signs in spite of. Each must be there."""


class AmendBody(Body):
    """The correction of a signed session, or an addition to it."""

    model_config = example(
        reason="The depth was read from the wrong line.",
        kind="correction",
        changes={"note": "Depth as on paper."},
    )

    reason: Statement
    """Why it is amended. Every later reader sees it."""
    kind: AmendmentKind
    """`correction` for what was wrong, `addendum` for what was missing."""
    changes: patch_of(SessionBody)  # type: ignore[valid-type]
    """The members that change, as a JSON Merge Patch (RFC 7396)."""
    overrides: Overrides = []
    """The faults that the signer overrides, besides those overridden before. Each must be there."""


class VoidBody(Body):
    """The reason why a session is void."""

    model_config = example(reason="It was logged for the wrong patient.")

    reason: Statement
    """Why it is void. The session stays readable with it."""


class VersionView(TypedDict, closed=True):
    """One version of a session: the operation, who did it, when, why, and the result."""

    number: int
    """The number of the ledger entry, which rises with every change in the clinic."""
    at: datetime
    """When the change was made."""
    operation: str
    """The operation that made it, such as `sessions.sign`."""
    resource: str
    """The kind of record, here `sessions`."""
    resource_id: UUID
    """The id of the session."""
    patient_id: UUID | None
    version: int
    """The number of this version; the first is 1."""
    actor: str
    """Who did it: `client:<id>` or `cli:<name>`."""
    reason: str | None
    """The reason that was given; null where none was."""
    body: dict[str, Any] | None
    """The session as it was after the change; null if the ledger doesn't hold it."""


class SessionFilters(IdentifierFilters):
    """The filters of the list of sessions, which begins with the newest."""

    patient_id: UUID | None = None
    """Only sessions of this patient."""
    episode_id: UUID | None = None
    """Only sessions of this episode."""
    practitioner_id: UUID | None = None
    """Only sessions of this practitioner."""
    muscle: MuscleSlug | None = None
    """Only sessions in which this muscle was needled, by its slug."""
    status: SessionStatus | None = None
    """Only sessions in this state."""
    occurred_from: Annotated[Moment | None, Field(description="Visits at or after this.")] = None
    occurred_to: Annotated[Moment | None, Field(description="Visits at or before this.")] = None
    updated_from: Annotated[Moment | None, Field(description="Changed at or after this.")] = None
