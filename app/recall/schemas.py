"""Views of a recall."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field
from typing_extensions import TypedDict

from app.core.values.text import check_not_blank
from app.patients.views import PatientView
from app.sessions.views import SessionStatus


def _seen(lot: str) -> str:
    check_not_blank(lot)
    return lot


Lot = Annotated[str, Field(min_length=1), AfterValidator(_seen)]
"""A lot as somebody asks for it. A blank one would find nobody, which looks like an all-clear."""


class LotUseView(TypedDict, closed=True):
    """A session in which needles of the lot were used."""

    session_id: UUID
    """The session in which the needles were used."""
    occurred_at: datetime
    """When the visit took place."""
    practitioner_id: UUID
    """The practitioner who needled."""
    status: Annotated[
        SessionStatus, Field(description="Void sessions count too: the needles were used.")
    ]
    lots: Annotated[list[str], Field(description="The lot as it was written in the needlings.")]
    muscles: Annotated[list[str], Field(description="The muscles needled with the lot.")]
    needles: int
    """How many needles of the lot were used there."""


class LotPatientView(TypedDict, closed=True):
    """A patient who was needled with the lot, and the sessions, earliest first."""

    patient: PatientView
    """Whom to call, with phone and email."""
    sessions: list[LotUseView]
    """The visits with needles of the lot, earliest first."""


class LotPatientPage(TypedDict, closed=True):
    """A page of the patients of a lot."""

    items: list[LotPatientView]
    """The patients who were needled with the lot."""
    spellings: Annotated[
        list[str], Field(description="The spellings of the lot that were counted, as written.")
    ]
    others: Annotated[
        list[str],
        Field(
            description="If nobody was found: lots in use that resemble it by a typing error or as"
            " a part; if none does, any lots in use. At most 50."
        ),
    ]
    next: str | None
    """The absolute URL of the next page; null at the end of the list."""
    next_cursor: str | None
    """The cursor of the next page; null at the end of the list."""
