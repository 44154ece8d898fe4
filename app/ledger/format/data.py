"""Compare a data export with the ledger: each record is its newest version as of then. Pure.

Both sides are reduced to digests, in shares that fit into memory one after another.
"""

import hashlib
import json
import re
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import Any, Final, NamedTuple

from app.ledger.format.entry import canonical
from app.ledger.format.manifest import present, sha256, small_file
from app.ledger.format.report import Compared, Report

RECORDS: Final = "records.ndjson"
DESCRIPTION: Final = "datapackage.json"
DATA_MANIFEST: Final = "MANIFEST.sha256"
DATA_FILE: Final = re.compile(r"([0-9a-f]{64})  ([A-Za-z0-9_][A-Za-z0-9_.-]*)")
DATA_SHARES: Final = 64
DATA_SHARE_BYTES: Final = 1024 * 1024
NO_BODY: Final = bytes(32)
# Of a record in the ledger: its key, the entry's number, the patient's key, the content's digest.
LEDGER_RECORD: Final = struct.Struct("<16sQ16s32s")
# Of a record in the data export: its key, its line, the content's digest.
DATA_RECORD: Final = struct.Struct("<16sQ32s")

_MADE_BY_SERVER: Final = frozenset({"version", "created_at", "updated_at"})
LEFT_OUT: Final[Mapping[str, tuple[str, frozenset[str]]]] = {
    "patients": ("patient", _MADE_BY_SERVER),
    "practitioners": ("practitioner", _MADE_BY_SERVER),
    "episodes": ("episode", _MADE_BY_SERVER),
    "sessions": (
        "session",
        _MADE_BY_SERVER
        | {"alert", "credentials", "catalogue_version", "recorded_at", "amended_at", "late_entry"}
        | {"warnings"},
    ),
    "follow_ups": ("follow_up", _MADE_BY_SERVER | {"patient_id", "hours_after", "window"}),
    "measurements": ("measurement", _MADE_BY_SERVER),
    "consents": ("consent", _MADE_BY_SERVER),
    "screenings": ("screening", _MADE_BY_SERVER | {"patient_id"}),
    "adverse_events": ("adverse_event", _MADE_BY_SERVER),
    "thresholds": ("thresholds", _MADE_BY_SERVER),
    "terms": ("term", _MADE_BY_SERVER),
}
"""The kinds of record in a data export: by their noun, the type of a row, and the members that
only the server makes, which the export leaves out. A null member is left out as well."""
NOTHING: Final[tuple[object, ...]] = (None, [])
"""What a member has that an older entry doesn't know: it means the same as no member."""


class Shown(NamedTuple):
    """An entry of the audit export: its leaf, and its time (RFC 3339)."""

    leaf: bytes
    at: str


class AsOf(NamedTuple):
    """The state of the ledger that a data export shows: its size, and its last entry's leaf."""

    clinic_id: str
    size: int
    leaf: bytes


def key_of(*parts: str) -> bytes:
    """A short hash that names a record, or a patient."""
    return hashlib.sha256(" ".join(parts).encode()).digest()[:16]


def content_digest(record: Mapping[str, Any]) -> bytes:
    """The digest of a record as a data export has it: without its null and empty members."""
    kept = {name: value for name, value in record.items() if value not in NOTHING}
    return hashlib.sha256(canonical(kept)).digest()


def ledger_record(number: int, resource: str, id_: str, patient: str, body: bytes) -> bytes:
    """The packed `LEDGER_RECORD` of an entry. `body` is `null` if it was destroyed."""
    singular, left_out = LEFT_OUT[resource]
    digest = NO_BODY
    if body != b"null":
        members = {k: v for k, v in json.loads(body).items() if k not in left_out}
        digest = content_digest({**members, "type": singular})
    return LEDGER_RECORD.pack(key_of(singular, id_), number, key_of(patient), digest)


def _unrepeated(members: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object. `ValueError` if a member is repeated: programs differ in which they take."""
    found = dict(members)
    if len(found) < len(members):
        raise ValueError("a member is repeated")
    return found


class Shares:
    """Packed records, by the first byte of their key. They may not fit into memory together."""

    def __init__(self) -> None:
        self._files = [SpooledTemporaryFile(DATA_SHARE_BYTES) for _ in range(DATA_SHARES)]  # noqa: SIM115 - closed in `close`

    def add(self, packed: bytes) -> None:
        """Add one packed record."""
        self._files[packed[0] % DATA_SHARES].write(packed)

    def read(self, form: struct.Struct) -> Iterator[Iterator[tuple[Any, ...]]]:
        """Yield the records of each share."""
        for file in self._files:
            file.seek(0)
            yield form.iter_unpack(file.read())

    def close(self) -> None:
        """Remove the files."""
        for file in self._files:
            file.close()


class Data:
    """A data export in a folder, and the entries of the ledger that it is compared with."""

    def __init__(self, directory: Path, report: Report) -> None:
        self._directory = directory
        self._report = report
        self._ledger = Shares()
        self._exported = Shares()
        self._erased: list[tuple[str, int]] = []
        self._records = 0
        self.as_of = self._description() if self._has_its_files() else None
        self.shown: Shown | None = None
        """The last entry that the data export shows, if the audit export has it."""

    @property
    def until(self) -> int:
        """The last entry to compare; 0 if nothing can be compared."""
        return self.as_of.size if self.as_of else 0

    def add(self, packed: bytes) -> None:
        """Add the `LEDGER_RECORD`s of a block of entries, in their order."""
        for at in range(0, len(packed), LEDGER_RECORD.size):
            self._ledger.add(packed[at : at + LEDGER_RECORD.size])

    def erase(self, patient: str, number: int) -> None:
        """Add the entry of an erasure."""
        self._erased.append((patient, number))

    def check(self) -> None:
        """Compare the records of both, once all entries were added."""
        last = None if self.as_of is None else self._comparable(self.as_of)
        if self.as_of is None or last is None:
            return
        before: dict[bytes, int] = {}
        after: set[bytes] = set()
        for patient, number in self._erased:
            if number <= self.as_of.size:
                before[key_of(patient)] = number
            else:
                after.add(key_of(patient))
        if not self._read():
            return
        exports = self._exported.read(DATA_RECORD)
        for recorded, exported in zip(self._ledger.read(LEDGER_RECORD), exports, strict=True):
            newest = {key: rest for key, *rest in recorded}
            kept = {k: v for k, v in newest.items() if before.get(v[1], 0) <= v[0]}
            self._compare(kept, exported, after)
        self._report.data = Compared(self._records, self.as_of.size, last.at)

    def _compare(
        self, newest: dict[bytes, Any], exported: Iterator[tuple[Any, ...]], after: set[bytes]
    ) -> None:
        met: set[bytes] = set()
        for key, line, digest in exported:
            number, patient, recorded = newest.get(key, (0, b"", b""))
            if key in met:
                self._tampered("data-twice", f"line {line:,} repeats a record.")
            elif not number:
                self._tampered("data-added", f"line {line:,}: the ledger has no such record then.")
            elif recorded == NO_BODY and patient in after:
                sentence = f"{RECORDS}, line {line:,}: its patient was erased since."
                self._report.find("data-erased", "undecidable", sentence, RECORDS)
            elif recorded != digest:
                what = f"line {line:,} isn't the newest version, which entry {number:,} recorded."
                self._tampered("data-altered", what, entry=number)
            met.add(key)
        for key, (number, _, _) in newest.items():
            if key not in met:
                what = f"the record of entry {number:,} is missing."
                self._tampered("data-missing", what, entry=number)

    def close(self) -> None:
        """Remove the temporary files."""
        self._ledger.close()
        self._exported.close()

    def _read(self) -> bool:
        """Read the records of the data export. Return whether it is whole."""
        with (self._directory / RECORDS).open("rb") as file:
            for number, line in enumerate(file, 1):
                if not line.endswith(b"\n"):
                    self._incomplete(f"{RECORDS} is cut off in line {number:,}.")
                    return False
                try:
                    record = json.loads(line, object_pairs_hook=_unrepeated)
                    key = key_of(record["type"], record["id"])
                    self._exported.add(DATA_RECORD.pack(key, number, content_digest(record)))
                except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
                    what = f"line {number:,} is no record, or repeats a member."
                    self._tampered("data-line", what)
                self._records = number
        return True

    def _comparable(self, as_of: AsOf) -> Shown | None:
        """The last entry that the data export shows. None, and a finding, if it isn't there."""
        report = self._report
        if as_of.clinic_id != (report.origin or "").rpartition("/")[2]:
            self._undecidable("The data export is of another clinic.")
        elif report.first > 1:
            self._undecidable("To compare the data export, the ledger is needed from entry 1 on.")
        elif report.last < as_of.size:
            self._undecidable(
                f"The data export shows {as_of.size:,} entries, the audit export only"
                f" {report.last:,}: get a newer audit export."
            )
        elif self.shown is None or self.shown.leaf != as_of.leaf:
            sentence = f"the ledger has another entry {as_of.size:,} than when it was made."
            self._tampered("data-history", sentence)
        else:
            return self.shown
        return None

    def _has_its_files(self) -> bool:
        """Whether there is a manifest to compare the files with. Report each wrong file."""
        path = self._directory / DATA_MANIFEST
        if not path.is_file():
            self._incomplete(f"The data export has no {DATA_MANIFEST}: it was interrupted.")
            return False
        try:
            *lines, rest = small_file(path).decode().split("\n")
        except ValueError:
            lines, rest = [""], ""
        if rest:
            self._incomplete(f"{DATA_MANIFEST} is cut off.")
        found = [DATA_FILE.fullmatch(line) for line in lines]
        listed = {file[2]: file[1] for file in found if file}
        if len(listed) < len(lines):
            self._wrong_file(DATA_MANIFEST, "isn't a list of files and their digests.")
        sizes = self._sizes()
        for name, digest in listed.items():
            self._check_listed(name, digest, sizes.get(name, 0))
        for name in sorted(present(self._directory) - listed.keys() - {DATA_MANIFEST}):
            # It may be the auditor's own file, or the system's, so this isn't called tampering.
            sentence = f"Data export: {DATA_MANIFEST} doesn't list {name!a}. Move it out."
            self._report.find("data-extra-file", "undecidable", sentence, name)
        return True

    def _check_listed(self, name: str, digest: str, size: int) -> None:
        path = self._directory / name
        if not path.exists():
            self._incomplete(f"The data export has no {name}, but its manifest lists it.")
        elif path.is_symlink() or not path.is_file():
            self._wrong_file(name, "isn't a plain file.")
        elif sha256(path) == digest:
            return
        elif path.stat().st_size < size:
            self._incomplete(f"{name} has less than {size:,} bytes: it was cut off or altered.")
        else:
            self._wrong_file(name, "isn't the file that was exported.")

    def _sizes(self) -> dict[str, int]:
        """How many bytes the files have according to the description, to tell which are cut off."""
        try:
            described = json.loads(small_file(self._directory / DESCRIPTION))["resources"]
            return {str(each["path"]): int(each["bytes"]) for each in described}
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            return {}

    def _description(self) -> AsOf | None:
        if not (self._directory / RECORDS).is_file():
            self._undecidable(f"The data export has no {RECORDS}. One for research has none.")
            return None
        try:
            text = small_file(self._directory / DESCRIPTION)
            found = json.loads(text, object_pairs_hook=_unrepeated)["ledger"]
            as_of = AsOf(str(found["clinic_id"]), int(found["size"]), bytes.fromhex(found["leaf"]))
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            self._undecidable(f"{DESCRIPTION} doesn't say which state of the ledger it shows.")
            return None
        return as_of

    def _tampered(self, code: str, sentence: str, **at: int) -> None:
        self._report.find(code, "tampered", f"Data export: {sentence}", RECORDS, **at)

    def _wrong_file(self, name: str, what: str) -> None:
        self._report.find("data-file", "tampered", f"Data export: {name} {what}", name)

    def _incomplete(self, sentence: str) -> None:
        self._report.find("data-incomplete", "incomplete", sentence)

    def _undecidable(self, sentence: str) -> None:
        self._report.find("data", "undecidable", sentence)
