"""Writes Parquet in row groups. Each group is sent as soon as it is full."""

import io
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import orjson

from app.core.http.streams import Pieces
from app.transfer.exports.columns import NESTED, Column, Type
from app.transfer.exports.datasets import Rows
from app.transfer.exports.errors import NoParquet

if TYPE_CHECKING:
    import pyarrow as pa

GROUP_ROWS: Final = 8_192
"""The number of rows in memory at once."""
# pyarrow is larger than all other dependencies, so it is imported only for Parquet.
_TYPES: Final[Mapping[Type, str]] = {
    Type.ID: "string",
    Type.TEXT: "string",
    Type.INTEGER: "int64",
    Type.NUMBER: "float64",
    Type.BOOLEAN: "bool_",
    Type.DATE: "date32",
    Type.JSON: "string",
}


def is_installed() -> bool:
    """Whether the extra `parquet` is installed."""
    return find_spec("pyarrow") is not None


def check_installed() -> None:
    """Raise `NoParquet` unless this server can write Parquet."""
    if not is_installed():
        raise NoParquet


def parquet(columns: Sequence[Column], rows: Rows, _zone: ZoneInfo) -> Pieces:
    """A Parquet file, piece by piece. Lists of objects become JSON text, other lists stay lists."""
    from pyarrow import parquet as writing  # noqa: PLC0415 - see above

    schema, sink = _schema(columns), _Sink()
    with writing.ParquetWriter(sink, schema, compression="zstd") as writer:
        for group in _groups(rows):
            writer.write_batch(_batch(columns, schema, group), row_group_size=GROUP_ROWS)
            yield sink.taken()
    yield sink.taken()


def _groups(rows: Rows) -> Iterator[list[Sequence[Any]]]:
    group: list[Sequence[Any]] = []
    for batch in rows:
        group.extend(batch)
        if len(group) >= GROUP_ROWS:
            yield group
            group = []
    if group:
        yield group


def _schema(columns: Sequence[Column]) -> "pa.Schema":
    import pyarrow as pa  # noqa: PLC0415 - see above

    made = {
        **{type_: getattr(pa, name)() for type_, name in _TYPES.items()},
        Type.INSTANT: pa.timestamp("us", tz="UTC"),
        Type.TEXTS: pa.list_(pa.string()),
        Type.NUMBERS: pa.list_(pa.float64()),
    }
    fields = [
        pa.field(c.name, made[c.type], not c.required, {"description": c.about}) for c in columns
    ]
    return pa.schema(fields)


def _batch(
    columns: Sequence[Column], schema: "pa.Schema", group: list[Sequence[Any]]
) -> "pa.RecordBatch":
    import pyarrow as pa  # noqa: PLC0415 - see above

    arrays = [
        pa.array(_cells(column, cells), field.type)
        for column, field, cells in zip(columns, schema, zip(*group, strict=True), strict=True)
    ]
    return pa.record_batch(arrays, schema=schema)


def _cells(column: Column, cells: Sequence[Any]) -> Sequence[Any]:
    if column.type not in NESTED or column.type is Type.JSON:
        return cells
    return [orjson.loads(cell) if isinstance(cell, str) else cell for cell in cells]


class _Sink(io.RawIOBase):
    """A buffer that the writer fills and the response empties; it can't seek."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: list[bytes] = []
        self._size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._pieces.append(bytes(data))
        self._size += len(data)
        return len(data)

    def tell(self) -> int:
        return self._size

    def taken(self) -> bytes:
        """Take all bytes written since the last call."""
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)
