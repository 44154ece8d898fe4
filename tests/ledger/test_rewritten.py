"""A ledger rewritten with the right key is revealed by the root or by its own entries."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.ledger.format import account
from app.ledger.format.entry import body_digest, canonical
from app.ledger.format.folder import Exported
from app.ledger.format.lines import entry_line, entry_row
from app.ledger.format.report import Report
from app.ledger.format.verify import verify
from tests.ledger.exported import Log, altered, entries, public_part, signed_again

Entries = list[Exported]


@pytest.fixture(scope="session")
def log() -> Log:
    return Log(entries(310))


def codes(report: Report) -> set[str]:
    return {finding.code for finding in report.findings if finding.severity != "note"}


def remade(folder: Path, log: Log, entries: Entries, **manifest: Any) -> Report:
    """Put other entries under the log's checkpoint, and sign a matching manifest."""
    log.write(folder, earlier=(5, 256))
    (folder / "entries.ndjson").write_bytes(b"".join(entry_line(*entry[1:]) for entry in entries))
    header = (folder / "entries.csv").read_bytes().splitlines(keepends=True)[0]
    rows = b"".join(entry_row(entry.public) for entry in entries)
    (folder / "entries.csv").write_bytes(header + rows)
    signed_again(folder, log, **manifest)
    return verify(folder)


def renumbered(entries: Entries) -> Entries:
    return [altered(entry, number=number) for number, entry in enumerate(entries, 1)]


def swapped(entries: Entries) -> Entries:
    return [*entries[:7], entries[8], entries[7], *entries[9:]]


def with_another_body(entries: Entries) -> Entries:
    change = next(entry for entry in entries if entry.body)
    return [e._replace(body=b'{"id":"other"}') if e is change else e for e in entries]


def altered_late(entries: Entries) -> Entries:
    return [*entries[:299], altered(entries[299], actor="other"), *entries[300:]]


def of_another_clinic(entries: Entries) -> Entries:
    return [altered(entries[0], clinic_id="other"), *entries[1:]]


@pytest.mark.parametrize(
    ("rewrite", "found"),
    [
        (altered_late, {"root"}),
        (lambda entries: renumbered(swapped(entries)), {"root", "history"}),
        (swapped, {"root", "number", "history"}),
        (with_another_body, {"body"}),
        (of_another_clinic, {"root", "clinic", "history"}),
    ],
)
def test_the_root_reveals_other_entries_under_an_old_checkpoint(
    tmp_path: Path, log: Log, rewrite: Callable[[Entries], Entries], found: set[str]
) -> None:
    report = remade(tmp_path / "export", log, rewrite(log.entries))
    assert report.exit == 2
    assert codes(report) - {"version"} == found


def test_earlier_checkpoints_tell_how_far_the_entries_are_right(tmp_path: Path, log: Log) -> None:
    later = [*log.entries[:-1], altered(log.entries[-1], actor="other")]
    assert "left out after entry 256." in remade(tmp_path / "export", log, later).text()


@pytest.mark.parametrize("manifest", [{}, {"last": 309}])
def test_a_dropped_entry_is_found_whatever_the_manifest_says(
    tmp_path: Path, log: Log, manifest: dict[str, int]
) -> None:
    fewer = renumbered(log.entries[:100] + log.entries[101:])
    assert remade(tmp_path / "export", log, fewer, **manifest).exit == 2


def test_an_additional_entry_is_found(tmp_path: Path, log: Log) -> None:
    more = [*log.entries, altered(log.entries[0], number=311)]
    assert remade(tmp_path / "export", log, more).exit == 2
    assert remade(tmp_path / "other", log, more, last=311).exit == 2


def test_a_table_that_differs_from_the_entries_is_found(tmp_path: Path, log: Log) -> None:
    export = log.write(tmp_path / "export")
    good = (export / "entries.csv").read_bytes()
    line = good.index(b"r-100,")
    wrong = {
        "entry 100": good[:line] + b"R" + good[line + 1 :],
        "isn't the table": good + b"\r\n",
        "table of these": good.replace(b"actor", b"Actor", 1),
        "cut": good[:-30],
    }
    for fault, table in wrong.items():
        (export / "entries.csv").write_bytes(table)
        signed_again(export, log)
        report = verify(export)
        assert (report.exit, codes(report)) == (2, {"table"})
        assert fault == "cut" or fault in report.text()


@pytest.mark.parametrize("outside", ['{"first":1,"hashes":[],"last":9}', "[]", "[[[", '"x"', "NaN"])
def test_hashes_that_do_not_match_are_found(tmp_path: Path, log: Log, outside: str) -> None:
    export = log.write(tmp_path / "export")
    (export / "outside.json").write_text(outside + "\n")
    signed_again(export, log)
    assert (verify(export).exit, codes(verify(export))) == (2, {"malformed"})


def test_hashes_of_another_range_are_found(tmp_path: Path, log: Log) -> None:
    export = log.write(tmp_path / "export", 100, 200)
    for change in (b'","', b'"0000'):
        text = (export / "outside.json").read_bytes()
        fewer = text[: text.index(b'","')] + text[text.index(b'"]') :]
        other = text.replace(text[text.index(b'["') + 2 :][:4], b"0000", 1)
        (export / "outside.json").write_bytes(fewer if change == b'","' else other)
        signed_again(export, log)
        assert (verify(export).exit, codes(verify(export)) & {"outside", "root"}) != (0, set())
        (export / "outside.json").write_bytes(text)


def test_a_checkpoint_of_another_clinic_is_found(tmp_path: Path, log: Log) -> None:
    export = log.write(tmp_path / "export", earlier=[5])
    other = Log(log.entries, origin="needlework.ledger/other")
    for name in ("checkpoint", "checkpoints/5"):
        good = (export / name).read_bytes()
        (export / name).write_bytes(other.checkpoint(5 if "/" in name else None))
        signed_again(export, log)
        report = verify(export)
        assert (report.exit, codes(report)) == (2, {"checkpoint"})
        assert f"{name} is of another ledger." in report.text()
        (export / name).write_bytes(good)


def test_an_earlier_checkpoint_of_a_larger_or_another_tree_is_found(
    tmp_path: Path, log: Log
) -> None:
    export = Log(log.entries[:200]).write(tmp_path / "export", earlier=[5])
    rewritten = Log([altered(log.entries[0], actor="other"), *log.entries[1:]])
    forged = {"310": log.checkpoint(), "7": log.checkpoint(8), "9": rewritten.checkpoint(9)}
    for name, note in forged.items():
        (export / "checkpoints" / name).write_bytes(note)
        signed_again(export, log)
        assert codes(verify(export)) == {"history" if name == "9" else "checkpoint"}
        (export / "checkpoints" / name).unlink()


def destroyed(log: Log, number: int, erasures: list[int]) -> Log:
    """A body is gone; these entries, if any, erase its patient."""
    entry = log.entries[number - 1]
    erase = {"operation": "patients.erase", "patient_id": public_part(entry)["patient_id"]}
    found = list(log.entries)
    for at in erasures:
        found[at - 1] = altered(found[at - 1], kind="change", version=None, **erase)
    found[number - 1] = found[number - 1]._replace(body=None, salt=None)
    return Log(found)


@pytest.mark.parametrize(
    ("after", "last", "exit_code"),
    [([12], 20, 0), ([], 20, 2), ([-1], 20, 2), ([12], 15, 0), ([17], 15, 4), ([], 15, 4)],
)
def test_an_erased_body_needs_a_later_erasure_entry(
    tmp_path: Path, after: list[int], last: int, exit_code: int
) -> None:
    plain = Log([altered(entry, version=None) for entry in entries(20)])
    number = next(e.number for e in plain.entries[1:] if e.body)
    erasures = [number - 1 if at < 0 else at for at in after]
    report = verify(destroyed(plain, number, erasures).write(tmp_path / "export", 1, last))
    assert report.exit == exit_code
    assert codes(report) == ({"destroyed"} if exit_code else set())
    assert report.bodies_destroyed == 1


def test_a_body_without_its_salt_is_not_an_erased_one(tmp_path: Path) -> None:
    log = Log(entries(20))
    number = next(e.number for e in log.entries if e.body)
    bare = log.entries[number - 1]
    for broken in (bare._replace(salt=None), bare._replace(body=None)):
        log.entries[number - 1] = broken
        report = verify(log.write(tmp_path / f"export{broken.salt is None}"))
        assert (report.exit, codes(report)) == (2, {"body"})


def test_a_body_without_a_digest_is_found(tmp_path: Path) -> None:
    log = Log(entries(20))
    log.entries[3] = altered(log.entries[3], body_digest=None)._replace(body=b"{}", salt=b"0" * 16)
    assert codes(verify(log.write(tmp_path / "export"))) == {"body"}


def versioned(*versions: int) -> Log:
    public = public_part(next(entry for entry in entries(20) if entry.body))
    made = []
    for number, version in enumerate(versions, 1):
        salt, body = b"0" * 16, canonical({"v": version})
        digest = body_digest(salt, body).hex()
        members = {**public, "number": number, "version": version, "body_digest": digest}
        made.append(Exported(number, canonical(members), body, salt))
    return Log(made)


@pytest.mark.parametrize(
    ("versions", "first", "exit_code"),
    [
        ((1, 2, 3), 1, 0),
        ((1, 3), 1, 2),
        ((2, 3), 1, 2),
        ((1, 1), 1, 2),
        ((1, 2, 1), 1, 2),
        ((1, 2, 3), 2, 0),
        ((1, 2, 4), 2, 2),
    ],
)
@pytest.mark.parametrize("block_bytes", [8 * 1024 * 1024, 1])
def test_versions_of_a_record_rise_by_one(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    versions: tuple[int, ...],
    first: int,
    exit_code: int,
    block_bytes: int,
) -> None:
    monkeypatch.setattr("app.ledger.format.blocks.BLOCK_BYTES", max(block_bytes, 700))
    report = verify(versioned(*versions).write(tmp_path / "export", first))
    assert (report.exit, codes(report)) == (exit_code, {"version"} if exit_code else set())


def test_many_processes_find_the_same_as_one(
    tmp_path: Path, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = log.write(tmp_path / "good", 3, earlier=(5, 256))
    bad = tmp_path / "bad"
    remade(bad, log, swapped(log.entries))
    alone = [verify(folder).document() for folder in (good, bad)]
    monkeypatch.setattr(account, "PARALLEL_BYTES", 0)
    monkeypatch.setattr("app.ledger.format.blocks.BLOCK_BYTES", 9_000)
    assert [verify(folder).document() for folder in (good, bad)] == alone
    assert [document["exit"] for document in alone] == [0, 2]


lines = st.lists(
    st.binary(max_size=40)
    | st.sampled_from([
        b'{"body":null,"entry":{},"salt":null}',
        b'{"body":null,"entry":[],"salt":null}',
        b'{"body":null,"entry":' + b"[" * 2_000 + b',"salt":null}',
        b'{"body":null,"entry":' + b"9" * 4_999 + b',"salt":null}',
        b'{"body":null,"entry":"\\ud800","salt":"zz"}',
        b"",
    ]),
    max_size=4,
)  # fmt: skip


@given(lines, st.sampled_from(["entries.ndjson", "entries.csv", "checkpoint", "policy"]))
def test_no_content_of_a_file_makes_the_verifier_crash(
    tmp_path: Path, found: list[bytes], name: str
) -> None:
    log = Log(entries(20))
    shutil.rmtree(tmp_path / "export", ignore_errors=True)
    export = log.write(tmp_path / "export")
    (export / name).write_bytes(b"\n".join([*found, b""]))
    signed_again(export, log)
    assert verify(export).exit == 2


def test_findings_of_one_kind_are_counted_rather_than_listed(tmp_path: Path, log: Log) -> None:
    others = [altered(entry, clinic_id="other") for entry in log.entries]
    report = remade(tmp_path / "export", log, others)
    listed = sum(finding.code == "clinic" for finding in report.findings)
    assert listed + report.unlisted["clinic"] == 310
    assert listed == 20
    assert "290 more with the code clinic" in report.text()
