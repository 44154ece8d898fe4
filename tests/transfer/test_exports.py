"""An export has the content of the records, in every format and for every program."""

import csv
import io
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from app.core.db.tables import minutes_east
from app.core.values.text import is_blank, nfc
from app.sessions.schemas import NeedleCountBody
from app.sessions.views import SessionView
from app.transfer.exports.columns import SAME, Spread, Type, check_decided
from app.transfer.exports.datasets import DATASETS
from app.transfer.exports.declared import TABLES
from app.transfer.formulas import guarded
from tests.ground import Api
from tests.progress.charts import take_in
from tests.progress.every_field import EVERY_FIELD
from tests.progress.sending import people, sendable
from tests.transfer.exported import Row, described, export, fill, records
from tests.transfer.readers import cells, keyed, read_by_duckdb, read_by_pandas, read_by_polars

NAMES = [dataset.name for dataset in DATASETS]
LISTS = {
    "patients": "/v1/patients",
    "practitioners": "/v1/practitioners",
    "episodes": "/v1/episodes",
    "sessions": "/v1/sessions",
    "alerts": "/v1/alerts",
    "measurements": "/v1/measurements",
    "consents": "/v1/consents",
    "screenings": "/v1/screenings",
    "adverse-events": "/v1/adverse-events",
    "asks": "/v1/asks",
}
PARTS = {"needlings": "needlings", "findings": "findings", "session-measurements": "measurements"}
# The columns of a table that are members of an object in the record.
FLAT: Mapping[str, tuple[str, str]] = {
    "plan_sessions": ("plan", "sessions"),
    "plan_per_week": ("plan", "per_week"),
    "source_resource": ("source", "resource"),
    "source_id": ("source", "id"),
    "needle_mismatch_reason": ("needle_count", "mismatch_reason"),
    **{
        f"needles_{word}": ("needle_count", word)
        for word in ["opened", "inserted", "removed", "disposed"]
    },
    **{f"electrical_{word}": ("electrical", word) for word in ("hz", "ma")},
    **{word: ("needle", word) for word in ("diameter_mm", "length_mm", "lot")},
}
HOSTILE = st.text(
    st.characters(exclude_characters="\0", exclude_categories=["Cs"])
    | st.sampled_from(",;\"'\r\n\t=+-@|\\ \u202e\u05d0\U0001f489\ufeff"),
    min_size=1,
    max_size=40,
)


def value_in(record: Row, name: str) -> Any:
    """The value of a column in a record of the API."""
    if name in FLAT and name not in record:
        outer, inner = FLAT[name]
        return (record[outer] or {}).get(inner)
    return record[name]


def agrees(shown: Any, record: Row, name: str) -> bool:
    """Whether a cell of an export is what the API shows of the record."""
    if name.endswith("_offset_min"):
        moment = record[name.removesuffix("_offset_min")]
        return bool(shown == (moment and minutes_east(datetime.fromisoformat(moment))))
    expected = value_in(record, name)
    if isinstance(expected, str) and name.endswith("_at"):
        return datetime.fromisoformat(shown) == datetime.fromisoformat(expected) and shown.endswith(
            "Z"
        )
    return bool(shown == expected)


def everything(api: Api, path: str) -> list[Row]:
    found: list[Row] = api.get(f"{path}?limit=200").json()["items"]
    return found


@pytest.mark.parametrize("name", LISTS)
def test_a_table_has_the_content_of_the_records(api: Api, name: str) -> None:
    fill(api)
    known = {record["id"]: record for record in everything(api, LISTS[name])}
    rows = records(api, name)
    assert [row["id"] for row in rows] == sorted(known)
    wrong = [
        (column, row[column])
        for row in rows
        for column in row
        if not agrees(row[column], known[row["id"]], column)
    ]
    assert wrong == []
    untold = known[rows[0]["id"]].keys() - rows[0].keys() - {outer for outer, _ in FLAT.values()}
    # The messages about an alert are no part of it: the ledger's security entries tell of them.
    assert untold <= {*PARTS.values(), "deliveries"}


def test_the_tables_of_a_sessions_parts_have_the_content_of_the_sessions(api: Api) -> None:
    fill(api)
    counting = [s for s in everything(api, LISTS["sessions"]) if s["status"] != "void"]
    for name, member in PARTS.items():
        parts = {
            (session["id"], place): (session, part)
            for session in counting
            for place, part in enumerate(session[member])
        }
        rows = records(api, name)
        assert [(row["session_id"], row["position"]) for row in rows] == sorted(parts)
        for row in rows:
            session, part = parts[row["session_id"], row["position"]]
            assert (row["patient_id"], row["session_status"]) == (
                session["patient_id"],
                session["status"],
            )
            told = row.keys() - {"session_id", "position", "patient_id", "session_status"}
            assert [name for name in told if not agrees(row[name], part, name)] == []


def test_the_table_of_follow_ups_has_the_content_of_the_follow_ups(api: Api) -> None:
    fill(api)
    sessions = everything(api, LISTS["sessions"])
    known = {
        report["id"]: report
        for session in sessions
        for report in everything(api, f"/v1/sessions/{session['id']}/follow-ups")
    }
    rows = records(api, "follow-ups")
    assert {row["id"] for row in rows} == set(known)
    assert len(known) == 4
    wrong = [n for row in rows for n in row if not agrees(row[n], known[row["id"]], n)]
    assert wrong == []


def test_a_void_session_is_exported_without_its_parts(api: Api) -> None:
    fill(api)
    [void] = [row for row in records(api, "sessions") if row["status"] == "void"]
    for name in PARTS:
        assert void["id"] not in {row["session_id"] for row in records(api, name)}
    # Later follow-ups and adverse events stay.
    for name in ("follow-ups", "adverse-events"):
        assert void["id"] in {row["session_id"] for row in records(api, name)}


def test_the_progress_table_says_what_each_document_says(api: Api, cohort: Any) -> None:
    people_of_one, names = people(EVERY_FIELD)
    take_in(api, [*cohort, *people_of_one, *sendable(EVERY_FIELD, names)])
    fill(api)
    rows = keyed(records(api, "progress"), "patient_id")
    found = 0
    for patient in everything(api, LISTS["patients"]):
        document = api.get(f"/v1/patients/{patient['id']}/progress").json()
        shown = rows.get((patient["id"],), [])
        assert len(shown) == len(document["measures"])
        for row, measure in zip(shown, document["measures"], strict=True):
            found += 1
            assert_measure(row, measure)
            course = measure["course"] or {"episode_id": None, "started_at": None}
            assert row["episode_id"] == course["episode_id"]
            assert same_moment(row["course_started_at"], course["started_at"])
    assert found == sum(map(len, rows.values())) > 40


def assert_measure(row: Row, measure: Row) -> None:
    for name in (
        "instrument",
        "activity",
        "side",
        "muscle",
        "movement",
        "region",
        "unit",
        "better",
    ):
        assert row[name] == measure[name]
    for name in ("change", "change_percent", "exceeds_mdc", "reaches_mcid", "verdict"):
        assert row[name] == measure[name]
    assert row["provisional"] == measure["provisional"]
    for way in ("improved", "worse"):
        assert row[f"reachable_{way}"] == measure["reachable"][way]
    for name in ("baseline", "latest", "best"):
        known = measure[name] or {"value": None, "at": None}
        assert row[name] == known["value"]
        assert same_moment(row[f"{name}_at"], known["at"])
    thresholds = measure["thresholds"] or {}
    assert row["thresholds_id"] == thresholds.get("id")
    for name in ("mdc", "mcid", "mcid_percent"):
        assert row[name] == thresholds.get(name)
    responder = measure["responder"] or {"state": None, "since": None}
    assert row["responder"] == responder["state"]
    assert same_moment(row["responder_since"], responder["since"])
    baseline = measure["baseline"] or {"n": None, "last": None}
    assert row["baseline_n"] == baseline["n"]
    assert row["baseline_last"] == (baseline["last"] and baseline["last"]["value"])
    trend = measure["trend"] or {"n": None, "per_week": None, "p": None}
    assert row["values"] == trend["n"]
    assert row["trend_per_week"] == trend["per_week"]
    assert row["trend_p"] == trend["p"]


def same_moment(one: str | None, other: str | None) -> bool:
    """Whether two times are one instant, or there are none."""
    if one is None or other is None:
        return one is other
    return datetime.fromisoformat(one) == datetime.fromisoformat(other)


@settings(max_examples=12)
@given(HOSTILE)
@example("=1+1")
@example("\u00a0\t＝1+1")  # noqa: RUF001 - a full-width sign
@example("-3")
@example("'=x")
def test_any_text_is_exported_unchanged_and_never_as_a_formula(api: Api, text: str) -> None:
    assume(not is_blank(text))
    fill(api, text)
    for name in ("patients", "episodes", "sessions", "needlings", "consents", "adverse-events"):
        lined, text_csv = records(api, name), export(api, f"{name}.csv").content
        assert cells(text_csv, described(api)[name]) == lined
        for row in csv.reader(io.StringIO(text_csv.decode("utf-8"), newline="")):
            texts = {cell for cell in row if guarded(cell) != cell and not cell.startswith("'")}
            assert texts <= {"-480", "-3.0", "-8.0"}
    assert nfc(text) in {row["note"] for row in records(api, "sessions")}


def test_a_negative_number_stays_a_number(api: Api) -> None:
    fill(api, "-3")
    rows = list(csv.DictReader(io.StringIO(export(api, "measurements.csv").text)))
    assert "-3.0" in {row["value"] for row in rows}
    rows = list(csv.DictReader(io.StringIO(export(api, "sessions.csv").text)))
    assert "'-3" in {row["note"] for row in rows}


def test_csv_follows_rfc_4180(api: Api) -> None:
    content = export(api, "patients.csv").content
    assert content.endswith(b"updated_at\r\n")
    assert content.count(b"\r\n") == 1
    assert export(api, "patients.csv").headers["content-type"] == "text/csv; charset=utf-8"


def test_excel_gets_a_byte_order_mark_and_its_own_time_format(api: Api) -> None:
    fill(api)
    content = export(api, "sessions.csv?excel=true").content
    assert content.startswith(b"\xef\xbb\xbfid,")
    assert b",2026-11-01 18:00:00.250," in content
    api("PATCH", "/v1/clinic", json={"time_zone": "America/Vancouver"}, headers={"If-Match": '"1"'})
    text = export(api, "sessions.csv?excel=true").text.removeprefix("\ufeff")
    for row in csv.DictReader(io.StringIO(text)):
        offset_min = int(row["occurred_at_offset_min"])
        local = datetime.fromisoformat(row["occurred_at"])
        at = local.replace(tzinfo=timezone(timedelta(minutes=offset_min)))
        stored = api.get(f"/v1/sessions/{row['id']}").json()["occurred_at"]
        assert at == datetime.fromisoformat(stored)
        assert offset_min in {-480, -420}
    refused = api.get("/v1/exports/sessions.ndjson?excel=true")
    assert refused.json()["errors"] == [
        {
            "pointer": "/excel",
            "code": "not_csv",
            "detail": "Only CSV has a form for Excel: export CSV, or leave this out.",
            "in": "query",
        }
    ]


@pytest.mark.parametrize("read", [read_by_pandas, read_by_polars, read_by_duckdb])
@pytest.mark.parametrize("form", ["ndjson", "csv", "parquet"])
def test_every_program_reads_the_declared_types(api: Api, read: Any, form: str) -> None:
    fill(api)
    schemas = described(api)
    for name in NAMES:
        answer = export(api, f"{name}.{form}")
        assert read(answer.content, form, schemas[name]) == records(api, name), name


@pytest.mark.parametrize(
    "path", ["dogs.csv", "sessions.xlsx", "sessions", "sessions.csv.csv", ".csv", "Sessions.csv"]
)
def test_an_unknown_dataset_or_format_is_not_found(api: Api, path: str) -> None:
    answer = api.get(f"/v1/exports/{path}")
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found")


def test_the_package_describes_every_table(api: Api) -> None:
    fill(api)
    package = export(api, "datapackage.json?format=ndjson").json()
    assert [each["path"] for each in package["resources"]] == [f"{n}.ndjson" for n in NAMES]
    for each in package["resources"]:
        schema = each["schema"]
        rows = records(api, each["name"])
        fields = {field["name"]: field for field in schema["fields"]}
        for row in rows:
            assert list(row) == list(fields)
            for name, field in fields.items():
                assert fits(row[name], field), (each["name"], name)
        keys = [tuple(row[part] for part in schema.get("primaryKey", ())) for row in rows]
        assert len(set(keys)) == len(keys) or each["name"] == "progress"
        for foreign in schema.get("foreignKeys", ()):
            [own], there = foreign["fields"], foreign["reference"]
            held = {row["id"] for row in records(api, there["resource"])}
            assert {row[own] for row in rows} - {None} <= held


def fits(cell: Any, field: Row) -> bool:
    """Whether a cell conforms to the field's description in the data package."""
    limits = field.get("constraints", {})
    if cell is None:
        return not limits.get("required")
    kinds: Mapping[str, Any] = {
        "string": str,
        "integer": int,
        "number": (int, float),
        "boolean": bool,
        "date": str,
        "datetime": str,
        "array": list,
    }
    return (
        isinstance(cell, kinds[field["type"]])
        and (field["type"] == "boolean" or not isinstance(cell, bool))
        and ("enum" not in limits or cell in limits["enum"])
        and limits.get("minimum", cell) <= cell <= limits.get("maximum", cell)
    )


def test_parquet_keeps_the_declared_types_and_comes_in_groups(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.transfer.exports.parquet.GROUP_ROWS", 1)
    monkeypatch.setattr("app.transfer.exports.datasets.BATCH_ROWS", 1)
    fill(api)
    file = parquet.ParquetFile(io.BytesIO(export(api, "sessions.parquet").content))
    assert file.metadata.num_row_groups == len(records(api, "sessions"))
    types = {field.name: str(field.type) for field in file.schema_arrow}
    assert types["occurred_at"] == "timestamp[us, tz=UTC]"
    assert types["duration_min"] == "int64"
    assert types["aftercare"] in {"list<item: string>", "list<element: string>"}
    assert not file.schema_arrow.field("occurred_at").nullable
    assert file.schema_arrow.field("signed_at").nullable


def test_without_pyarrow_a_server_says_what_to_install(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.transfer.exports.parquet.find_spec", lambda _: None)
    answer = api.get("/v1/exports/sessions.parquet")
    assert (answer.status_code, answer.json()["type"]) == (501, "/problems/no-parquet")
    assert "needlework[parquet]" in answer.json()["detail"]
    assert export(api, "sessions.csv").content


def test_every_type_is_used_by_a_column() -> None:
    used = {column.type for dataset in DATASETS for column in dataset.columns}
    assert used == set(Type)


def test_a_field_without_an_export_decision_is_named() -> None:
    every = dict(TABLES["sessions"].decided)
    check_decided("sessions", SessionView, every)
    for forgotten, named in (
        ({name: how for name, how in every.items() if name != "note"}, r"sessions\.note"),
        (every | {"parrot": SAME}, r"sessions\.parrot"),
        (every | {"needle_count": Spread(NeedleCountBody, {})}, r"sessions\.needle_count\.\w+"),
    ):
        with pytest.raises(ValueError, match=named):
            check_decided("sessions", SessionView, forgotten)
