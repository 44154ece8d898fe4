"""`/v1/patients/{patient_id}/chart-summaries` and `…/letters`."""

from base64 import b64encode
from functools import partial
from typing import Annotated, Final
from uuid import UUID

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Depends
from starlette.responses import Response

from app.core.db.database import PRINTS, Database
from app.core.http.authorize import Authorize
from app.core.http.contract import documented
from app.core.http.routing import Route, TheDatabase
from app.core.operation import Operation
from app.core.values.access import Scope
from app.core.values.problems import NotFound
from app.summaries import service
from app.summaries.errors import ChartTooLong, ConsentMissing, PressMissing, Unprintable
from app.summaries.schemas import ChartSummaryBody, LetterBody, ReleaseBody
from app.summaries.service import Summary

router = APIRouter(
    prefix="/v1/patients/{patient_id:uuid}",
    tags=["chart summaries"],
    route_class=Route,
)
Releasing = Annotated[Operation, Depends(Authorize(Scope.CHART_SUMMARIES_WRITE))]
# Printing may take longer than a request may, so it has separate threads.
in_print_thread: Final = partial(
    to_thread.run_sync, abandon_on_cancel=True, limiter=CapacityLimiter(PRINTS)
)


RELEASED: Final = documented(
    NotFound,
    ConsentMissing,
    ChartTooLong,
    Unprintable,
    PressMissing,
    headers=("Chart-Digest", "Content-Digest", "Content-Disposition"),
)
"""What the document says of the answers to every release."""


class Pdf(Response):
    """A PDF file."""

    media_type = "application/pdf"


@router.post(
    "/chart-summaries",
    operation_id="chart_summaries.create",
    response_class=Pdf,
    responses=RELEASED,
)
async def create(
    op: Releasing, database: TheDatabase, patient_id: UUID, body: ChartSummaryBody
) -> Pdf:
    """Release a patient's chart as a PDF (PDF/UA-1), to the patient or to another recipient.

    Another recipient needs the patient's consent to the use of data, or an override reason. The
    ledger has the recipient and the reason before the PDF is sent, and so have the patient's
    disclosures.
    """
    return await _released(op, database, patient_id, body, "chart-summary")


@router.post(
    "/letters",
    operation_id="letters.create",
    response_class=Pdf,
    responses=RELEASED,
)
async def create_letter(
    op: Releasing, database: TheDatabase, patient_id: UUID, body: LetterBody
) -> Pdf:
    """Release a letter of one page about a patient as a PDF (PDF/UA-1).

    It has the clinic's letterhead, the complaint, red flags, open alerts, visits, muscles, measures
    with their change and n, adverse events and the plan. What doesn't fit is shortened, and it says
    so; red flags never are.
    Consent and ledger are as for a chart summary.
    """
    return await _released(op, database, patient_id, body, "letter")


async def _released(
    op: Operation, database: Database, patient_id: UUID, body: ReleaseBody, name: str
) -> Pdf:
    work = partial(service.release, op, database, patient_id, body)
    return pdf_answer(await in_print_thread(work), name)


def pdf_answer(summary: Summary, name: str) -> Pdf:
    """The answer with a PDF. Its file has this name, the end of the record's id and the day."""
    headers = {
        "Chart-Digest": summary.content_digest,
        "Content-Digest": f"sha-256=:{b64encode(summary.file_digest).decode()}:",
        "Content-Disposition": f'attachment; filename="{name}-{summary.file}.pdf"',
    }
    return Pdf(summary.pdf, headers=headers)
