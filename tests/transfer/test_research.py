"""An export for research says what was done and what resulted, but not for whom."""

import io
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from app.core.db.tables import ClinicOwned
from app.settings import settings
from app.transfer.exports import declared, rules
from app.transfer.exports.columns import Becomes, Type
from app.transfer.exports.datasets import BY_NAME, DATASETS
from app.transfer.exports.research import secret
from app.transfer.exports.rules import RARE
from tests.ground import Api, Clinic
from tests.ledger.attacker import history
from tests.transfer.exported import NDJSON, Row, described, export, fill, lines, records
from tests.transfer.test_exports import fits

KEY = "k" * 32
WORD = "zq-00001qz9"
TABLES = {
    "patients": "Patient",
    "practitioners": "Practitioner",
    "episodes": "Episode",
    "sessions": "TreatmentSession",
    "needlings": "Needling",
    "findings": "Finding",
    "session-measurements": "SessionMeasurement",
    "alerts": "Alert",
    "follow-ups": "FollowUp",
    "measurements": "Measurement",
    "consents": "Consent",
    "screenings": "Screening",
    "adverse-events": "AdverseEvent",
    "asks": "Ask",
}
# Columns that are exported as several columns, or not needed outside the database.
TAKEN_APART = {"plan": "plan_", "needle_count": "needles_", "electrical": "electrical_"}
# Of an alert; a follow-up has a `source` that is one word.
OF_ALERTS = {"source": "source_"}
INSIDE = {"clinic_id", "created_from", "lot_folded", "source_key", "address_folded"}


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A server with a key for pseudonyms."""
    monkeypatch.setenv("NEEDLEWORK_RESEARCH_KEY", KEY)
    settings.cache_clear()
    yield
    settings.cache_clear()


def research(api: Api, dataset: str) -> list[Row]:
    return records(api, dataset, deidentified="true")


def stored_columns() -> Iterator[tuple[str, str]]:
    kinds = {kind.__name__: kind for kind in all_tables(ClinicOwned)}
    for dataset, name in TABLES.items():
        for column in kinds[name].__table__.columns:
            yield dataset, column.key


def all_tables(kind: type[Any]) -> Iterator[type[Any]]:
    for below in kind.__subclasses__():
        yield below
        yield from all_tables(below)


def test_every_stored_column_has_a_decision_for_research() -> None:
    undecided = []
    for dataset, name in stored_columns():
        names = {column.name for column in BY_NAME[dataset].columns}
        known = TAKEN_APART | (OF_ALERTS if dataset == "alerts" else {})
        apart = known.get(name) if (dataset, name) != ("sessions", "plan") else None
        is_there = any(n.startswith(apart) for n in names) if apart else name in names
        if not is_there and name not in INSIDE:
            undecided.append((dataset, name))
    assert undecided == []


def test_no_text_stays_except_codes() -> None:
    free = [
        (dataset.name, column.name)
        for dataset in DATASETS
        for column in dataset.columns
        if column.becomes is Becomes.SAME
        and (
            (column.type is Type.TEXT and "enum" not in column.limits)
            or column.type in {Type.ID, Type.DATE, Type.INSTANT, Type.JSON}
        )
    ]
    # Our own word, and members that the API restricts to a few words but the view types as text.
    assert set(free) <= {
        ("progress", "thresholds_id"),
        ("progress", "side"),
        ("progress", "unit"),
        *((name, "session_status") for name in ("needlings", "findings", "session-measurements")),
    }
    assert declared.TABLES["sessions"].decided


def test_no_name_number_or_text_of_a_person_is_exported(api: Api) -> None:
    fill(api, WORD)
    told = [
        *(
            "Núñez",
            "Demo",
            "555 0100",
            "ana@example.org",
            "0012880441775",
            "1931-02-28",
            "M75.1",
            WORD,
        ),
        *(record["id"] for name in TABLES for record in records(api, name) if "id" in record),
        *(record["occurred_at"][:19] for record in records(api, "sessions")),
    ]
    for name in BY_NAME:
        whole = export(api, f"{name}.ndjson").text
        content = export(api, f"{name}.ndjson?deidentified=true").text
        assert [word for word in told if word in content] == [], name
        assert len(whole.splitlines()) == len(content.splitlines())
    assert any(word in export(api, "patients.csv").text for word in told)


def test_tables_can_still_be_joined(api: Api) -> None:
    fill(api)
    for name, schema in described(api, "?deidentified=true").items():
        rows = research(api, name)
        fields = {field["name"]: field for field in schema["fields"]}
        assert rows
        for row in rows:
            assert list(row) == list(fields)
            assert [n for n, field in fields.items() if not fits(row[n], field)] == []
        for foreign in schema.get("foreignKeys", ()):
            [own], there = foreign["fields"], foreign["reference"]
            held = {row["id"] for row in research(api, there["resource"])}
            assert {row[own] for row in rows} - {None} <= held
        if schema.get("primaryKey"):
            keys = {tuple(row[part] for part in schema["primaryKey"]) for row in rows}
            assert len(keys) == len(rows)
        table = parquet.read_table(
            io.BytesIO(export(api, f"{name}.parquet?deidentified=true").content)
        )
        assert table.column_names == list(fields)
        assert table.num_rows == len(rows)


def test_all_times_of_a_patient_are_moved_by_the_same_secret_amount(
    api: Api, clinic: Clinic
) -> None:
    fill(api)
    key = secret(clinic.id)
    shifts: dict[str, set[timedelta]] = {}
    for name in BY_NAME:
        columns = [c.name for c in BY_NAME[name].columns if c.becomes is Becomes.SHIFTED]
        blinds = {blind["id"]: blind for blind in research(api, name)} if columns else {}
        for row in records(api, name) if columns else ():
            blind = blinds[rules.pseudonym(key, name, row["id"])]
            for column in columns:
                if row[column] is None:
                    assert blind[column] is None
                elif "T" in row[column]:
                    local = timedelta(minutes=row.get(f"{column}_offset_min") or 0)
                    was = datetime.fromisoformat(row[column]) + local
                    by = datetime.fromisoformat(blind[column]) - was
                    shifts.setdefault(blind["patient_id"], set()).add(by)
    assert [len(each) for each in shifts.values()] == [1, 1]
    one, other = (each.pop() for each in shifts.values())
    assert one != other
    for by in (one, other):
        assert timedelta(days=-366) < by <= timedelta(days=-1)


def test_a_clock_change_does_not_reveal_the_season(api: Api) -> None:
    own = {"patient_id": api.patient()["id"], "practitioner_id": api.practitioner()["id"]}
    for at in ("2026-03-02T09:00:00-08:00", "2026-03-09T09:00:00-07:00"):
        api.session(**own, occurred_at=at)
    times = sorted(datetime.fromisoformat(row["occurred_at"]) for row in research(api, "sessions"))
    assert times[1] - times[0] == timedelta(days=7)


def test_rows_are_sorted_only_by_their_pseudonyms(api: Api) -> None:
    own = {"practitioner_id": api.practitioner()["id"]}
    made = [api.session(**own)["id"] for _ in range(6)]
    assert [row["id"] for row in records(api, "sessions")] == made
    for name, by in (("sessions", "id"), ("patients", "id"), ("needlings", "session_id")):
        told = [row[by] for row in research(api, name)]
        assert told == sorted(told)


def cohort_of(regions: list[str]) -> list[Row]:
    rows: list[Row] = []
    for n, region in enumerate(regions):
        id_ = f"019e0000-0000-7000-8000-{n:012}"
        language = "pa" if n < 5 else "fr"
        born = f"19{70 + n % 2}-06-15" if n < 5 else "1950-06-15"
        rows += [
            {"type": "patient", "id": id_, "language": language, "birth_date": born},
            {
                "type": "episode",
                "patient_id": id_,
                "complaint": "-",
                "region": region,
                "red_flags": ["fever", region],
                "diagnoses": [{"system": "icd-10", "code": region, "display": "Ana Núñez"}],
            },
        ]
    return rows


def test_a_value_that_fewer_than_five_patients_share_is_hidden(api: Api) -> None:
    rows = cohort_of(["neck"] * 5 + ["toe"] * 4)
    assert api("POST", "/v1/imports", content=lines(rows), headers=NDJSON).json()["created"] == 18
    patients, episodes = research(api, "patients"), research(api, "episodes")
    assert sorted(row["language"] for row in patients) == [RARE] * 4 + ["pa"] * 5
    assert sorted(row["region"] for row in episodes) == [RARE] * 4 + ["neck"] * 5
    told = sorted(tuple(row["red_flags"]) for row in episodes)
    assert told == [("fever", RARE)] * 4 + [("fever", "neck")] * 5
    assert sorted(row["diagnoses"][0] for row in episodes) == [RARE] * 4 + ["icd-10|neck"] * 5
    assert [row["birth_year"] for row in patients].count(None) >= 4


def test_many_records_of_few_patients_do_not_make_a_value_common(api: Api) -> None:
    patient = api.patient()["id"]
    for _ in range(6):
        api.create("/v1/episodes", patient_id=patient, complaint="-", region="toe")
    assert {row["region"] for row in research(api, "episodes")} == {RARE}


def test_an_export_for_research_leaves_one_entry_without_a_patient(
    api: Api, clinic: Clinic
) -> None:
    fill(api)
    export(api, "sessions.csv?deidentified=true")
    [entry] = [e for e in history(clinic) if e["operation"] == "exports.read"]
    assert (entry["kind"], entry["resource"], entry["patient_id"]) == ("access", "clinics", None)
    assert entry["reason"] == "sessions.csv, de-identified"


def test_without_a_key_there_is_no_export_for_research(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    for bad in ("", "short"):
        monkeypatch.setenv("NEEDLEWORK_RESEARCH_KEY", bad)
        settings.cache_clear()
        answer = api.get("/v1/exports/sessions.csv?deidentified=true")
        assert (answer.status_code, answer.json()["type"]) == (503, "/problems/no-research-key")


def test_another_key_makes_other_pseudonyms(
    api: Api, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    fill(api)
    first = research(api, "patients")
    assert first == research(api, "patients")
    (tmp_path / "key").write_text("another " * 8)
    monkeypatch.delenv("NEEDLEWORK_RESEARCH_KEY")
    monkeypatch.setenv("NEEDLEWORK_RESEARCH_KEY_FILE", str(tmp_path / "key"))
    settings.cache_clear()
    assert not {row["id"] for row in first} & {row["id"] for row in research(api, "patients")}


def test_the_records_export_is_never_de_identified(api: Api) -> None:
    answer = api.get("/v1/exports/records.ndjson?deidentified=true")
    assert [error["code"] for error in answer.json()["errors"]] == ["not_a_table"]
    assert json.loads(answer.text)["status"] == 422


@given(st.binary(min_size=32, max_size=32), st.uuids(), st.uuids())
def test_a_pseudonym_depends_on_key_noun_and_id(key: bytes, a: Any, b: Any) -> None:
    made = {rules.pseudonym(key, noun, str(id_)) for noun in ("patients", "x") for id_ in (a, b)}
    assert len(made) == 2 * len({a, b})
    assert all(len(each) == 32 for each in made)


@given(
    st.binary(min_size=32, max_size=32), st.uuids(), st.datetimes(timezones=st.just(UTC)), st.data()
)
def test_moving_keeps_intervals(key: bytes, patient: Any, at: datetime, data: Any) -> None:
    by = rules.shift(key, str(patient))
    assert timedelta(days=-366) <= by <= timedelta(days=-1)
    days = data.draw(st.integers(0, 20_000))
    day = date(1990, 1, 1)
    assert (day + timedelta(days) + by) - (day + by) == timedelta(days)
    if at.year > 2:
        assert (at + by) - at == by


@given(st.dates(date(1900, 1, 1), date(2026, 11, 21)), st.binary(min_size=32, max_size=32))
def test_ages_over_89_are_one_group(born: date, key: bytes) -> None:
    today = date(2026, 11, 21)
    by = rules.shift(key, "x")
    band = rules.birth_band(born, by, today)
    assert band % rules.BAND_YEARS == 0
    if born <= date(1936, 11, 21):
        assert band == 1935
    else:
        assert band <= (born + by).year < band + rules.BAND_YEARS or band == 1935


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("123456")), max_size=30))
def test_a_word_stays_if_enough_patients_share_it(pairs: list[tuple[str, str]]) -> None:
    shared = rules.Shared()
    for word, patient in pairs:
        shared.add(word, patient)
    for word in "ab":
        patients = {patient for one, patient in pairs if one == word}
        assert (word in shared) == (len(patients) >= rules.ENOUGH_PATIENTS)
