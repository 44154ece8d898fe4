"""An export can be streamed, interrupted and finished, and its verifier needs no other file."""

import ast
import csv
import io
import json
import math
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.ledger.format import lines
from app.ledger.format.entry import canonical
from app.ledger.format.folder import Exported, into_folder, parts, verifier, zipped
from app.ledger.format.lines import PUBLIC, entry_row, public_values
from app.ledger.format.verify import verify
from tests.ledger.exported import Log, entries

texts = st.text(st.characters(codec="utf-8"), max_size=12) | st.sampled_from(["=1", "a,b", "\r\n"])


def publics() -> st.SearchStrategy[dict[str, Any]]:
    counts = st.integers(1, 2**53 - 1)
    given: dict[str, st.SearchStrategy[Any]] = dict.fromkeys(PUBLIC, texts)
    given |= {name: texts | st.none() for name in lines.NULLABLE}
    given |= {"kind": st.sampled_from(lines.KINDS), "number": counts, "version": counts | st.none()}
    return st.fixed_dictionaries(given)


def log() -> Log:
    return Log(entries(1_100))


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@given(publics())
def test_a_row_says_what_the_entry_says(public: dict[str, Any]) -> None:
    values, row = public_values(canonical(public).decode())
    told = tuple("" if public[name] is None else str(public[name]) for name in PUBLIC)
    assert values == told
    cells = ["'" + value if value[:1] in set("=+-@\t\r") else value for value in told]
    assert list(csv.reader(io.StringIO(row, newline=""), strict=True)) == [cells]
    out = io.StringIO(newline="")
    csv.writer(out).writerow(cells)
    assert entry_row(canonical(public)).decode() == out.getvalue()


@given(publics(), st.sampled_from([*PUBLIC, "more"]), st.sampled_from([[], {}, 1.5, 0, -1, True]))
def test_an_invalid_entry_is_not_read(public: dict[str, Any], name: str, value: Any) -> None:
    other = {**public, name: value}
    for text in (json.dumps(public), canonical(other).decode()):
        with pytest.raises(ValueError, match="public part"):
            public_values(text)


@pytest.mark.parametrize("left", [0.0, 1e-6, 0.3, 0.5, 0.99, 1.0])
def test_an_interrupted_export_is_finished(tmp_path: Path, left: float) -> None:
    made, export = log(), tmp_path / "export"
    whole = contents(made.write(tmp_path / "whole", 3, earlier=[5]))
    size = math.ceil(len(whole["entries.ndjson"]) * left)
    export.mkdir()
    (export / "entries.ndjson").write_bytes(whole["entries.ndjson"][:size])
    asked = list[int]()

    def source(after: int) -> Iterator[Exported]:
        asked.append(after)
        return iter(made.entries[after:])

    into_folder(export, made.export(3, earlier=[5]), source)
    assert contents(export) == whole
    assert asked[0] == 2 + whole["entries.ndjson"][:size].count(b"\n")


def test_leftovers_of_another_export_are_not_mixed_in(tmp_path: Path) -> None:
    made, export = log(), tmp_path / "export"
    made.write(export, 1, 20)
    for first, last in ((2, 20), (1, 19)):
        with pytest.raises(FileExistsError, match="another export"):
            made.write(export, first, last)
    assert verify(export).exit == 3


def test_an_entry_that_the_source_leaves_out_is_an_error(tmp_path: Path) -> None:
    made = log()
    for missing in (0, 700, 1_099):
        fewer = made.entries[:missing] + made.entries[missing + 1 :]
        with pytest.raises(ValueError, match="entry is missing"):
            into_folder(tmp_path / str(missing), made.export(), lambda after, e=fewer: e[after:])  # type: ignore[misc]


def test_a_zip_is_streamed_and_holds_the_same_files(tmp_path: Path) -> None:
    made = log()
    pieces = list(zipped(parts(made.export(earlier=[5]), made.source())))
    assert max(map(len, pieces)) < 200_000
    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as archive:
        assert archive.testzip() is None
        found = {name: archive.read(name) for name in archive.namelist()}
    assert found == contents(made.write(tmp_path / "folder", earlier=[5]))


def test_the_single_file_defines_every_name_once_and_imports_nothing_of_ours() -> None:
    body = ast.parse(verifier()).body
    named: list[str] = []
    for item in body:
        if isinstance(item, ast.FunctionDef | ast.ClassDef):
            named.append(item.name)
        elif isinstance(item, ast.Assign | ast.AnnAssign):
            targets = item.targets if isinstance(item, ast.Assign) else [item.target]
            named += [target.id for target in targets if isinstance(target, ast.Name)]
        assert not isinstance(item, ast.ImportFrom) or not (item.module or "").startswith("app")
    assert sorted(named) == sorted(set(named))
