"""Query parameters of exports."""

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypeAliasType

from app.transfer.exports.formats import FORMATS

if TYPE_CHECKING:  # mypy can't check types that are built from a list
    ExportFormat = str
else:
    ExportFormat = TypeAliasType("ExportFormat", Literal[tuple(FORMATS)])
    """The format of an exported file."""

Deidentified = Annotated[
    bool,
    Field(
        description="For research: ids become pseudonyms, times are shifted, names and free text"
        " are left out, and values that fewer than 5 patients share are hidden."
    ),
]


class ExportFilters(BaseModel):
    """Options of an exported dataset."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    excel: Annotated[
        bool,
        Field(
            description="For CSV: a byte order mark, and times in the clinic's time zone in a form"
            " that Excel reads."
        ),
    ] = False
    deidentified: Deidentified = False


class PackageFilters(BaseModel):
    """The files that the package describes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Annotated[ExportFormat, Field(description="The format of the described files.")] = "csv"
    deidentified: Deidentified = False
