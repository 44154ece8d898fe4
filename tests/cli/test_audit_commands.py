"""The `audit` and `retention` commands: exit codes, messages, and never a traceback."""

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from app.core.values.clock import uuid7
from app.ledger import signing
from app.ledger.format.note import Note
from app.ledger.format.policy import Policy
from app.ledger.models import LedgerCheckpoint
from tests.cli.program import Ran, run, url_of, within
from tests.ground import Api, Clinic, create_clinic
from tests.ledger.attacker import (
    drop,
    edited,
    forge,
    history,
    kept,
    owning,
    remember,
    rewrite,
    seal,
    size_of,
)

Program = Callable[..., Ran]
DONE, FAILED, USAGE = 0, 1, 2
TAMPERED, INCOMPLETE, UNDECIDABLE = 2, 3, 4


@pytest.fixture(name="on")
def program_on_any_database(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Program:
    def on(url: str, *arguments: object) -> Ran:
        ran = within(monkeypatch, capsys, url, *map(str, arguments))
        assert "Traceback" not in ran.err
        return ran

    return on


@pytest.fixture(name="audit")
def audit_of_the_clinic(on: Program, clinic: Clinic) -> Program:
    return audit_of(on, clinic)


def audit_of(on: Program, clinic: Clinic) -> Program:
    def audit(command: str, *more: object) -> Ran:
        return on(url_of(clinic.database), "audit", command, *more, "--clinic", clinic.id)

    return audit


@pytest.fixture(name="retention")
def retention_in_the_clinic(on: Program, clinic: Clinic) -> Program:
    def retention(command: str, *more: object) -> Ran:
        return on(url_of(clinic.database), "retention", command, *more, "--clinic", clinic.id)

    return retention


def verify(on: Program, *arguments: object) -> Ran:
    """Check an export as an auditor does, who has no database."""
    return on("sqlite:////nowhere/at/all.db", "audit", "verify", *arguments)


def test_an_export_is_written_checked_and_compared(
    audit: Program, on: Program, clinic: Clinic, tmp_path: Path
) -> None:
    remember(clinic, 20)
    policy, held = tmp_path / "policy", kept(tmp_path, seal(clinic))
    shown = audit("policy")
    assert Policy.parse(shown.out.encode()) == signing.policy(clinic.id)
    policy.write_text(shown.out)
    folder = tmp_path / "export"
    done = audit("export", folder)
    origin = signing.origin(clinic.id)
    last = size_of(clinic)
    assert done == Ran(DONE, f"Entries 1 to {last} of {origin} are in {folder}.\n", "")
    assert history(clinic)[-1]["actor"].startswith("cli:")
    clean = verify(on, folder, "--policy", policy, "--held", held)
    assert (clean.code, clean.err) == (DONE, "")
    assert "CLEAN" in clean.out
    report = verify(on, folder, "--policy", policy, "--json").data
    assert (report["verdict"], report["exit"], report["pinned"]) == ("clean", 0, True)
    answer = audit("export", tmp_path / "again", "--json").data
    assert answer == {
        "origin": origin,
        "first": 1,
        "last": last + 1,
        "directory": str(tmp_path / "again"),
    }


def test_the_exit_code_of_verify_is_its_verdict(
    audit: Program, on: Program, clinic: Clinic, tmp_path: Path
) -> None:
    remember(clinic, 20)
    held = kept(tmp_path, seal(clinic))
    folder = tmp_path / "export"
    assert audit("export", folder).code == DONE
    altered = folder / "entries.ndjson"
    whole = altered.read_bytes()
    for data, code, word in (
        (whole.replace(b'"patients.create"', b'"patients.delete"', 1), TAMPERED, "TAMPERED"),
        (whole[:-40], INCOMPLETE, "INCOMPLETE"),
        (whole, DONE, "CLEAN"),
    ):
        altered.write_bytes(data)
        found = verify(on, folder)
        assert (found.code, word in found.out) == (code, True)
    (folder / "manifest").unlink()
    assert verify(on, folder).code == INCOMPLETE
    assert verify(on, tmp_path / "nowhere").code == UNDECIDABLE
    rewrite(clinic, edited(7))
    assert audit("export", tmp_path / "lie").code == DONE
    assert verify(on, tmp_path / "lie").code == DONE
    found = verify(on, tmp_path / "lie", "--held", held)
    assert (found.code, "the ledger was rewritten" in found.out.replace("\n", " ")) == (2, True)


def test_export_says_why_it_fails(audit: Program, clinic: Clinic, tmp_path: Path) -> None:
    remember(clinic, 300)
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "letter").touch()
    (tmp_path / "file").touch()
    for arguments, told in (
        ((foreign,), "has other files"),
        ((tmp_path / "file",), "can't be written: Not a directory"),
        ((tmp_path / "file" / "below",), "can't be written: Not a directory"),
        ((tmp_path / "old", "--to", "2001-01-01"), "no entry from that period"),
        ((tmp_path / "new", "--from", "2999-01-01T00:00:00Z"), "no entry from that period"),
    ):
        refused = audit("export", *arguments)
        assert (refused.code, refused.out) == (FAILED, "")
        assert told in refused.err
    assert audit("export", tmp_path / "x", "--from", "yesterday").code == USAGE
    assert audit("export").code == USAGE
    drop(clinic, 5)
    broken = audit("export", tmp_path / "broken")
    assert (broken.code, broken.out) == (TAMPERED, "")
    assert "An entry is missing" in broken.err


def test_a_period_is_exported_and_is_clean(
    audit: Program, on: Program, clinic: Clinic, tmp_path: Path
) -> None:
    remember(clinic, 20)
    day = history(clinic)[0]["at"]
    spans = ((f"{day:%Y-%m-%d}", "2999-01-01"), (f"{day:%Y-%m-%dT%H:%M:%S}+00:00", "2999-12-31"))
    for number, (start, end) in enumerate(spans):
        folder = tmp_path / str(number)
        assert audit("export", folder, "--from", start, "--to", end).code == DONE
        assert verify(on, folder).code == DONE


def test_a_key_is_created_once_and_private_to_its_account(on: Program, tmp_path: Path) -> None:
    file, url = tmp_path / "keys" / "ledger.pem", "sqlite:////nowhere/at/all.db"
    made = on(url, "audit", "key", file)
    assert (made.code, made.out) == (DONE, "")
    assert "Keep a copy" in made.err
    assert file.stat().st_mode & 0o777 == 0o600
    before = file.read_bytes()
    again = on(url, "audit", "key", file)
    assert (again.code, "Nothing was changed" in again.err) == (FAILED, True)
    assert file.read_bytes() == before
    below = on(url, "audit", "key", file / "below")
    assert (below.code, "can't be written" in below.err) == (FAILED, True)
    # In this test, the key is a setting and not a file.
    unnamed = on(url, "audit", "key")
    assert (unnamed.code, "Name the file" in unnamed.err) == (FAILED, True)


def test_a_command_without_its_key_says_so(
    audit: Program, clinic: Clinic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = size_of(clinic)
    signing._keys.cache_clear()  # noqa: SLF001 - a process reads its key once
    monkeypatch.setenv("NEEDLEWORK_LEDGER_KEY", "not a key")
    for command in (("export", tmp_path / "export"), ("policy",)):
        refused = audit(*command)
        assert (refused.code, refused.out) == (FAILED, "")
        assert "no usable key" in " ".join(refused.err.split())
    assert size_of(clinic) == size
    signing._keys.cache_clear()  # noqa: SLF001 - the next test's process has its key


def spoil_checkpoint(clinic: Clinic) -> None:
    """Sign a checkpoint, and spoil it in the database."""
    seal(clinic)
    with owning(clinic) as db:
        mine = LedgerCheckpoint.clinic_id == clinic.id
        assert db.execute(update(LedgerCheckpoint).where(mine).values(note="garbage")).rowcount


def test_a_key_that_never_signed_this_ledger_signs_only_on_request(
    on: Program, alone: Clinic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    audit = audit_of(on, alone)

    def uses(*pems: Path) -> None:
        signing._keys.cache_clear()  # noqa: SLF001 - a process reads its key once
        monkeypatch.setenv("NEEDLEWORK_LEDGER_KEY", "".join(pem.read_text() for pem in pems))

    def found_by_doctor() -> str:
        findings = on(url_of(alone.database), "doctor", "--json").data
        return " ".join(f["found"] for f in findings if f["check"] == "signing key")

    old, new = tmp_path / "old.pem", tmp_path / "new.pem"
    for file in (old, new):
        signing.make_key(file)
    uses(old)
    assert audit("export", tmp_path / "1").code == DONE
    uses(new)
    refused = audit("export", tmp_path / "2")
    assert (refused.code, "did not sign this ledger" in " ".join(refused.err.split())) == (1, True)
    assert "not the key that signed before" in found_by_doctor()
    spoil_checkpoint(create_clinic(alone.database))
    assert "not the key that signed before" in found_by_doctor()
    uses(old, new)
    assert audit("export", tmp_path / "3").code == DONE
    uses(new)
    assert audit("export", tmp_path / "4").code == DONE
    uses(old)
    assert audit("export", tmp_path / "5").code == FAILED
    assert audit("export", tmp_path / "5", "--new-key").code == DONE
    signing._keys.cache_clear()  # noqa: SLF001 - the next test's process has its key


def test_doctor_names_a_checkpoint_that_cannot_be_read(on: Program, alone: Clinic) -> None:
    spoil_checkpoint(alone)
    findings = on(url_of(alone.database), "doctor", "--deep", "--json").data
    broken = {f["check"] for f in findings if "checkpoint can't be read" in f["found"]}
    assert broken == {"signing key", "state"}


def test_a_report_that_can_not_be_written_gives_no_verdict(audit: Program, tmp_path: Path) -> None:
    assert audit("export", tmp_path / "export").code == DONE
    with Path("/dev/full").open("w") as full:
        ran = subprocess.run(
            [sys.executable, "-I", "verify.py", "."],
            cwd=tmp_path / "export",
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (ran.returncode, ran.stderr) == (
        UNDECIDABLE,
        "The report can't be written: No space left on device.\n",
    )


def test_an_unknown_clinic_is_reported(on: Program, clinic: Clinic, tmp_path: Path) -> None:
    url, patient = url_of(clinic.database), uuid7()
    for command in (
        ("audit", "export", tmp_path / "x"),
        ("audit", "policy"),
        ("retention", "policy", "--years", 10),
        ("retention", "due", patient),
        ("retention", "erase", patient, "--reason", "r"),
    ):
        refused = on(url, *command, "--clinic", uuid7())
        assert (refused.code, refused.out) == (FAILED, "")
        assert "no clinic with this id" in refused.err


def test_a_record_is_retained_held_released_and_erased_when_due(
    retention: Program, api: Api
) -> None:
    patient = api.patient(birth_date="1980-01-01")["id"]
    why = ("--reason", "asked by letter")

    def refused(told: str, *command: object) -> bool:
        ran = retention(*command)
        return (ran.code, ran.out, told in " ".join(ran.err.split())) == (FAILED, "", True)

    assert refused("Set a retention policy first", "due", patient)
    assert refused("Set a retention policy first", "erase", patient, *why)
    said = retention("policy", "--years", 7)
    assert (said.code, said.out) == (
        DONE,
        "Records are kept for 7 years; a child's years start at the age of 18.\n",
    )
    shown = retention("policy", "--years", 10, "--majority", 19, "--json").data
    assert (shown["years"], shown["majority_years"]) == (10, 19)
    due = retention("due", patient)
    assert (due.code, due.out.startswith("May be erased from 20")) == (DONE, True)
    assert retention("hold", patient, *why) == Ran(DONE, "On hold.\n", "")
    assert retention("due", patient).out.endswith("A legal hold is on the record.\n")
    assert retention("due", patient, "--json").data["on_hold"] is True
    assert refused("release it first", "erase", patient, *why)
    assert retention("release", patient, *why) == Ran(DONE, "Released.\n", "")
    assert refused("must be kept until", "erase", patient, *why)
    for command in (("due",), ("hold", *why), ("release", *why), ("erase", *why)):
        name, *options = command
        assert refused("no patient with this id", name, uuid7(), *options), name
    feed = [c for c in api.get("/v1/changes").json()["items"] if "retention" in c["operation"]]
    assert [c["reason"] for c in feed] == [None, None, why[1], why[1]]
    assert api.get(f"/v1/patients/{patient}").status_code == 200


def test_a_record_that_is_due_is_erased_permanently(
    retention: Program, api: Api, clinic: Clinic
) -> None:
    patient = api.patient(birth_date="1980-01-01")["id"]
    assert retention("policy", "--years", 1).code == DONE
    long_ago(clinic)
    erased = retention("erase", patient, "--reason", "the time is up")
    assert erased == Ran(DONE, "Erased. The ledger has an entry of it.\n", "")
    assert api.get(f"/v1/patients/{patient}").status_code == 404
    assert retention("erase", patient, "--reason", "once more").code == FAILED


def long_ago(clinic: Clinic) -> None:
    """Move all records and entries back, as if nothing had been written for years."""
    rewrite(clinic, lambda entries: [forge(e, at=e["at"] - timedelta(days=900)) for e in entries])


@pytest.mark.parametrize(
    "command",
    [
        ("policy",),
        ("policy", "--years", "0"),
        ("policy", "--years", "101"),
        ("policy", "--years", "10", "--majority", "31"),
        ("due", "nobody"),
        ("due",),
        ("hold", str(uuid7())),
        ("hold", str(uuid7()), "--reason", " "),
        ("erase", str(uuid7()), "--reason", "x" * 501),
        ("release", str(uuid7()), "--reason", "nul\0"),
        ("hold", str(uuid7()), "--reason", "red \x1b[31m"),
        ("hold", str(uuid7()), "--reason", "two\nlines"),
        ("hold", str(uuid7()), "--reason", "half a letter \ud800"),
    ],
)
def test_wrong_usage_is_reported(retention: Program, command: tuple[str, ...]) -> None:
    ran = retention(*command)
    assert (ran.code, ran.out) == (USAGE, "")
    assert "Usage" in ran.err


def test_help_names_every_command(on: Program) -> None:
    url = "sqlite:////nowhere/at/all.db"
    for group, commands in (
        ("audit", ("export", "verify", "policy", "key", "witness")),
        ("retention", ("policy", "hold", "release", "due", "erase")),
    ):
        result = on(url, group, "--help").out
        assert all(f" {command} " in result for command in commands)


def test_the_exports_own_verifier_confirms_the_real_programs_export(
    clinic: Clinic, tmp_path: Path
) -> None:
    remember(clinic, 5)
    url, folder = url_of(clinic.database), tmp_path / "export"
    done = run(url, tmp_path, "audit", "export", str(folder), "--clinic", str(clinic.id), "--json")
    assert (done.code, done.data["last"]) == (DONE, size_of(clinic))
    command = [sys.executable, "-I", str(folder / "verify.py"), str(folder), "--json"]
    alone = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (alone.returncode, alone.stderr) == (DONE, "")
    assert json.loads(alone.stdout)["entries"]["read"] == size_of(clinic)
    assert Note.parse((folder / "manifest").read_bytes()).verified_by(
        signing.verifiers(clinic.id)[0]
    )
