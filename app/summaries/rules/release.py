"""Whether a summary may be released. Pure."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final, Literal, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from typing_extensions import TypeAliasType

from app.core.values.clock import clinic_day
from app.core.values.faults import RuleBroken
from app.safety.views import ConsentView

RecipientKind = TypeAliasType("RecipientKind", Literal["patient", "physician", "insurer", "other"])
"""Who gets a chart summary."""


ID_END: Final = 8
"""The last letters of an id are random, so they tell it."""


class Recipient(NamedTuple):
    """The recipient of a summary."""

    kind: RecipientKind
    name: str | None
    """None if it is the patient, whose name is in the record."""


def file_of(patient_id: UUID, at: datetime) -> str:
    """Whose document it is and of which day, for the name of a file.

    The patient is told by the end of their record's id. A name or a chart number would stand in a
    header, which proxies log.
    """
    return f"{str(patient_id)[-ID_END:]}-{at:%Y-%m-%d}"


def check_name(kind: str, *, given: bool) -> None:
    """Require a name unless the recipient is the patient, whose name is in the record.

    Raises `RuleBroken`.
    """
    if kind != "patient" and not given:
        raise RuleBroken("recipient_unnamed", "Name the recipient.")
    if kind == "patient" and given:
        raise RuleBroken("patient_named", "Leave the name out: the record has the patient's name.")


def consent(
    consents: Iterable[ConsentView], episode_id: UUID | None, at: datetime, zone: ZoneInfo
) -> ConsentView | None:
    """The consent to the use of data that is valid at an instant; None where there is none.

    The patient's latest decision about this chart or episode counts. A consent for one episode
    covers only that episode. A refusal for one episode also blocks the whole chart, because the
    episode is part of it.
    """
    decisions = [each for each in consents if _is_about(each, episode_id) and _since(each) <= at]
    # Of two decisions at one time, the refusal counts.
    last = max(
        decisions, key=lambda each: (_since(each), each["decision"] != "given"), default=None
    )
    if last is None or last["decision"] != "given":
        return None
    today = clinic_day(at, zone)
    return last if last["valid_until"] is None or today <= last["valid_until"] else None


def _is_about(consent: ConsentView, episode_id: UUID | None) -> bool:
    if consent["kind"] != "data_use":
        return False
    if consent["episode_id"] is None or consent["episode_id"] == episode_id:
        return True
    return episode_id is None and consent["decision"] != "given"


def _since(consent: ConsentView) -> datetime:
    """The time from which a decision counts. A withdrawal for a later time counts at once."""
    since, withdrawn_at = consent["obtained_at"], consent["withdrawn_at"]
    if withdrawn_at is None:
        return since
    return max(since, min(withdrawn_at, consent["updated_at"]))


def reason(
    recipient: Recipient, purpose: str, consent: ConsentView | None, override: str | None
) -> str:
    """The recipient and the reason, as the ledger keeps them. The patient is not named."""
    whom = f"{recipient.kind} {recipient.name or ''}".rstrip()
    parts = [f"To {whom}", f"for: {purpose}"]
    if consent is not None:
        parts.append(f"consent {consent['id']}")
    if override is not None:
        parts.append(f"override: {override}")
    return "; ".join(parts)
