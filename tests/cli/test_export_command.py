"""`export` writes a folder with a manifest and a description."""

import csv
import json
import stat
import subprocess
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from app.transfer.exports.datasets import BY_NAME
from tests.cli.program import Ran, url_of, within
from tests.ground import Api, Clinic
from tests.ledger.attacker import history
from tests.transfer.exported import export, fill

KEY = "k" * 32


class Exporting:
    """Run the command on one clinic."""

    def __init__(
        self,
        clinic: Clinic,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        self.clinic, self._monkeypatch, self._capsys = clinic, monkeypatch, capsys

    def __call__(self, folder: Path, *more: str) -> Ran:
        given = ("export", str(folder), "--clinic", str(self.clinic.id), *more)
        return within(self._monkeypatch, self._capsys, url_of(self.clinic.database), *given)


@pytest.fixture
def run(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Exporting:
    monkeypatch.setenv("NEEDLEWORK_RESEARCH_KEY", KEY)
    return Exporting(clinic, monkeypatch, capsys)


@pytest.mark.parametrize("form", ["csv", "ndjson", "parquet"])
def test_a_folder_has_everything_and_a_manifest(
    api: Api, clinic: Clinic, run: Exporting, tmp_path: Path, form: str
) -> None:
    fill(api)
    folder = tmp_path / "new" / "out"
    ran = run(folder, "--format", form, "--json")
    assert (ran.code, ran.err) == (0, "")
    tables = {f"{name}.{form}" for name in BY_NAME}
    beside = {"records.ndjson", "datapackage.json", "README.md"}
    assert {each["path"] for each in ran.data["files"]} == tables | beside
    there = {file.name for file in folder.iterdir()}
    assert there == tables | beside | {"MANIFEST.sha256"}
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}
    checked = subprocess.run(
        ["/usr/bin/sha256sum", "--strict", "-c", "MANIFEST.sha256"],
        cwd=folder,
        capture_output=True,
        check=True,
    )
    assert len(checked.stdout.splitlines()) == len(tables | beside)
    package = json.loads((folder / "datapackage.json").read_bytes())
    listed = {each["path"]: each for each in package["resources"]}
    assert listed.keys() == tables | {"records.ndjson"}
    for each in ran.data["files"]:
        assert each["bytes"] == (folder / each["path"]).stat().st_size
        if each["path"] in listed:
            assert each.items() <= listed[each["path"]].items()
    if form != "parquet":
        for name in tables - {f"progress.{form}"} | {"records.ndjson"}:
            assert (folder / name).read_bytes() == export(api, name).content
    seen = [e for e in history(clinic) if e["reason"] == f"all tables as {form}"]
    assert len(seen) == len({e["patient_id"] for e in seen}) == 2
    assert {e["actor"].partition(":")[0] for e in seen} == {"cli"}


@pytest.mark.parametrize("excel", [False, True])
def test_the_readme_says_how_the_files_have_times(
    api: Api, run: Exporting, tmp_path: Path, *, excel: bool
) -> None:
    api.live_in("America/Vancouver")
    fill(api, "zq-00001qz9")
    assert run(tmp_path / "out", *(["--excel"] if excel else [])).code == 0
    with (tmp_path / "out" / "sessions.csv").open(encoding="utf-8-sig", newline="") as file:
        row = next(csv.DictReader(file))
    at = datetime.fromisoformat(row["occurred_at"])
    told = (tmp_path / "out" / "README.md").read_text("utf-8")
    zones = {"A time is in UTC": "UTC", "on the clock of America/Vancouver": "America/Vancouver"}
    [zone] = [zone for words, zone in zones.items() if words in told]
    stored = api.get("/v1/sessions").json()["items"]
    instants = {datetime.fromisoformat(each["occurred_at"]) for each in stored}
    assert at.replace(tzinfo=ZoneInfo(zone)) in instants
    assert "TIMES" not in told
    package = json.loads((tmp_path / "out" / "datapackage.json").read_bytes())
    [sessions] = [each for each in package["resources"] if each["name"] == "sessions"]
    [field] = [each for each in sessions["schema"]["fields"] if each["name"] == "occurred_at"]
    if excel:
        assert datetime.strptime(row["occurred_at"], field["format"]) == at  # noqa: DTZ007 - without an offset


def test_a_folder_for_research_has_no_records_file(
    api: Api, clinic: Clinic, run: Exporting, tmp_path: Path
) -> None:
    fill(api, "zq-00001qz9")
    folder = tmp_path / "out"
    assert run(folder, "--deidentified", "--excel").code == 0
    assert not (folder / "records.ndjson").exists()
    assert (folder / "sessions.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    for file in folder.iterdir():
        assert "zq-00001qz9" not in file.read_text("utf-8-sig")
        assert KEY not in file.read_text("utf-8-sig")
    [entry] = [e for e in history(clinic) if e["operation"] == "exports.read"]
    assert (entry["patient_id"], entry["reason"]) == (None, "all tables as csv, de-identified")


def test_a_folder_that_is_not_empty_is_left_unchanged(
    clinic: Clinic, run: Exporting, tmp_path: Path
) -> None:
    (tmp_path / "mine").touch()
    ran = run(tmp_path)
    assert (ran.code, ran.out) == (1, "")
    assert "is not empty" in ran.err
    assert [file.name for file in tmp_path.iterdir()] == ["mine"]
    assert [e for e in history(clinic) if e["operation"] == "exports.read"] == []


def test_a_failure_is_reported_in_one_sentence(
    run: Exporting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(tmp_path / "out", "--format", "xlsx").code == 2
    assert run(tmp_path / "out", "--format", "ndjson", "--excel").code == 2
    monkeypatch.delenv("NEEDLEWORK_RESEARCH_KEY")
    ran = run(tmp_path / "out", "--deidentified")
    assert (ran.code, ran.out) == (1, "")
    assert "pseudonyms" in ran.err
    assert not (tmp_path / "out").exists()
