"""Exported tables as pandas, Polars and DuckDB read them."""

import csv
import io
import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import duckdb
import pandas as pd
import polars as pl

Row = dict[str, Any]


def keyed(rows: Sequence[Row], *names: str) -> dict[tuple[Any, ...], list[Row]]:
    """Rows, indexed by their values in some columns."""
    found: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        found.setdefault(tuple(row[name] for name in names), []).append(row)
    return found


READ: Final[Mapping[str, Callable[[str], Any]]] = {
    "string": lambda text: text.removeprefix("'"),
    "integer": int,
    "number": float,
    "boolean": {"true": True, "false": False}.__getitem__,
    "array": json.loads,
}


def cells(content: bytes, schema: Row) -> list[Row]:
    """The rows of a CSV file, read by its schema.

    An empty text and null are the same in CSV: in a required column, the cell is an empty text.
    """
    fields = {field["name"]: field for field in schema["fields"]}
    found = []
    for row in csv.DictReader(io.StringIO(content.decode(), newline="")):
        assert list(row) == list(fields)
        found.append({name: _cell(text, fields[name]) for name, text in row.items()})
    return found


def _cell(text: str, field: Row) -> Any:
    if not text:
        return "" if field.get("constraints", {}).get("required") else None
    return READ.get(field["type"], str)(text)


PANDAS: Final = {"integer": "Int64", "number": "Float64", "boolean": "boolean"}
DUCKDB: Final = {
    "integer": "BIGINT",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "datetime": "TIMESTAMPTZ",
    "array": "JSON",
}
POLARS: Final[Mapping[str, Any]] = {
    "integer": pl.Int64,
    "number": pl.Float64,
    "boolean": pl.Boolean,
}
NATIVE: Final = {"datetime", "date", "array"}


def read_by_pandas(content: bytes, form: str, schema: Row) -> list[Row]:
    """The rows that pandas reads, with the types of the schema."""
    kinds = {f["name"]: f["type"] for f in schema["fields"]}
    given = {name: PANDAS.get(kind, "string") for name, kind in kinds.items()}
    if form == "parquet":
        frame = pd.read_parquet(io.BytesIO(content), dtype_backend="numpy_nullable")
    elif form == "csv":
        frame = pd.read_csv(io.BytesIO(content), dtype=given, keep_default_na=False, na_values=[""])
    else:
        known = {name: kind for name, kind in given.items() if kinds[name] in PANDAS}
        frame = pd.read_json(
            io.BytesIO(content), lines=True, dtype=False, precise_float=True
        ).astype(known)
    for name, kind in kinds.items():
        if kind == "datetime":
            frame[name] = pd.to_datetime(frame[name], utc=True, format="ISO8601")
        if kind in PANDAS and len(frame):
            assert str(frame[name].dtype) == PANDAS[kind], name
    return [_plain(row, schema, form) for row in frame.astype(object).to_dict("records")]


def read_by_polars(content: bytes, form: str, schema: Row) -> list[Row]:
    """The rows that Polars reads, with the types of the schema."""
    kinds = {f["name"]: f["type"] for f in schema["fields"]}
    given = {name: POLARS.get(kind, pl.String) for name, kind in kinds.items()}
    if form == "parquet":
        return [
            _plain(row, schema, form) for row in pl.read_parquet(io.BytesIO(content)).to_dicts()
        ]
    if form == "csv":
        frame = pl.read_csv(content, schema=given)
    elif content:
        lists = {n for n, kind in kinds.items() if kind == "array"}
        scalars = {name: kind for name, kind in given.items() if name not in lists}
        frame = pl.read_ndjson(content, schema_overrides=scalars, infer_schema_length=None)
    else:
        frame = pl.DataFrame(schema=given)
    assert all(frame.schema[n] == kind for n, kind in given.items() if kinds[n] != "array")
    for name, kind in kinds.items():
        if kind == "datetime":
            frame = frame.with_columns(
                pl.col(name).str.to_datetime(time_unit="us", time_zone="UTC")
            )
    return [_plain(row, schema, form) for row in frame.to_dicts()]


def read_by_duckdb(content: bytes, form: str, schema: Row) -> list[Row]:
    """The rows that DuckDB reads, with the types of the schema."""
    kinds = {f["name"]: DUCKDB.get(f["type"], "VARCHAR") for f in schema["fields"]}
    with tempfile.NamedTemporaryFile(suffix=f".{form}") as file, duckdb.connect() as db:
        file.write(content)
        file.flush()
        db.execute("SET TimeZone = 'UTC'")
        if form == "parquet":
            table = db.read_parquet(file.name)
            kinds = {name: kind for name, kind in kinds.items() if kind != "JSON"}
            found = dict(zip(table.columns, table.types, strict=True))
            assert {n: str(found[n]).replace(" WITH TIME ZONE", "TZ") for n in kinds} == kinds
            return [_plain(row, schema, form) for row in table.pl().to_dicts()]
        if form == "csv":
            table = db.read_csv(file.name, columns=kinds, header=True)
        else:
            table = db.read_json(file.name, columns=kinds, format="newline_delimited")
        assert [str(kind).replace(" WITH TIME ZONE", "TZ") for kind in table.types] == list(
            kinds.values()
        )
        return [_plain(row, schema, form) for row in table.pl().to_dicts()]


def _plain(row: Any, schema: Row, form: str) -> Row:
    """A row that a program read, in the form of NDJSON."""
    found: Row = {}
    for field in schema["fields"]:
        cell: Any = row[field["name"]]
        kind = field["type"]
        if hasattr(cell, "tolist"):
            cell = cell.tolist()
        if cell is None or (not isinstance(cell, list) and pd.isna(cell)):
            required = field.get("constraints", {}).get("required") and form == "csv"
            found[field["name"]] = "" if required else None
        elif kind == "datetime":
            found[field["name"]] = cell.isoformat().replace("+00:00", "Z")
        elif kind == "date":
            found[field["name"]] = str(cell)[:10]
        elif kind == "array" and isinstance(cell, str):
            found[field["name"]] = json.loads(cell)
        elif kind == "string" and form == "csv":
            found[field["name"]] = cell.removeprefix("'")
        else:
            found[field["name"]] = cell
    return found
