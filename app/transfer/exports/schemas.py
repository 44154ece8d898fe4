"""How an export is asked for."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Deidentified = Annotated[
    bool,
    Field(
        description="For research: pseudonyms for ids, times moved, no names and no free text, and"
        " nothing that fewer than 5 patients share."
    ),
]


class ExportFilters(BaseModel):
    """How to write a dataset."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    excel: Annotated[
        bool,
        Field(description="CSV: with a byte order mark, and times as Excel reads them (in UTC)."),
    ] = False
    deidentified: Deidentified = False


class PackageFilters(BaseModel):
    """Which files to describe."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Annotated[
        Literal["ndjson", "csv", "parquet"], Field(description="Of the files described.")
    ] = "csv"
    deidentified: Deidentified = False
