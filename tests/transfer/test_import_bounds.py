"""An import gives up early on a file that is none of ours, and says so."""

import tempfile
from io import BytesIO
from pathlib import Path

import pytest

from app.core.http import uploads
from app.core.values import bounds
from app.transfer import service
from app.transfer.rows import TOO_MANY_LINES, rows
from tests.ground import Api
from tests.transfer.test_imports import counts, imported, lines, patients, post

NO_ROWS = [b"x\n", b"[]\n", b'{"type": "zebra"}\n', b'{"type": "patient", "given_name": "\xff"}\n']


@pytest.mark.bound("import-lines")
@pytest.mark.parametrize("bad", NO_ROWS)
def test_a_file_of_lines_that_are_no_rows_is_not_read_to_its_end(
    api: Api, bad: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "IMPORT_UNREADABLE_MAX", 300)
    good = lines(patients(1))
    report = imported(api, good + bad * 2 * service.BATCH_ROWS + good)
    assert (report["stopped_after"], report["created"]) == (2 * service.BATCH_ROWS, 1)
    assert report["errors"][-1]["code"] == "too_many_unreadable"


@pytest.mark.bound("import-lines")
@pytest.mark.parametrize("media", ["application/x-ndjson", "text/csv"])
@pytest.mark.parametrize("blank", [b"", b'"'], ids=["blank", "one quote"])
def test_a_file_of_too_many_lines_is_read_up_to_the_limit(
    api: Api, media: str, blank: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "IMPORT_LINES_MAX", 100)
    good = b"type\npatient\n" if media == "text/csv" else b'\n{"type": "patient"}\n'
    bad = blank if media == "text/csv" else b""
    answer = post(api, good + bad + b"\n" * 1000 + good, **{"Content-Type": media})
    report = answer.json()
    assert (answer.status_code, report["stopped_after"]) == (200, 100)
    assert (report["errors"][-1]["line"], report["errors"][-1]["code"]) == (100, "too_many_lines")
    assert counts(report)[0] == 1


def test_an_upload_that_finds_no_room_in_the_temporary_folder_is_unavailable(
    api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "IN_MEMORY_BYTES", 10)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    answer = post(api, lines(patients(2)))
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/unavailable")
    monkeypatch.undo()
    assert counts(imported(api, lines(patients(2)))) == (2, 0, 0)


@pytest.mark.bound("import-lines")
@pytest.mark.alike
@pytest.mark.parametrize("row", [b"", b"a", b'"'], ids=["blank", "text", "quotes"])
def test_a_long_file_of_one_quote_is_given_up_early(row: bytes) -> None:
    """It doesn't hold its place for a second per megabyte."""
    file = BytesIO(b'type,given_name\n"' + (row + b"\n") * 2_200_000)
    is_done, unreadable = False, 0
    for each in rows(file, "text/csv"):
        unreadable += each.fault is not None
        is_done = unreadable == bounds.IMPORT_UNREADABLE_MAX or each.fault is TOO_MANY_LINES
        if is_done:
            break
    assert is_done
