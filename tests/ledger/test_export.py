"""An export has all that the ledger has, continues after an interruption, and checks as clean."""

import io
import json
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import time_machine
from sqlalchemy import text, update

from app.core.db.database import Database
from app.core.operation import perform
from app.core.values.problems import LedgerDamaged
from app.ledger import export, signing
from app.ledger.format.errors import Overtaken
from app.ledger.format.folder import Exported
from app.ledger.format.verify import verify
from app.ledger.models import LedgerHead
from app.retention import service as retention
from tests.ground import Api, Clinic, create_clinic
from tests.ledger.attacker import exported, history, owning, remember, seal, size_of

FILES = {"README.md", "checkpoint", "entries.csv", "entries.ndjson", "manifest", "outside.json"}
FILES |= {"policy", "verify.py"}
DAY = datetime(2026, 3, 1, 12, tzinfo=UTC)


def unpacked(data: bytes, folder: Path) -> Path:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        archive.extractall(folder)
    return folder


def entries_in(folder: Path) -> list[dict[str, object]]:
    lines = (folder / "entries.ndjson").read_text().splitlines()
    return [json.loads(line)["entry"] for line in lines]


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def begin(clinic: Clinic, folder: Path, *bounds: datetime | None) -> None:
    export.folder(clinic.database, clinic.operation("audit.export"), folder, *bounds)


def test_the_downloaded_export_is_clean(api: Api, clinic: Clinic, tmp_path: Path) -> None:
    api.session()
    seal(clinic)
    remember(clinic, 300)
    answer = api.get("/v1/audit/export", headers={"X-Request-Id": "the-export"})
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["cache-control"] == "no-store"
    folder = unpacked(answer.content, tmp_path / "zip")
    assert {path.name for path in folder.iterdir()} == {*FILES, "checkpoints"}
    policy = tmp_path / "policy"
    policy.write_bytes(signing.policy(clinic.id).encode())
    report = verify(folder, policy)
    assert (report.exit, report.findings, report.pinned) == (0, [], True)
    assert (report.first, report.last, report.size) == (1, size_of(clinic), size_of(clinic))
    # The export's own entry is the last entry that it exports.
    last = entries_in(folder)[-1]
    assert (last["operation"], last["kind"], last["resource"]) == (
        "audit.export",
        "access",
        "ledger",
    )
    assert last["request_id"] == "the-export"


def test_the_folder_has_every_entry_as_it_is_stored(clinic: Clinic, tmp_path: Path) -> None:
    remember(clinic, 40)
    folder = exported(clinic, tmp_path / "export")
    assert {path.name for path in folder.iterdir()} == FILES
    assert verify(folder).exit == 0
    lines = [json.loads(line) for line in (folder / "entries.ndjson").read_text().splitlines()]
    stored = history(clinic)
    assert [line["entry"]["number"] for line in lines] == [e["number"] for e in stored]
    for line, there in zip(lines, stored, strict=True):
        assert line["body"] == (there["body"] and json.loads(there["body"]))
        assert line["salt"] == (there["salt"] and there["salt"].hex())
        assert line["entry"]["request_id"] == there["request_id"]


def test_another_clinics_data_is_never_in_it(api: Api, other_api: Api, tmp_path: Path) -> None:
    mine, theirs = api.patient(given_name="Xaver"), other_api.patient(given_name="Quetzalcoatl")
    data = contents(unpacked(api.get("/v1/audit/export").content, tmp_path / "zip"))
    everything = b"".join(data.values())
    assert mine["id"].encode() in everything
    assert b"Xaver" in everything
    for part in (theirs["id"], "Quetzalcoatl", other_api.key.split("_")[1]):
        assert part.encode() not in everything


class Interrupted(Exception):
    """The power failed."""


def interrupt(clinic: Clinic, folder: Path, patch: pytest.MonkeyPatch, after: int) -> None:
    """Begin an export, and die after so many entries were read."""
    read = export.exported
    left = iter(range(after))

    def dying(row: Sequence[Any]) -> Exported:
        if next(left, None) is None:
            raise Interrupted
        return read(row)

    with patch.context() as patched:
        patched.setattr(export, "exported", dying)
        with pytest.raises(Interrupted):
            begin(clinic, folder)


def without_times(folder: Path) -> dict[str, bytes]:
    """The files, without the parts that say when the export was made."""
    timed = {"README.md", "manifest"}
    return {name: data for name, data in contents(folder).items() if name not in timed}


@pytest.mark.parametrize("after", [0, 1, 700, 1300, 1800, 2700])
def test_an_interrupted_export_continues_to_the_same_result(
    clinic: Clinic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    remember(clinic, 1400)
    seal(clinic)
    remember(clinic, 20)
    whole, folder = tmp_path / "whole", tmp_path / "died"
    interrupt(clinic, folder, monkeypatch, after)
    assert verify(folder).exit == 3
    size = size_of(clinic)
    remember(clinic, 5)  # what came later belongs to a later export
    begin(clinic, folder)
    report = verify(folder)
    assert (report.exit, report.last, report.size) == (0, size, size)
    again_from_the_start(clinic, folder, whole)
    assert without_times(whole) == without_times(folder)


def again_from_the_start(clinic: Clinic, folder: Path, whole: Path) -> None:
    """The same export without an interruption: of the same checkpoint, into a new folder."""
    whole.mkdir()
    for name in ("outside.json", "checkpoint"):
        (whole / name).write_bytes((folder / name).read_bytes())
    begin(clinic, whole)
    assert verify(whole).exit == 0


@pytest.mark.parametrize("cut", [1, 2, 200, 5_000, 10**9])
def test_an_export_with_truncated_entries_continues(
    clinic: Clinic, tmp_path: Path, cut: int
) -> None:
    remember(clinic, 600)
    folder = exported(clinic, tmp_path / "export")
    whole = without_times(folder)
    (folder / "manifest").unlink()
    (folder / "entries.csv").unlink()
    entries = whole["entries.ndjson"]
    (folder / "entries.ndjson").write_bytes(entries[: max(0, len(entries) - cut)])
    begin(clinic, folder)
    assert without_times(folder) == whole
    assert verify(folder).exit == 0


def test_continuing_an_export_leaves_no_second_entry(
    clinic: Clinic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remember(clinic, 30)
    interrupt(clinic, tmp_path / "export", monkeypatch, 3)
    begin(clinic, tmp_path / "export")
    assert [e["operation"] for e in history(clinic)].count("audit.export") == 1


def test_an_export_of_a_range_of_days_is_clean(database: Database, tmp_path: Path) -> None:
    reached = [0]
    with time_machine.travel(DAY, tick=False) as clock:
        clinic = create_clinic(database)
        for _ in range(5):
            remember(clinic, 130)
            reached.append(size_of(clinic))
            clock.shift(timedelta(days=1))
        seal(clinic)
        for start, end in ((1, 3), (1, 2), (4, 5), (0, 2), (0, 5), (3, None), (None, 1)):
            folder = tmp_path / f"{start}-{end}"
            days = [None if day is None else DAY + timedelta(days=day) for day in (start, end)]
            begin(clinic, folder, *days)
            report = verify(folder)
            assert [f.code for f in report.findings] == ["not-pinned"]
            assert report.first == reached[start or 0] + 1
            assert report.last == (size_of(clinic) if end is None else reached[end])
            assert report.size == size_of(clinic)
            assert (folder / "checkpoints" / str(reached[5])).is_file()


def test_a_range_without_an_entry_is_refused_and_leaves_no_folder(
    clinic: Clinic, tmp_path: Path
) -> None:
    folder = tmp_path / "none"
    with pytest.raises(export.NothingToExport):
        begin(clinic, folder, DAY, DAY + timedelta(days=1))
    assert not folder.exists()


def test_a_folder_that_holds_anything_else_is_left_as_it_is(clinic: Clinic, tmp_path: Path) -> None:
    finished = exported(clinic, tmp_path / "finished")
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "letter.txt").write_text("Dear auditor")
    other = exported(create_clinic(clinic.database), tmp_path / "other")
    (other / "manifest").unlink()
    file = tmp_path / "file"
    file.write_text("")
    for folder in (finished, foreign, other):
        before, size = contents(folder), size_of(clinic)
        with pytest.raises(FileExistsError):
            begin(clinic, folder)
        assert contents(folder) == before, folder.name
        assert size_of(clinic) == size
    with pytest.raises(OSError, match="directory"):
        begin(clinic, file)


@pytest.mark.parametrize("garbled", [b"\xff\n", b"{}\n" * 3, b"\n"])
def test_an_export_with_invalid_entries_is_not_continued(
    clinic: Clinic, tmp_path: Path, garbled: bytes
) -> None:
    folder = exported(clinic, tmp_path / "export")
    (folder / "manifest").unlink()
    (folder / "entries.ndjson").write_bytes(garbled)
    with pytest.raises(FileExistsError):
        begin(clinic, folder)
    assert (folder / "entries.ndjson").read_bytes() == garbled


@pytest.mark.parametrize(
    "damage",
    ["operation = x'ff00'", "salt = 'text'", "at = 'junk'", "version = 'a'", "actor = x'ff00ff'"],
)
def test_an_unreadable_entry_is_named(clinic: Clinic, tmp_path: Path, damage: str) -> None:
    if not clinic.database.is_sqlite:
        damage = "body = NULL"  # PostgreSQL's columns can't hold unreadable values
    remember(clinic, 20)
    with owning(clinic) as db:
        where = {"clinic": clinic.id.hex if clinic.database.is_sqlite else clinic.id}
        wrong = f"UPDATE ledger_entries SET {damage} WHERE clinic_id = :clinic AND number = 7"  # noqa: S608 - the damages above
        assert db.execute(text(wrong), where).rowcount == 1
    folder = tmp_path / "export"
    if clinic.database.is_sqlite:
        with pytest.raises(LedgerDamaged, match=r"can't be read|isn't one"):
            exported(clinic, folder)
    else:
        assert verify(exported(clinic, folder)).verdict == "tampered"


def test_a_wrong_entry_count_is_named(clinic: Clinic, tmp_path: Path) -> None:
    remember(clinic, 20)
    with owning(clinic) as db:
        db.execute(update(LedgerHead).where(LedgerHead.clinic_id == clinic.id).values(size=3))
    with pytest.raises(LedgerDamaged, match="count"):
        exported(clinic, tmp_path / "export")


def test_an_export_during_an_erasure_is_not_reported_as_tampering(
    api: Api, clinic: Clinic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = api.session()
    folder = tmp_path / "export"
    interrupt(clinic, folder, monkeypatch, 2)
    destroy(clinic, UUID(session["patient_id"]))
    with pytest.raises(Overtaken):
        begin(clinic, folder)
    assert verify(folder).exit == 3
    assert verify(exported(clinic, tmp_path / "again")).exit == 0


def destroy(clinic: Clinic, patient_id: UUID) -> None:
    op = clinic.operation("retention.policy")
    perform(clinic.database, op, lambda: retention.set_policy(op, 10, 18))
    late = clinic.operation(retention.ERASE)
    late.at = datetime(2070, 1, 1, tzinfo=UTC)
    work = lambda: retention.erase(late, patient_id, "time is up")  # noqa: E731 - one expression
    perform(clinic.database, late, work, owning=True)
