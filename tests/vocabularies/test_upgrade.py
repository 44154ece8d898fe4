"""What was stored before the vocabularies stays, and is judged by its code after the upgrade."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from alembic import command
from alembic.config import Config

from app.core.db.database import Database
from app.core.values.access import Scope
from app.main import create_app
from app.state import inspection
from app.vocabularies.queries import Words
from tests.ground import Api, Clinic, create_clinic, migrated_like
from tests.progress.charts import Chart, moment
from tests.serving import ROOT
from tests.transfer.exported import NDJSON
from tests.wire import wired

BEFORE = "0016"


@pytest.fixture
def own(database: Database, tmp_path: Path) -> Iterator[Database]:
    """A database of the same kind for one test, which migrates it down and up."""
    with migrated_like(database, tmp_path) as own:
        yield own


def upgrade_again(database: Database) -> None:
    """Take a database back to the schema before the vocabularies, and upgrade it."""
    config = Config(ROOT / "alembic.ini")
    with database.owning() as db:
        config.attributes["connection"] = db
        command.downgrade(config, BEFORE)
        db.commit()
        command.upgrade(config, "head")
        db.commit()


@pytest.fixture
def older(own: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    """A clinic in which an earlier program has stored codes that it did not compare."""
    with wired(create_app(own)) as wire:
        api = Api(wire, create_clinic(own).key())
        with monkeypatch.context() as patch:
            patch.setattr(Words, "code", lambda _words, _noun, word: word)
            patch.setattr(Words, "owner", lambda _words, _noun, _word: None)
            store(api)
        upgrade_again(own)
        yield api


def store(api: Api) -> None:
    """Two patients with pain that changes by one, and codes that no vocabulary has."""
    for region in ("Shoulder", "right_sholder"):
        chart = Chart(api)
        episode = chart.episode(region=region, opened_at=moment(0))
        for day, value in enumerate((6, 5, 4)):
            chart.visit(
                7 * day, value, episode_id=episode["id"], aftercare=["HEAT", "Tea.and-rest"]
            )
        chart.event(1)
    api.create("/v1/thresholds", instrument="nprs", region="SHOULDER", mcid=1, mdc=1, source="s")
    session = chart.visit(30)["id"]
    api.create(
        "/v1/screenings",
        session_id=session,
        rule_set="r",
        answers=[{"code": "fit_to_needle", "answer": "yes"}],
        decision="proceed",
        decided_by="d",
        decided_at=moment(30),
    )


def differences(database: Database, api: Api) -> Any:
    """The rows that differ from the ledger."""
    [clinic] = {api.get("/v1/clinic").json()["id"]}
    op = Clinic(UUID(clinic), database).operation()
    with database.reading(op.clinic_id) as db:
        op.begin(db)
        return list(inspection.faults(op))


def test_codes_that_no_vocabulary_knows_become_own_rows(own: Database, older: Api) -> None:
    terms = older.get("/v1/terms").json()["items"]
    made = {(term["vocabulary"], term["code"], term["name"]) for term in terms}
    assert made == {
        ("regions", "own_right_sholder", "right_sholder"),
        ("contraindications", "own_fit_to_needle", "fit_to_needle"),
        ("aftercare", "own_tea_and_rest", "Tea.and-rest"),
    }
    told = older.get("/v1/changes?limit=200").json()["items"]
    stated = {one["resource_id"]: one["body"] for one in told if one["resource"] == "terms"}
    assert stated == {term["id"]: term for term in terms}
    assert differences(own, older) == []


def test_stored_words_stay_as_they_were_and_are_no_fault_of_a_patch(older: Api) -> None:
    episodes = older.get("/v1/episodes").json()["items"]
    assert [one["region"] for one in episodes] == ["Shoulder", "right_sholder"]
    for episode in episodes:
        changed = older.change(episode, "/v1/episodes", complaint="Other words")
        assert changed["region"] == episode["region"]
        assert changed["version"] == 2
    session = older.get("/v1/sessions").json()["items"][-1]
    changed = older.change(session, "/v1/sessions", aftercare=["HEAT", "ice", "tea and rest"])
    assert changed["aftercare"] == ["HEAT", "cold", "own_tea_and_rest"]
    screening = older.get("/v1/screenings").json()["items"][0]
    changed = older.change(screening, "/v1/screenings", decision="modified")
    assert changed["answers"] == screening["answers"]
    found = older.get("/v1/screenings?code=own_fit_to_needle&answer=yes").json()["items"]
    assert found == [changed]


def progress(api: Api, episode: dict[str, Any]) -> list[dict[str, Any]]:
    """The measures of an episode's patient, as they are now."""
    answer = api.get(f"/v1/patients/{episode['patient_id']}/progress")
    found: list[dict[str, Any]] = answer.json()["measures"]
    return found


def test_a_stored_spelling_is_judged_by_its_code(older: Api) -> None:
    first, second = older.get("/v1/episodes").json()["items"]
    [measure] = progress(older, first)
    assert measure["region"] == "shoulder"
    assert measure["thresholds"]["mcid"] == 1
    [measure] = progress(older, second)
    assert measure["region"] == "own_right_sholder"
    assert measure["thresholds"]["mcid"] == 2


def test_the_records_from_before_can_be_exported_and_imported_again(older: Api) -> None:
    rows = older.get("/v1/exports/records.ndjson").content
    report = older("POST", "/v1/imports", content=rows, headers=NDJSON).json()
    assert (report["created"], report["rejected"]) == (0, 0), report["errors"]
    assert report["unchanged"] == report["received"]


def test_an_older_export_brings_its_own_rows_into_another_clinic(own: Database, older: Api) -> None:
    rows = older.get("/v1/exports/records.ndjson").content
    elsewhere = Api(older.wire, create_clinic(own).key())
    report = elsewhere("POST", "/v1/imports", content=rows, headers=NDJSON).json()
    assert (report["created"], report["rejected"]) == (report["received"], 0), report["errors"]
    regions = [one["region"] for one in elsewhere.get("/v1/episodes").json()["items"]]
    assert sorted(regions) == ["own_right_sholder", "shoulder"]


def test_whoever_read_the_muscles_may_read_the_vocabularies(own: Database) -> None:
    with wired(create_app(own)) as wire:
        clinic = create_clinic(own)
        reader = Api(wire, clinic.key([Scope.MUSCLES_READ, Scope.CLINIC_READ]))
        desk = Api(wire, clinic.key([Scope.PATIENTS_READ]))
        upgrade_again(own)
        assert reader.get("/v1/regions").status_code == 200
        assert desk.get("/v1/regions").status_code == 403
        body = {"code": "own_x", "name": "x"}
        assert reader.post("/v1/regions", body).status_code == 403
        assert differences(own, reader) == []
