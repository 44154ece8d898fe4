"""Everything in a folder: all tables of one moment, what describes them, and what proves them."""

import hashlib
import json
import os
from collections.abc import Callable, Iterable
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, NamedTuple

from app.core.db.database import Database
from app.core.operation import Operation
from app.transfer.exports.datasets import DATASETS
from app.transfer.exports.formats import Format
from app.transfer.exports.package import FILE, package
from app.transfer.exports.records import NAME, records
from app.transfer.exports.research import blinded
from app.transfer.exports.service import account, note, snapshot

MANIFEST: Final = "MANIFEST.sha256"
README: Final = "README.md"
RECORDS_FILE: Final = f"{NAME}.ndjson"

Tell = Callable[[str, int], None]
"""Is told which file is being written, and how many bytes of it are."""


class Written(NamedTuple):
    """A file of the folder; `hash` as Data Package has it."""

    path: str
    bytes: int
    hash: str


def write_folder(
    database: Database,
    op: Operation,
    directory: Path,
    form: Format,
    key: bytes | None = None,
    tell: Tell = lambda _file, _bytes: None,
) -> list[Written]:
    """Write everything into a new folder; with a research `key`, what nobody can be told by.

    Only a folder with a `MANIFEST.sha256` is whole. `FileExistsError` if it holds anything before.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(directory.iterdir()):
        raise FileExistsError
    with snapshot(database, op) as reading:
        what = f"all tables as {form.name}"
        if key is None:
            account(database, reading, DATASETS, what)
        else:
            note(database, op, what)
        shown = [dataset if key is None else blinded(dataset, key) for dataset in DATASETS]
        written = [
            _write(
                directory,
                f"{dataset.name}.{form.name}",
                form.write(dataset.columns, dataset.rows(reading)),
                tell,
            )
            for dataset in shown
        ]
        if key is None:
            written.append(_write(directory, RECORDS_FILE, records(reading), tell))
    more = {each.path.partition(".")[0]: each._asdict() for each in written}
    described = package(op, shown, form, more)
    if key is None:
        described["resources"].append({"format": "ndjson", "name": NAME, **more[NAME]})
    return _finish(directory, written, described, is_for_research=key is not None)


def _finish(
    directory: Path, written: list[Written], described: dict[str, Any], *, is_for_research: bool
) -> list[Written]:
    text = json.dumps(described, indent=1, ensure_ascii=False).encode() + b"\n"
    page = "research.md" if is_for_research else "whole.md"
    readme = (files("app.transfer.exports") / "data" / page).read_bytes()
    every = [*written, _write(directory, FILE, [text]), _write(directory, README, [readme])]
    lines = "".join(f"{each.hash.removeprefix('sha256:')}  {each.path}\n" for each in every)
    _write(directory, MANIFEST, [lines.encode()])
    return every


def _write(
    directory: Path,
    name: str,
    pieces: Iterable[bytes],
    tell: Tell = lambda _file, _bytes: None,
) -> Written:
    size, digest = 0, hashlib.sha256()
    descriptor = os.open(directory / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        for piece in pieces:
            file.write(piece)
            digest.update(piece)
            size += len(piece)
            tell(name, size)
        file.flush()
        os.fsync(descriptor)
    return Written(name, size, f"sha256:{digest.hexdigest()}")
