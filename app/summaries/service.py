"""Releasing a chart summary: check the consent, collect the content, print, record the release."""

import hashlib
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from app.core.db.database import Database
from app.core.operation import Operation
from app.ledger import service as ledger
from app.safety.views import ConsentView
from app.summaries import letters, printing, queries, refusals
from app.summaries.errors import ConsentMissing
from app.summaries.rules import release as rules
from app.summaries.rules.content import Chart, Release, content
from app.summaries.rules.places import places
from app.summaries.rules.words import local, printable
from app.summaries.schemas import ChartSummaryBody, LetterBody, ReleaseBody


class Summary(NamedTuple):
    """A chart as a PDF."""

    file: str
    """The name of its file, without what kind of document it is: whose it is, and the day."""
    pdf: bytes
    content_digest: str
    """SHA-256, in hex, of the canonical JSON of its content."""
    file_digest: bytes
    """SHA-256 of the PDF."""


def release(op: Operation, database: Database, patient_id: UUID, body: ReleaseBody) -> Summary:
    """Print a patient's chart, or a letter about it, and record the disclosure in the ledger.

    Raises what `printed` raises.
    """
    summary, consent = printed(op, database, patient_id, body)
    why = rules.reason(body.recipient.named(), body.purpose, consent, body.override_reason)
    digests = f"content sha256 {summary.content_digest}; file sha256 {summary.file_digest.hex()}"
    ledger.record_disclosure(op, patient_id, f"{why}; {digests}")
    return summary


def printed(
    op: Operation, database: Database, patient_id: UUID, body: ReleaseBody
) -> tuple[Summary, ConsentView | None]:
    """Print a patient's chart, or a letter about it; give also the consent to its release.

    The caller records the disclosure. Raises `PressMissing`, `NotFound`, `ConsentMissing`,
    `Invalid`, `ChartTooLong` or `Unprintable`.
    """
    printing.check_installed()
    with database.reading(op.clinic_id) as db:
        op.begin(db)
        chart, shown, consent = collected(op, patient_id, body)
    # Printing takes seconds, so no database connection is held during it.
    canonical = ledger.canonical(shown)
    digest = hashlib.sha256(canonical).hexdigest()
    template = "letter" if isinstance(body, LetterBody) else "chart"
    try:
        pdf = printing.pdf(canonical, digest, op.at, template)
    except printing.NoGlyph:
        with database.reading(op.clinic_id) as db:
            op.begin(db)
            elsewhere = list(queries.named_elsewhere(op, chart))
        refusals.refuse(places(body.model_dump(by_alias=True), chart, elsewhere, shown))
    file = rules.file_of(chart.patient["id"], op.at.astimezone(op.zone))
    return Summary(file, pdf, digest, hashlib.sha256(pdf).digest()), consent


def collected(
    op: Operation, patient_id: UUID, body: ReleaseBody
) -> tuple[Chart, dict[str, Any], ConsentView | None]:
    """Everything that a chart or a letter prints, with the chart it is from and the consent.

    Raises `NotFound`, `ConsentMissing`, `Invalid` or `ChartTooLong`.
    """
    patient = queries.patient(op, patient_id)
    consent = _consent(op, patient_id, body)
    chart = queries.chart(op, patient, body)
    return chart, _content(op, chart, body, consent), consent


def _consent(op: Operation, patient_id: UUID, body: ReleaseBody) -> ConsentView | None:
    """The consent to this release, if there is one. `ConsentMissing` where it needs one."""
    if body.recipient.kind == "patient":
        return None
    consent = rules.consent(queries.consents(op, patient_id), body.episode_id, op.at, op.zone)
    if consent is None and body.override_reason is None:
        raise ConsentMissing
    return consent


def _content(
    op: Operation, chart: Chart, body: ReleaseBody, consent: ConsentView | None
) -> dict[str, Any]:
    names = queries.names(op, chart)
    release = Release(
        uuid4(),
        local(op.at, op.zone),
        op.caller.actor,
        rules.Recipient(body.recipient.kind, printable(body.recipient.name)),
        printable(body.purpose),
        consent,
        printable(body.override_reason),
        local(body.begin, op.zone),
        local(body.end, op.zone),
        None if body.episode_id is None else names.episode(body.episode_id),
        body.detail if isinstance(body, ChartSummaryBody) else "condensed",
    )
    if isinstance(body, LetterBody):
        return letters.content(op, chart, release, body, queries.people(op, chart))
    return content(chart, release, names)
