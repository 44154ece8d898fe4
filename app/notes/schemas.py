"""The parameters of a note."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from app.records.schemas import Language


class NoteFilters(BaseModel):
    """How to write a note."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    language: Annotated[
        Language | None,
        Field(
            description="The language of the note as a BCP 47 tag: `en` or `fr`, or a form of it,"
            " such as `fr-CA`. It comes before `Accept-Language`."
        ),
    ] = None
    version: Annotated[
        int | None,
        Field(
            ge=1,
            le=2**31 - 1,
            description="The version of the session whose note it is; without it, the newest. The"
            " records beside the session are always those of today.",
        ),
    ] = None
