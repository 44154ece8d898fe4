"""The parameters of a note."""

from pydantic import BaseModel, ConfigDict

from app.records.schemas import Language


class NoteFilters(BaseModel):
    """How to write a note."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    language: Language | None = None
    """The language, before `Accept-Language`. `en` and `fr` exist, and their regional forms."""
