"""The verifier finds and reports every difference from what the ledger recorded."""

import dataclasses
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.ledger.format.folder import into_folder
from app.ledger.format.note import Note
from app.ledger.format.policy import Group, Policy
from app.ledger.format.report import Report
from app.ledger.format.verify import main, verify
from tests.ledger.exported import ORIGIN, Log, altered, entries, key

EARLIER = (0, 5, 255, 256, 300)
FILES = (
    "README.md",
    "checkpoint",
    "checkpoints/300",
    "entries.csv",
    "entries.ndjson",
    "manifest",
    "outside.json",
    "policy",
    "verify.py",
)


@pytest.fixture(scope="session")
def log() -> Log:
    return Log(entries(310))


@pytest.fixture(scope="session")
def whole(log: Log, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export that is never altered: tests copy it."""
    return log.write(tmp_path_factory.mktemp("whole") / "export", earlier=EARLIER)


@pytest.fixture
def export(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "export"))


def codes(report: Report) -> set[str]:
    return {finding.code for finding in report.findings if finding.severity != "note"}


def kept(folder: Path, data: bytes) -> Path:
    file = folder.parent / "kept"
    file.write_bytes(data)
    return file


def test_an_export_as_it_was_written_is_clean(export: Path) -> None:
    report = verify(export)
    assert (report.exit, codes(report), report.entries) == (0, set(), 310)
    assert not report.pinned
    assert report.keys == [str(key().verifier)]
    assert sum(report.kinds.values()) == sum(report.actors.values()) == 310


@pytest.mark.parametrize(
    ("first", "last"), [(1, 310), (1, 256), (2, 310), (257, 310), (60, 70), (310, 310), (200, 199)]
)
def test_a_part_of_a_ledger_is_clean(log: Log, tmp_path: Path, first: int, last: int) -> None:
    earlier = [size for size in EARLIER if size >= first - 1]
    report = verify(log.write(tmp_path / "part", first, last, earlier=earlier))
    assert (report.exit, codes(report)) == (0, set())
    assert report.entries == last - first + 1


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_small_ledger_is_clean(tmp_path: Path, count: int) -> None:
    assert verify(Log(entries(count)).write(tmp_path / "small")).exit == 0


@settings(max_examples=300)
@given(
    name=st.sampled_from(FILES),
    where=st.floats(0, 1, exclude_max=True),
    how=st.sampled_from(["alter", "flip", "remove", "add", "swap"]),
    byte=st.integers(0, 255),
)
@example(name="manifest", where=0.999, how="remove", byte=10)
@example(name="entries.ndjson", where=0.9999999, how="remove", byte=10)
@example(name="manifest", where=0.999, how="add", byte=10)
def test_a_single_wrong_byte_is_found(
    whole: Path, tmp_path: Path, name: str, where: float, how: str, byte: int
) -> None:
    export = Path(shutil.copytree(whole, tmp_path / "e", dirs_exist_ok=True))
    data = bytearray((whole / name).read_bytes())
    at = int(where * len(data))
    if how == "alter":
        data[at] = byte
    elif how == "flip":
        data[at] ^= 1 << byte % 8
    elif how == "remove":
        del data[at]
    elif how == "add":
        data.insert(at + byte % 2, byte)
    elif at:
        data[at - 1], data[at] = data[at], data[at - 1]
    (export / name).write_bytes(data)
    same = bytes(data) == (whole / name).read_bytes()
    report = verify(export)
    assert (report.exit == 0) == same
    assert all(finding.sentence.endswith(".") for finding in report.findings)


@pytest.mark.parametrize("name", [*FILES[:5], *FILES[6:]])
def test_a_missing_file_makes_an_export_incomplete(export: Path, name: str) -> None:
    (export / name).unlink()
    report = verify(export)
    assert (report.exit, codes(report)) == (3, {"missing-file"})
    assert f"{name} is missing." in report.text()


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("left", [0.0, 0.5])
def test_a_file_cut_off_makes_an_export_incomplete(export: Path, name: str, left: float) -> None:
    data = (export / name).read_bytes()
    (export / name).write_bytes(data[: int(len(data) * left)])
    report = verify(export)
    assert (report.exit, codes(report)) == (3, {"cut-off"})


@pytest.mark.parametrize("how", ["shorter", "as long", "longer", "left out"])
def test_a_different_row_of_the_table_is_tampering(export: Path, how: str) -> None:
    rows = (export / "entries.csv").read_bytes().splitlines(keepends=True)
    [at] = [index for index, row in enumerate(rows) if b",150," in row]
    row = rows[at]
    others = {"shorter": row[1:], "as long": b"x" + row[1:], "longer": b"x" + row, "left out": b""}
    (export / "entries.csv").write_bytes(b"".join((*rows[:at], others[how], *rows[at + 1 :])))
    report = verify(export)
    assert (report.exit, codes(report)) == (2, {"table"})
    assert [finding.entry for finding in report.findings if finding.code == "table"] == [150]


def test_a_gap_is_reported_once_at_its_beginning(export: Path) -> None:
    lines = (export / "entries.ndjson").read_bytes().splitlines(keepends=True)
    (export / "entries.ndjson").write_bytes(b"".join(lines[:99] + lines[100:]))
    numbers = [found.entry for found in verify(export).findings if found.code == "number"]
    assert numbers == [100]


@pytest.mark.parametrize(
    ("trust", "told"),
    [
        ({}, ("CLEAN IN ITSELF", "not confirmed", "no earlier checkpoint", "no witness")),
        ({"policy": "policy"}, ("CLEAN:", "the key you gave", "no earlier checkpoint")),
        ({"policy": "policy", "held": "checkpoint"}, ("CLEAN:", "as new as this one")),
    ],
)
def test_a_report_names_the_checkpoint_it_was_compared_with(
    export: Path, trust: dict[str, str], told: tuple[str, ...]
) -> None:
    text = verify(export, **{name: export / file for name, file in trust.items()}).text()
    assert [part for part in told if part not in text] == []


def test_an_export_that_was_never_finished_is_incomplete(export: Path) -> None:
    (export / "manifest").unlink()
    assert (verify(export).exit, codes(verify(export))) == (3, {"unfinished"})


def test_tampering_outweighs_what_is_missing(export: Path) -> None:
    (export / "README.md").unlink()
    (export / "verify.py").write_text("#" * 200_000)
    report = verify(export)
    assert (report.exit, codes(report)) == (2, {"missing-file", "altered-file"})


@pytest.mark.parametrize("extra", ["more.txt", "checkpoints/301", "empty/", "link"])
def test_an_added_file_is_named_but_is_not_tampering(export: Path, extra: str) -> None:
    if extra.endswith("/"):
        (export / extra).mkdir()
    elif extra == "link":
        (export / extra).symlink_to(export / "checkpoints")
    else:
        (export / extra).write_text("x")
    assert (verify(export).exit, codes(verify(export))) == (4, {"extra-file"})


@pytest.mark.parametrize("name", ["policy", "manifest"])
def test_a_symbolic_link_is_not_a_file_of_the_export(export: Path, name: str) -> None:
    (export / name).rename(export.parent / "elsewhere")
    (export / name).symlink_to(export.parent / "elsewhere")
    assert (verify(export).exit, codes(verify(export))) == (2, {"altered-file"})


def test_a_folder_that_is_not_an_export_is_undecidable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "empty").mkdir()
    found = {name: verify(tmp_path / name) for name in ("none", "file", "empty")}
    assert {report.exit for report in found.values()} == {4}
    assert "doesn't exist" in found["none"].text()
    assert "unpack it first" in found["file"].text()
    assert "no export in this folder" in found["empty"].text()


def test_the_key_can_be_pinned(export: Path, log: Log) -> None:
    policy = kept(export, log.own_policy().encode())
    report = verify(export, policy)
    assert (report.exit, report.pinned, report.findings) == (0, True, [])


def test_the_wrong_key_is_tampering(export: Path) -> None:
    other = Policy((key(seed=2).verifier,))
    report = verify(export, kept(export, other.encode()))
    assert (report.exit, codes(report)) == (2, {"signature"})
    assert "isn't in your policy" in report.text()


def test_a_policy_for_another_ledger_is_undecidable(export: Path) -> None:
    other = Policy((key("needlework.ledger/other", 2).verifier,))
    report = verify(export, kept(export, other.encode()))
    assert (report.exit, codes(report)) == (4, {"other-log"})
    assert "Your policy isn't about the ledger" in report.text()


@pytest.mark.parametrize("content", [b"", b"nonsense\n", b"\xff\x00", None])
def test_an_unreadable_policy_or_checkpoint_is_reported(
    export: Path, content: bytes | None
) -> None:
    file = export.parent / "brought"
    if content is not None:
        file.write_bytes(content)
    for report in (verify(export, policy=file), verify(export, held=file)):
        assert report.exit == 4
        assert len(codes(report)) == 1


def test_two_keys_sign_while_one_replaces_the_other(tmp_path: Path) -> None:
    old, new = key(seed=1), key(seed=2)
    rotating = Log(entries(20), keys=[old, new])
    export = rotating.write(tmp_path / "export", earlier=[3])
    for signer in (old, new):
        policy = kept(export, Policy((signer.verifier,)).encode())
        report = verify(export, policy)
        assert (report.exit, report.findings) == (0, [])
        assert report.keys == [str(signer.verifier)]
    assert len(verify(export).keys) == 2
    third = kept(export, Policy((key(seed=3).verifier,)).encode())
    assert verify(export, third).exit == 2


def test_checkpoints_signed_by_an_older_key_of_the_export_are_trusted(tmp_path: Path) -> None:
    old, new = key(seed=1), key(seed=2)
    log = Log(entries(20), keys=[new], policy=Policy((new.verifier, old.verifier)))
    earlier = {3: Log(log.entries, keys=[old]).checkpoint(3)}
    made = dataclasses.replace(log.export(), earlier=earlier)
    into_folder(export := tmp_path / "export", made, log.source())
    report = verify(export, kept(export, Policy((new.verifier,)).encode()))
    assert (report.exit, report.findings) == (0, [])


def test_a_signature_that_can_not_be_checked_is_found(export: Path) -> None:
    note = Note.parse((export / "manifest").read_bytes())
    stranger = key("stranger", 9).sign(note.text)
    (export / "manifest").write_bytes(Note(note.text, (*note.signatures, stranger)).encode())
    assert (verify(export).exit, codes(verify(export))) == (2, {"signature"})


def witnessed(log: Log, size: int | None, *names: str) -> bytes:
    text = log.stated(size).text()
    signers = {name: key(name, 50 + ord(name[-1])) for name in names}
    return log.signed(text, *(signer.cosign(text, 1_790_000_000) for signer in signers.values()))


def two_of_three(log: Log) -> bytes:
    names = ("w1", "w2", "w3")
    witnesses = {name: key(name, 50 + ord(name[-1])).cosigner for name in names}
    return Policy(log.own_policy().logs, witnesses, {"g": Group(2, names)}, "g").encode()


@pytest.mark.parametrize(
    ("now", "then", "exit_code"),
    [
        (("w1", "w3"), None, 0),
        (("w1", "w2", "w3"), (), 0),
        (("w1",), None, 4),
        ((), ("w2",), 4),
        ((), ("w2", "w3"), 0),
        (("stranger",), None, 4),
    ],
)
def test_a_quorum_of_witnesses_must_have_cosigned(
    tmp_path: Path, log: Log, now: tuple[str, ...], then: tuple[str, ...] | None, exit_code: int
) -> None:
    export = log.write(tmp_path / "export", checkpoint=witnessed(log, None, *now))
    policy = kept(export, two_of_three(log))
    held = None
    if then is not None:
        held = tmp_path / "held"
        held.write_bytes(witnessed(log, 300, *then))
    report = verify(export, policy, held)
    assert report.exit == exit_code
    assert set(report.witnesses) == set(now) - {"stranger"}


def test_a_witness_s_false_signature_is_tampering(tmp_path: Path, log: Log) -> None:
    other = key("w1", 50 + ord("1")).cosign(log.stated(3).text(), 1_790_000_000)
    checkpoint = log.signed(log.stated().text(), other)
    export = log.write(tmp_path / "export", checkpoint=checkpoint)
    report = verify(export, kept(export, two_of_three(log)))
    assert (report.exit, codes(report)) == (2, {"witness"})


@pytest.mark.parametrize(
    ("size", "first", "last", "exit_code"),
    [
        (310, 1, 310, 0),
        (300, 1, 310, 0),
        (0, 1, 310, 0),
        (1, 1, 310, 0),
        (255, 100, 310, 0),
        (99, 100, 200, 0),
        (310, 100, 200, 0),
        (98, 100, 200, 4),
        (201, 100, 200, 4),
    ],
)
def test_the_ledger_continues_a_held_checkpoint(
    tmp_path: Path, log: Log, size: int, first: int, last: int, exit_code: int
) -> None:
    export = log.write(tmp_path / "export", first, last)
    report = verify(export, held=kept(export, log.checkpoint(size)))
    assert report.exit == exit_code
    assert codes(report) == ({"held"} if exit_code else set())


def test_a_held_checkpoint_of_more_entries_shows_that_the_ledger_was_cut(
    tmp_path: Path, log: Log
) -> None:
    export = Log(log.entries[:200]).write(tmp_path / "export")
    report = verify(export, held=kept(export, log.checkpoint()))
    assert (report.exit, codes(report)) == (2, {"held"})
    assert "covers 310 entries, the export's only 200" in report.text()


@pytest.mark.parametrize("size", [310, 300, 77])
def test_a_held_checkpoint_shows_a_rewriting_with_the_right_key(
    tmp_path: Path, log: Log, size: int
) -> None:
    forged = [altered(log.entries[0], actor="key:9"), *log.entries[1:]]
    export = Log(forged).write(tmp_path / "export")
    assert verify(export).exit == 0
    report = verify(export, held=kept(export, log.checkpoint(size)))
    assert (report.exit, codes(report)) == (2, {"held"})
    assert "rewritten" in report.text()


def test_a_held_checkpoint_of_another_ledger_is_undecidable(export: Path) -> None:
    other = Log(entries(3), origin=f"{ORIGIN}8", keys=[key(f"{ORIGIN}8")])
    report = verify(export, held=kept(export, other.checkpoint()))
    assert (report.exit, codes(report)) == (4, {"held"})
    assert "of another ledger" in report.text()


def test_an_unsigned_held_checkpoint_is_undecidable(export: Path) -> None:
    other = Log(entries(3), keys=[key(seed=5)])
    report = verify(export, held=kept(export, other.checkpoint()))
    assert (report.exit, codes(report)) == (4, {"held"})


def test_the_shipped_verifier_needs_no_other_file_of_ours(export: Path) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-I", "verify.py", *arguments]
        return subprocess.run(command, cwd=export, capture_output=True, text=True, check=False)

    clean = run(".")
    assert (clean.returncode, clean.stderr) == (0, "")
    assert "CLEAN" in clean.stdout
    document = json.loads(run(".", "--json").stdout)
    assert (document["verdict"], document["entries"]["read"]) == ("clean", 310)
    assert run("elsewhere").returncode == run("--nonsense").returncode == 4
    assert "exit codes" in run("--help").stdout
    (export / "policy").write_bytes((export / "policy").read_bytes().replace(b"7", b"8", 1))
    forged = run(".")
    assert (forged.returncode, forged.stderr) == (2, "")


def test_the_command_says_the_same_to_machines_and_people(
    export: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (export / "README.md").unlink()
    assert main([str(export), "--json"]) == 3
    document = json.loads(capsys.readouterr().out)
    assert main([str(export)]) == 3
    text = capsys.readouterr().out
    assert document["exit"] == 3
    assert "INCOMPLETE" in text
    assert all(finding["sentence"] in text for finding in document["findings"])
