"""Exports everything to a folder: all tables of one moment, their description, and digests."""

import hashlib
import json
import os
from collections.abc import Callable, Iterable
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, NamedTuple

from app.core.db.database import Database
from app.core.operation import Operation
from app.ledger.queries import state
from app.transfer.exports.datasets import DATASETS
from app.transfer.exports.formats import Format
from app.transfer.exports.package import FILE, package
from app.transfer.exports.records import NAME, records
from app.transfer.exports.research import deidentified
from app.transfer.exports.service import SHIFTED_ZONE, account, account_for_research, snapshot

MANIFEST: Final = "MANIFEST.sha256"
README: Final = "README.md"
TIMES: Final = "TIMES"
"""Where a README says how its files have times."""
RECORDS_FILE: Final = f"{NAME}.ndjson"

Progress = Callable[[str, int], None]
"""Called with the file that is being written, and the number of bytes written so far."""


class Written(NamedTuple):
    """A file of the folder, with its `hash` in the form of Data Package."""

    path: str
    bytes: int
    hash: str


def write_folder(
    database: Database,
    op: Operation,
    directory: Path,
    form: Format,
    key: bytes | None = None,
    on_progress: Progress = lambda _file, _bytes: None,
) -> list[Written]:
    """Write everything into an empty or new folder; with a research `key`, de-identified.

    Only a folder with a `MANIFEST.sha256` is complete. `FileExistsError` if it is not empty.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(directory.iterdir()):
        raise FileExistsError
    with snapshot(database, op) as reading:
        what = f"all tables as {form.name}"
        if key is None:
            account(database, reading, DATASETS, what)
        else:
            account_for_research(database, op, what)
        zone = reading.zone if key is None else SHIFTED_ZONE
        shown = [dataset if key is None else deidentified(dataset, key) for dataset in DATASETS]
        written = [
            _write(
                directory,
                f"{dataset.name}.{form.name}",
                form.write(dataset.columns, dataset.rows(reading), zone),
                on_progress,
            )
            for dataset in shown
        ]
        if key is None:
            written.append(_write(directory, RECORDS_FILE, records(reading), on_progress))
        ledger = state(reading)
    more = {each.path.partition(".")[0]: each._asdict() for each in written}
    described = package(op, shown, form, more)
    if key is None:
        described["resources"].append({"format": "ndjson", "name": NAME, **more[NAME]})
        # With it, `audit verify --data` compares the records with the ledger.
        described["ledger"] = ledger
    page = "research.md" if key is not None else "whole.md"
    readme = (files("app.transfer.exports") / "data" / page).read_text("utf-8")
    return _finish(directory, written, described, readme.replace(TIMES, form.times(zone)))


def _finish(
    directory: Path, written: list[Written], described: dict[str, Any], readme: str
) -> list[Written]:
    text = json.dumps(described, indent=1, ensure_ascii=False).encode() + b"\n"
    page = _write(directory, README, [readme.encode()])
    every = [*written, _write(directory, FILE, [text]), page]
    lines = "".join(f"{each.hash.removeprefix('sha256:')}  {each.path}\n" for each in every)
    _write(directory, MANIFEST, [lines.encode()])
    return every


def _write(
    directory: Path,
    name: str,
    pieces: Iterable[bytes],
    on_progress: Progress = lambda _file, _bytes: None,
) -> Written:
    size, digest = 0, hashlib.sha256()
    descriptor = os.open(directory / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        for piece in pieces:
            file.write(piece)
            digest.update(piece)
            size += len(piece)
            on_progress(name, size)
        file.flush()
        os.fsync(descriptor)
    return Written(name, size, f"sha256:{digest.hexdigest()}")
