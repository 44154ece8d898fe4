"""Whether a summary may be released. Pure."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID

from app.core.values.faults import RuleBroken
from app.safety.views import ConsentView

RecipientKind = Literal["patient", "physician", "insurer", "other"]


class Recipient(NamedTuple):
    """Who is to have a summary."""

    kind: RecipientKind
    name: str | None
    """None of the patient, whose name the record has."""


def check_name(kind: str, *, given: bool) -> None:
    """Everybody is named but the patient, whose name the record has."""
    if kind != "patient" and not given:
        raise RuleBroken("recipient_unnamed", "Say who is to have it.")
    if kind == "patient" and given:
        raise RuleBroken("patient_named", "The patient's name is in the record.")


def consent(
    consents: Iterable[ConsentView], episode_id: UUID | None, at: datetime
) -> ConsentView | None:
    """The consent to the use of data that holds at an instant; None where there is none.

    What the patient said last decides, of all that is about this chart or episode. A consent for
    one episode covers that one alone; a refusal for one stands against the whole chart, which
    that episode is a part of.
    """
    said = [each for each in consents if _is_about(each, episode_id) and _since(each) <= at]
    last = max(said, key=lambda each: (_since(each), each["decision"] != "given"), default=None)
    if last is None or last["decision"] != "given":
        return None
    # The last day is one where it was given.
    today = at.astimezone(last["obtained_at"].tzinfo).date()
    return last if last["valid_until"] is None or today <= last["valid_until"] else None


def _is_about(consent: ConsentView, episode_id: UUID | None) -> bool:
    if consent["kind"] != "data_use":
        return False
    if consent["episode_id"] is None or consent["episode_id"] == episode_id:
        return True
    return episode_id is None and consent["decision"] != "given"


def _since(consent: ConsentView) -> datetime:
    """From when a decision holds; a withdrawal that was announced holds at once."""
    since, withdrawn_at = consent["obtained_at"], consent["withdrawn_at"]
    if withdrawn_at is None:
        return since
    return max(since, min(withdrawn_at, consent["updated_at"]))


def reason(
    recipient: Recipient, purpose: str, consent: ConsentView | None, override: str | None
) -> str:
    """To whom and why, as the ledger says it; the patient is not named."""
    whom = f"{recipient.kind} {recipient.name or ''}".rstrip()
    told = [f"To {whom}", f"for: {purpose}"]
    if consent is not None:
        told.append(f"consent {consent['id']}")
    if override is not None:
        told.append(f"override: {override}")
    return "; ".join(told)
