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
    is_local: bool = False
    """Whether times are those of the clinic's clock; else they are in UTC."""

    def times(self, zone: ZoneInfo) -> str:
        """Return how times are written, for people who get a folder of such files."""
        if self.is_local:
            return LOCAL_TIMES.format(zone=zone.key)
        return UTC_TIMES


UTC_TIMES: Final = (
    "A time is in UTC. A second column has the offset of the person who entered it, in minutes\n"
    "  (`…_offset_min`)."
)
LOCAL_TIMES: Final = (
    "A time is on the clock of {zone}, without an offset, as Excel reads it. A second\n"
    "  column has the offset of that clock from UTC, in minutes (`…_offset_min`)."
)
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
EXCEL: Final = Format("csv", CSV_MEDIA, partial(texts.csv_text, excel=True), is_local=True)
