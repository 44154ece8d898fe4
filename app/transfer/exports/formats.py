"""The formats of an export."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from app.core.http.streams import Pieces
from app.transfer.exports import texts
from app.transfer.exports.columns import Column
from app.transfer.exports.datasets import Rows
from app.transfer.exports.parquet import parquet
from app.transfer.rows import NDJSON

Writer = Callable[[Sequence[Column], Rows, ZoneInfo], Pieces]


class Format(NamedTuple):
    """A file format for datasets."""

    name: str
    """The extension of its files."""
    media: str
    write: Writer


PARQUET: Final = "parquet"
CSV_MEDIA: Final = "text/csv; charset=utf-8"
FORMATS: Final[Mapping[str, Format]] = {
    each.name: each
    for each in (
        Format("ndjson", NDJSON, texts.ndjson),
        Format("csv", CSV_MEDIA, texts.csv_text),
        Format(PARQUET, "application/vnd.apache.parquet", parquet),
    )
}
EXCEL: Final = Format("csv", CSV_MEDIA, partial(texts.csv_text, excel=True))
