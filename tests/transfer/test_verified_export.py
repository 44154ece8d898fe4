"""A data export is compared with the ledger: each record is its newest version as of then."""

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from app.core.operation import perform
from app.kinds import AS_ROWS
from app.ledger import export as audit
from app.ledger.format.data import LEFT_OUT
from app.ledger.format.report import Report
from app.ledger.format.verify import main, verify
from app.retention import service as retention
from app.transfer.bodies import READERS
from app.transfer.exports.folder import write_folder
from app.transfer.exports.formats import FORMATS
from tests.ground import Api, Clinic
from tests.sweeps.world import CHANGES, World

CLEAN, TAMPERED, INCOMPLETE, UNDECIDABLE = 0, 2, 3, 4
LATE = datetime(2090, 1, 1, tzinfo=UTC)
MERGE = {"If-Match": '"1"', "Content-Type": "application/merge-patch+json"}

Line = dict[str, Any]


def data_export(clinic: Clinic, folder: Path, key: bytes | None = None) -> Path:
    op = clinic.operation("exports.read")
    write_folder(clinic.database, op, folder, FORMATS["ndjson"], key)
    return folder


def audit_export(clinic: Clinic, folder: Path) -> Path:
    audit.folder(clinic.database, clinic.operation("audit.export"), folder)
    return folder


def codes(report: Report) -> set[str]:
    return {finding.code for finding in report.findings if finding.severity != "note"}


def lines_of(folder: Path) -> list[Line]:
    return [json.loads(line) for line in (folder / "records.ndjson").read_bytes().splitlines()]


def rewrite(folder: Path, change: Callable[[list[Line]], list[Line]]) -> None:
    """Change the lines of a data export as somebody does who doesn't know about the ledger."""
    changed = "".join(json.dumps(line) + "\n" for line in change(lines_of(folder)))
    put(folder, "records.ndjson", changed.encode())


def put(folder: Path, name: str, content: bytes) -> None:
    """Write a file of a data export, and its digest into the manifest."""
    manifest, file = folder / "MANIFEST.sha256", folder / name
    was = hashlib.sha256(file.read_bytes()).hexdigest()
    file.write_bytes(content)
    listed = manifest.read_text()
    assert was in listed
    manifest.write_text(listed.replace(was, hashlib.sha256(content).hexdigest()))


def fill(api: Api) -> World:
    """A record of each kind, one version of each changed."""
    world = World(api)
    changes = {name: CHANGES[name] for name in CHANGES if name.replace("-", "_") in LEFT_OUT}
    for collection in changes:
        world.known(collection)
    for collection, change in changes.items():
        path = f"/v1/{collection}/{world.known(collection)}"
        answer = api("PATCH", path, json=change, headers=MERGE)
        assert answer.status_code == 200, answer.text
    world.make(f"/v1/sessions/{world.known('sessions')}/follow-ups")
    signed = api.session()
    assert api.post(f"/v1/sessions/{signed['id']}/sign", headers={"If-Match": '"1"'}).is_success
    api.post(f"/v1/sessions/{api.session()['id']}/void", {"reason": "r"}, headers=MERGE)
    return world


class Pair:
    """An audit export and a data export of one clinic, and the check of both."""

    def __init__(self, clinic: Clinic, folder: Path) -> None:
        self.data = data_export(clinic, folder / "data")
        self.audit = audit_export(clinic, folder / "audit")

    def check(self) -> Report:
        return verify(self.audit, data=self.data)


@pytest.fixture(name="pair")
def exports_of_every_kind(api: Api, clinic: Clinic, tmp_path: Path) -> Pair:
    fill(api)
    return Pair(clinic, tmp_path)


def test_the_list_of_kinds_is_that_of_the_export() -> None:
    assert {noun: (singular, set(left)) for noun, (singular, left) in LEFT_OUT.items()} == {
        kind.noun: (
            kind.singular,
            set(kind.names) - READERS[kind.singular].body.model_fields.keys(),
        )
        for kind in AS_ROWS
    }


def test_an_export_of_every_kind_is_clean(pair: Pair) -> None:
    assert {line["type"] for line in lines_of(pair.data)} == {
        singular for singular, _ in LEFT_OUT.values()
    }
    report = pair.check()
    assert (report.exit, codes(report)) == (CLEAN, set())


def test_the_exports_own_verifier_and_the_command_compare_alike(
    pair: Pair, capsys: pytest.CaptureFixture[str]
) -> None:
    alone = [sys.executable, "-I", "-B", str(pair.audit / "verify.py"), str(pair.audit)]
    for expected in (CLEAN, TAMPERED):
        ran = subprocess.run([*alone, "--data", str(pair.data)], capture_output=True, check=False)
        assert (ran.returncode, ran.stderr) == (expected, b"")
        assert main([str(pair.audit), "--data", str(pair.data)]) == expected
        rewrite(pair.data, lambda lines: lines[1:])
    assert "is missing" in capsys.readouterr().out


def test_later_changes_do_not_concern_an_export(api: Api, clinic: Clinic, tmp_path: Path) -> None:
    patient = api.patient(given_name="A")
    data = data_export(clinic, tmp_path / "data")
    api("PATCH", f"/v1/patients/{patient['id']}", json={"given_name": "B"}, headers=MERGE)
    api.patient()
    assert verify(audit_export(clinic, tmp_path / "audit"), data=data).exit == CLEAN


def removed(lines: list[Line]) -> list[Line]:
    return lines[:-1]


def added(lines: list[Line]) -> list[Line]:
    return [*lines, {**lines[0], "id": str(UUID(int=1))}]


def repeated(lines: list[Line]) -> list[Line]:
    return [*lines, lines[0]]


def no_record(lines: list[Line]) -> list[Line]:
    return [*lines, {"type": "patient"}]


def another_type(lines: list[Line]) -> list[Line]:
    return [{**lines[0], "type": "session"}, *lines[1:]]


def altered_value(lines: list[Line]) -> list[Line]:
    return [{**line, "note": "forged"} if line["type"] == "session" else line for line in lines]


def left_out_value(lines: list[Line]) -> list[Line]:
    return [{k: v for k, v in line.items() if k != "complaint"} for line in lines]


def added_member(lines: list[Line]) -> list[Line]:
    return [{**lines[0], "email": "a@example.org"}, *lines[1:]]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (altered_value, "data-altered"),
        (left_out_value, "data-altered"),
        (added_member, "data-altered"),
        (removed, "data-missing"),
        (added, "data-added"),
        (repeated, "data-twice"),
        (no_record, "data-line"),
        (another_type, "data-added"),
    ],
)
def test_an_altered_export_is_found(
    pair: Pair, change: Callable[[list[Line]], list[Line]], code: str
) -> None:
    rewrite(pair.data, change)
    report = pair.check()
    assert report.exit == TAMPERED
    assert code in codes(report)


def test_an_older_version_is_found(api: Api, clinic: Clinic, tmp_path: Path) -> None:
    patient = api.patient(given_name="A")
    api("PATCH", f"/v1/patients/{patient['id']}", json={"given_name": "B"}, headers=MERGE)
    pair = Pair(clinic, tmp_path)
    assert pair.check().exit == CLEAN
    rewrite(pair.data, lambda lines: [{**line, "given_name": "A"} for line in lines])
    assert codes(pair.check()) == {"data-altered"}


def test_a_record_of_another_clinic_is_found(pair: Pair, other_api: Api) -> None:
    other = other_api.patient()
    stolen = {"type": "patient", "id": other["id"], "status": "active", "identifiers": []}
    rewrite(pair.data, lambda lines: [*lines, stolen])
    assert codes(pair.check()) == {"data-added"}


def test_an_export_of_another_clinic_is_undecidable(
    pair: Pair, other_api: Api, clinic: Clinic, tmp_path: Path
) -> None:
    theirs = UUID(other_api.get("/v1/clinic").json()["id"])
    other = data_export(Clinic(theirs, clinic.database), tmp_path / "other")
    report = verify(pair.audit, data=other)
    assert (report.exit, codes(report)) == (UNDECIDABLE, {"data"})


def test_a_newer_export_than_the_ledgers_is_undecidable(
    api: Api, clinic: Clinic, tmp_path: Path
) -> None:
    api.patient()
    older = audit_export(clinic, tmp_path / "audit")
    api.patient()
    report = verify(older, data=data_export(clinic, tmp_path / "data"))
    assert (report.exit, codes(report)) == (UNDECIDABLE, {"data"})
    assert "get a newer audit export" in report.text()


def erase(clinic: Clinic, patient_id: str) -> None:
    policy = clinic.operation("retention.policy")
    perform(clinic.database, policy, lambda: retention.set_policy(policy, 10, 18))
    op = clinic.operation(retention.ERASE)
    op.at = LATE
    work = lambda: retention.erase(op, UUID(patient_id), "time is up")  # noqa: E731 - one expression
    perform(clinic.database, op, work, owning=True)


def test_an_erased_patient_is_in_no_later_export(api: Api, clinic: Clinic, tmp_path: Path) -> None:
    erased = api.session()
    api.patient()
    before = data_export(clinic, tmp_path / "before")
    erase(clinic, erased["patient_id"])
    pair = Pair(clinic, tmp_path)
    assert pair.check().exit == CLEAN
    # Their digests were destroyed with the bodies, so the earlier export can't be compared wholly.
    earlier = verify(pair.audit, data=before)
    assert (earlier.exit, codes(earlier)) == (UNDECIDABLE, {"data-erased"})
    # Back in a later export, they are strange.
    back = next(line for line in lines_of(before) if line["id"] == erased["patient_id"])
    rewrite(pair.data, lambda there: [*there, back])
    assert codes(pair.check()) == {"data-added"}


def test_a_forged_state_of_the_ledger_is_found(pair: Pair) -> None:
    file = pair.data / "datapackage.json"
    described = json.loads(file.read_bytes())
    forged = {**described, "ledger": {**described["ledger"], "leaf": "00" * 32}}
    put(pair.data, file.name, json.dumps(forged).encode())
    assert codes(pair.check()) == {"data-history"}


def test_an_export_that_is_not_whole_is_incomplete(pair: Pair) -> None:
    file = pair.data / "records.ndjson"
    file.write_bytes(file.read_bytes()[:-2])
    assert pair.check().exit == INCOMPLETE
    (pair.data / "MANIFEST.sha256").unlink()
    assert pair.check().exit == INCOMPLETE


def test_an_export_without_records_or_their_state_is_undecidable(
    pair: Pair, clinic: Clinic, tmp_path: Path
) -> None:
    research = data_export(clinic, tmp_path / "research", b"k" * 32)
    assert verify(pair.audit, data=research).exit == UNDECIDABLE
    assert "ledger" not in json.loads((research / "datapackage.json").read_bytes())
    put(pair.data, "datapackage.json", b"{}")
    assert pair.check().exit == UNDECIDABLE
    shutil.rmtree(pair.data)
    assert pair.check().exit != CLEAN


def test_the_report_says_what_was_compared(pair: Pair) -> None:
    state = json.loads((pair.data / "datapackage.json").read_bytes())["ledger"]
    lines = (pair.audit / "entries.ndjson").read_bytes().splitlines()
    at = json.loads(lines[state["size"] - 1])["entry"]["at"]
    records, report = len(lines_of(pair.data)), pair.check()
    shown = {"records": records, "entry": state["size"], "at": at}
    assert json.loads(report.json())["data"] == shown
    sentence = f"compared {records} records of a data export, as of entry {state['size']} ({at})"
    assert sentence in report.text()
    alone = verify(pair.audit)
    assert json.loads(alone.json())["data"] is None
    assert "data export" not in alone.text()


def test_a_file_that_is_not_the_listed_one_is_found(pair: Pair) -> None:
    table = pair.data / "patients.ndjson"
    content = table.read_bytes()
    table.write_bytes(content.replace(b"active", b"closed") + b"{}\n")
    assert (pair.check().exit, codes(pair.check())) == (TAMPERED, {"data-file"})
    table.write_bytes(content[:-5])
    assert (pair.check().exit, codes(pair.check())) == (INCOMPLETE, {"data-incomplete"})
    table.unlink()
    assert (pair.check().exit, codes(pair.check())) == (INCOMPLETE, {"data-incomplete"})
    table.symlink_to(pair.data / "records.ndjson")
    assert (pair.check().exit, codes(pair.check())) == (TAMPERED, {"data-file"})


def test_a_file_that_is_not_listed_is_undecidable(pair: Pair) -> None:
    (pair.data / "notes.txt").write_text("x")
    report = pair.check()
    assert (report.exit, codes(report)) == (UNDECIDABLE, {"data-extra-file"})
    assert "'notes.txt'" in report.text()


@pytest.mark.parametrize("line", [b"\xff\n", b"no digest\n", b"\n", b"0" * 64 + b"  ../x\n"])
def test_a_manifest_of_other_lines_is_tampered(pair: Pair, line: bytes) -> None:
    with (pair.data / "MANIFEST.sha256").open("ab") as file:
        file.write(line)
    assert pair.check().exit == TAMPERED
    assert "data-file" in codes(pair.check())


def test_a_manifest_that_is_cut_off_is_incomplete(pair: Pair) -> None:
    file = pair.data / "MANIFEST.sha256"
    file.write_bytes(file.read_bytes()[:-3])
    assert pair.check().exit == INCOMPLETE


def test_a_repeated_member_is_found(pair: Pair) -> None:
    first, *others = (pair.data / "records.ndjson").read_bytes().splitlines(keepends=True)
    # Most readers take the last one, but some the first.
    twice = first.replace(b"{", b'{"type":"forged",', 1)
    put(pair.data, "records.ndjson", b"".join([twice, *others]))
    report = pair.check()
    assert report.exit == TAMPERED
    assert "data-line" in codes(report)
