"""The view of a clinic's own row of a vocabulary. Pure."""

from datetime import datetime
from uuid import UUID

from typing_extensions import TypedDict

from app.vocabularies.rules import ScreeningAnswer, Severity, TermStatus, VocabularyName


class TermView(TypedDict, closed=True):
    """A row that the clinic added to a vocabulary."""

    id: UUID
    vocabulary: VocabularyName
    code: str
    name: str
    synonyms: list[str]
    parent: str | None
    severity: Severity | None
    attribution_days: int | None
    concern: list[ScreeningAnswer] | None
    note: str | None
    source: str
    status: TermStatus
    version: int
    created_at: datetime
    updated_at: datetime
