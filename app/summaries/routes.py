"""`/v1/patients/{patient_id}/chart-summaries`."""

from base64 import b64encode
from uuid import UUID

from app.core.access import Scope
from app.core.database import Database
from app.core.operation import Operation
from app.core.problems import NotFound
from app.core.routing import Answer, Routes
from app.summaries import service
from app.summaries.errors import ChartTooLong, ConsentMissing, PressMissing, Unprintable
from app.summaries.schemas import ChartSummaryBody

routes = Routes("/v1/patients/{patient_id}/chart-summaries", "chart summaries")


@routes.post(
    "",
    name="chart_summaries.create",
    scope=Scope.CHART_SUMMARIES_WRITE,
    view=bytes,
    media="application/pdf",
    # Nothing is stored but the account of it, as with every look at a patient's data.
    writes=False,
    prints=True,
    tells=("Chart-Digest", "Content-Digest", "Content-Disposition"),
    problems=(NotFound, ConsentMissing, ChartTooLong, Unprintable, PressMissing),
)
def create(op: Operation, database: Database, patient_id: UUID, body: ChartSummaryBody) -> Answer:
    """Release a patient's chart as a PDF (PDF/UA-1), to the patient or to somebody else.

    Somebody else needs the patient's consent to the use of data, or a reason that overrides it.
    To whom it goes and why is in the ledger before it is sent, and in the patient's disclosures.
    """
    summary = service.release(op, database, patient_id, body)
    told = {
        "Chart-Digest": summary.content_digest,
        "Content-Digest": f"sha-256=:{b64encode(summary.file_digest).decode()}:",
        "Content-Disposition": f'attachment; filename="chart-summary-{op.at:%Y-%m-%d}.pdf"',
    }
    return Answer(summary.pdf, headers=told)
