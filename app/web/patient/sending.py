"""What a request does with a link: store an answer, end it, or stop the messages."""

from collections.abc import Sequence
from functools import partial
from typing import Final
from uuid import UUID

from fastapi import Request

from app.alerts.views import RedFlag
from app.asks.service import links
from app.asks.service.states import LinkState
from app.core.operation import Operation
from app.followups.schemas import FollowUpBody
from app.web.patient.answers import AnswerBody
from app.web.patient.looking import Look, done

ANSWER: Final = "link.answer"
WARN: Final = "link.warn"
NOT_ME: Final = "link.not-me"
STOP: Final = "link.stop"


async def answered(request: Request, token: str, language: str | None, body: AnswerBody) -> Look:
    """Store an answer. The state is `answered` if it is stored, also if it was before."""
    return await done(request, token, language, partial(_answer, body, language), ANSWER)


async def warned(
    request: Request, token: str, language: str | None, red_flags: Sequence[RedFlag]
) -> Look:
    """Raise the alert about red flags of an answer that can't be stored as it is."""
    work = partial(links.warn, red_flags=red_flags)
    return await done(request, token, language, work, WARN)


async def ended(request: Request, token: str, language: str | None) -> Look:
    """End the links of an ask whose message reached somebody else."""
    return await done(request, token, language, links.say_not_me, NOT_ME)


async def stopped(request: Request, token: str, language: str | None) -> Look:
    """Stop the messages to the patient by the channel of the link."""
    return await done(request, token, language, links.stop, STOP)


def _answer(body: AnswerBody, language: str | None, op: Operation, link_id: UUID) -> LinkState:
    members = {
        **body.model_dump(exclude={"submission", "none_of_these"}),
        "reported_at": op.at.astimezone(op.zone).isoformat(),
        "source": "patient_link",
        "language": language,
    }
    report = FollowUpBody.model_validate(members)
    return links.answer(op, link_id, body.digest, report)
