"""The checks of an audit export: files, signatures, entries and earlier checkpoints. Pure."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

from app.ledger.format.account import ENTRIES, TABLE, Account
from app.ledger.format.data import Data
from app.ledger.format.entry import canonical
from app.ledger.format.manifest import ListedFile, Manifest, present, sha256, small_file
from app.ledger.format.note import Checkpoint, Note, NoteError, shown
from app.ledger.format.policy import Policy
from app.ledger.format.report import Report
from app.ledger.format.tree import EMPTY_ROOT, HASH_BYTES, Range

# `Account` hashes these while it reads them.
LARGE: Final = frozenset({ENTRIES, TABLE})
PARTS: Final = frozenset({"README.md", "checkpoint", "outside.json", "policy", "verify.py"}) | LARGE
EARLIER: Final = re.compile(r"checkpoints/(?:0|[1-9][0-9]{0,14})")
NOT_PINNED: Final = (
    "The key came with the export. Somebody who forged the export could have forged the key too:"
    " compare the key above with the one you were given before, or check with --policy."
)
EXTRA_FILE: Final = (
    "doesn't belong to the export and was not checked. Somebody added it to the folder later. Move"
    " it out of the folder, and check again."
)
UNKNOWN_KEY: Final = (
    "The key that signed the manifest isn't in your policy. Either somebody forged this export, or"
    " the policy is another clinic's, or the clinic has changed its key since. Ask the clinic, but"
    " not by mail."
)
_Read = TypeVar("_Read")


class Stated(NamedTuple):
    """A checkpoint, the note that signs it, and the name of its file."""

    note: Note
    checkpoint: Checkpoint
    file: str


class Check:
    """One check of one folder whose manifest was readable."""

    def __init__(
        self, directory: Path, report: Report, manifest: Manifest, data: Data | None = None
    ) -> None:
        self.data = data
        self.directory = directory
        self.report = report
        self.manifest = manifest
        self.listed = {file.path: file for file in manifest.files}
        self.bad = set[str]()
        """Files that are missing, cut off or altered: these are not read."""

    def run(self, manifest: Note, policy: Path | None, held: Path | None) -> None:
        """Run all checks, the fast ones first."""
        self._check_files()
        own = self._part("policy", Policy.parse)
        given = self._given(policy, "policy", Policy.parse)
        # Without the auditor's policy, the export's own can only show that it is consistent.
        trusted = given if policy else own
        self._check_manifest(manifest, trusted, own, pinned=policy is not None)
        # The auditor's key vouches for the policy in the export, and that policy for older keys.
        believed = [known for known in (trusted, own) if known]
        current = self._current([trusted] if trusted and not self.report.foreign else [])
        earlier = [*self._earlier(believed)]
        kept = self._held(held, believed)
        self._check_entries(current, earlier, kept)
        if current and trusted and not self.report.foreign:
            self._check_quorum(trusted, current, kept)

    def _tampered(self, code: str, sentence: str, file: str | None = None) -> None:
        self.report.find(code, "tampered", sentence, file)

    def _undecidable(self, code: str, sentence: str) -> None:
        self.report.find(code, "undecidable", sentence)

    # Files

    def _check_files(self) -> None:
        for path in sorted(PARTS - set(self.listed)):
            self.bad.add(path)
            self._tampered("manifest", f"The manifest doesn't list {path}.", path)
        for path, file in self.listed.items():
            if path not in PARTS and not EARLIER.fullmatch(path):
                self._tampered("manifest", f"The manifest lists a strange file, {path}.", path)
            self._check_file(file)
        for path in sorted(present(self.directory) - set(self.listed) - {"manifest"}):
            # It may be the auditor's own file, or the system's, so this isn't called tampering.
            self.report.find("extra-file", "undecidable", f"{path!a} {EXTRA_FILE}", path)

    def _check_file(self, file: ListedFile) -> None:
        name, path = file.path, self.directory / file.path
        if not path.exists():
            self.bad.add(name)
            self.report.find("missing-file", "incomplete", f"{name} is missing.", name)
        elif path.is_symlink() or not path.is_file():
            self.bad.add(name)
            self._tampered("altered-file", f"{name} isn't a plain file.", name)
        elif name not in LARGE:
            self._hold(file, path.stat().st_size, sha256(path))

    def _hold(self, file: ListedFile, size: int, sha256: str) -> None:
        """Compare a file's size and hash with the manifest."""
        name = file.path
        if (size, sha256) == (file.size, file.sha256):
            return
        self.bad.add(name)
        if size < file.size:
            sentence = f"{name} has {size:,} of {file.size:,} bytes: it was cut off or altered."
            self.report.find("cut-off", "incomplete", sentence, name)
        else:
            self._tampered("altered-file", f"{name} isn't the file that was exported.", name)

    def _part(self, name: str, parse: Callable[[bytes], _Read]) -> _Read | None:
        """Parse a file of the export; None if it is bad or can't be parsed."""
        if name in self.bad:
            return None
        try:
            return parse(small_file(self.directory / name))
        except (RecursionError, ValueError) as error:
            self.bad.add(name)
            self._tampered("malformed", f"{name} can't be read. {error}", name)
            return None

    def _given(self, path: Path | None, what: str, parse: Callable[[bytes], _Read]) -> _Read | None:
        """Parse a file that the auditor gave; None if there is none or it can't be parsed."""
        if path is None:
            return None
        try:
            return parse(small_file(path))
        except OSError as error:
            why = f"{error.strerror}."
        except ValueError as error:
            why = str(error)
        sentence = f"The {what} you gave, {str(path)!a}, can't be used. {why}"
        self._undecidable(f"{what}-unreadable", sentence)
        return None

    # Signatures

    def _check_manifest(
        self, note: Note, trusted: Policy | None, own: Policy | None, *, pinned: bool
    ) -> None:
        origin, report = self.manifest.origin, self.report
        signers = self._signers(note, [known for known in (trusted, own) if known], "manifest")
        by_trusted = [str(key) for key in trusted.logs if str(key) in signers] if trusted else []
        report.keys, report.pinned = by_trusted or signers, pinned and bool(by_trusted)
        report.strange = pinned and not by_trusted
        if not pinned:
            report.find("not-pinned", "note", NOT_PINNED)
        if trusted is None:
            return
        if pinned and origin not in {key.name for key in trusted.logs}:
            report.foreign = True
            self._undecidable("other-log", f"Your policy isn't about the ledger {shown(origin)}.")
        elif not by_trusted:
            own_key = "The manifest isn't signed by a key of the policy that came with it."
            self._tampered("signature", UNKNOWN_KEY if pinned else own_key, "manifest")
        # An unchecked signature line could be altered without notice.
        if len(note.signatures) != len(signers) and own:
            sentence = "The manifest has a signature by a key that isn't in the export's policy."
            self._tampered("signature", sentence, "manifest")

    def _signers(self, note: Note, policies: Sequence[Policy], file: str) -> list[str]:
        """The keys of this log that signed the note. A false signature becomes a finding."""
        signers: dict[str, None] = {}
        for policy in policies:
            try:
                found = policy.signers(note)
            except NoteError as error:
                self._tampered("signature", f"{file}: {error}", file)
                continue
            signers |= {str(key): None for key in found if key.name == self.manifest.origin}
        return list(signers)

    def _current(self, trusted: Sequence[Policy]) -> Stated | None:
        stated = self._part("checkpoint", _stated("checkpoint"))
        if stated is None or not self._is_signed(stated, trusted):
            return None
        self.report.size = stated.checkpoint.size
        if stated.checkpoint.size < self.manifest.last:
            sentence = f"The checkpoint covers only {stated.checkpoint.size:,} entries."
            self._tampered("checkpoint", sentence, "checkpoint")
            return None
        return stated

    def _earlier(self, believed: Sequence[Policy]) -> Iterator[Stated]:
        for path in self.listed:
            if not EARLIER.fullmatch(path):
                continue
            stated = self._part(path, _stated(path))
            if stated is None or not self._is_signed(stated, believed):
                continue
            if str(stated.checkpoint.size) != path.rpartition("/")[2]:
                self._tampered("checkpoint", f"{path} is of another size than its name.", path)
                continue
            yield stated

    def _is_signed(self, stated: Stated, policies: Sequence[Policy]) -> bool:
        """Whether a checkpoint is of this log. A missing signature becomes a finding."""
        file = stated.file
        if stated.checkpoint.origin != self.manifest.origin:
            self._tampered("checkpoint", f"{file} is of another ledger.", file)
            return False
        if policies and not self._signers(stated.note, policies, file):
            self._tampered("signature", f"{file} isn't signed by a key of this ledger.", file)
        return True

    def _held(self, path: Path | None, believed: Sequence[Policy]) -> Stated | None:
        stated = self._given(path, "checkpoint", _stated("the checkpoint you hold"))
        if stated is None:
            return None
        if stated.checkpoint.origin != self.manifest.origin:
            self._undecidable("held", "The checkpoint you hold is of another ledger.")
            return None
        try:
            signed = any(policy.signers(stated.note) for policy in believed)
        except NoteError:
            signed = False
        if not signed:
            sentence = (
                "The checkpoint you hold isn't signed by a key of this ledger. Either the file was"
                " altered, or the ledger's key was changed."
            )
            self._undecidable("held", sentence)
            return None
        return stated

    def _check_quorum(self, policy: Policy, current: Stated, kept: Stated | None) -> None:
        try:
            self.report.witnesses = policy.cosigners(current.note)
            enough = policy.quorate(self.report.witnesses)
            held_enough = kept is not None and policy.quorate(policy.cosigners(kept.note))
        except NoteError as error:
            self._tampered("witness", f"A witness's signature is false. {error}", "checkpoint")
            return
        if enough:
            return
        if kept is not None and held_enough:
            size = kept.checkpoint.size
            sentence = (
                f"Enough witnesses cosigned the entries up to {size:,}, but not the later ones."
            )
            self.report.find("witness", "note", sentence)
        else:
            self._undecidable("witness", "Too few witnesses of the policy cosigned.")

    # Entries

    def _check_entries(
        self, current: Stated | None, earlier: Sequence[Stated], kept: Stated | None
    ) -> None:
        hashes = self._part("outside.json", self._outside)
        first, last = self.manifest.first, self.manifest.last
        size = current.checkpoint.size if current else last
        past = [stated.checkpoint.size for stated in (*earlier, *([kept] if kept else []))]
        stops = {stop for stop in past if first - 1 <= stop <= last}
        tree = Range(first - 1, size, hashes or (), stops)
        if ENTRIES in self.bad:
            return
        table = TABLE not in self.bad
        account = Account(self.directory, self.report, tree, self.data, table=table)
        account.read()
        complete = self._check_extent(account)
        if account.readable and current:
            good = self._check_past(tree, size, earlier)
            self._check_root(tree, current, good, complete=complete and hashes is not None)
            if kept:
                self._check_held(tree, current, kept, complete=complete)
        self._check_destroyed(account, whole=complete and current is not None and last == size)
        if self.data and account.readable and complete:
            self.data.check()

    def _outside(self, data: bytes) -> list[bytes]:
        found = json.loads(data)
        if canonical(found) + b"\n" != data or not isinstance(found, dict):
            raise ValueError("It isn't canonical JSON.")
        hashes, span = found.get("hashes"), (found.get("first"), found.get("last"))
        if span != (self.manifest.first, self.manifest.last) or not isinstance(hashes, list):
            raise ValueError("It isn't about these entries.")
        if not all(isinstance(text, str) and re.fullmatch("[0-9a-f]{64}", text) for text in hashes):
            raise ValueError(f"A hash has {HASH_BYTES} bytes, in hex.")
        return [bytes.fromhex(text) for text in hashes]

    def _check_extent(self, account: Account) -> bool:
        """Whether the number of entries is right; also checks both files of entries."""
        manifest, lines, table = self.manifest, account.lines, account.table
        wanted = manifest.last - manifest.first + 1
        listed = self.listed[ENTRIES]
        if account.entries < wanted and lines.bytes < listed.size:
            sentence = f"{ENTRIES} ends after {account.entries:,} of {wanted:,} entries."
            self.bad.add(ENTRIES)
            self.report.find("cut-off", "incomplete", sentence, ENTRIES)
        elif account.entries != wanted or lines.rest:
            sentence = f"{ENTRIES} has {account.entries:,} entries, the manifest {wanted:,}."
            self._tampered("entries", sentence, ENTRIES)
        else:
            self._hold(listed, lines.bytes, lines.hash.hexdigest())
        if table and table.other is None:
            self._hold(self.listed[TABLE], table.bytes, table.hash.hexdigest())
            if account.readable and not (table.same or self.bad & LARGE):
                self._tampered("table", f"{TABLE} isn't the table of these entries.", TABLE)
        return account.entries == wanted

    def _check_past(self, tree: Range, size: int, earlier: Sequence[Stated]) -> int:
        """Compare the entries with earlier checkpoints; returns up to which entry they match."""
        good = 0
        for stated in sorted(earlier, key=lambda stated: stated.checkpoint.size):
            past, file = stated.checkpoint, stated.file
            root = _root(tree, past.size)
            if past.size > size:
                self._tampered("checkpoint", f"{file} covers more entries than there are.", file)
            elif root == past.root:
                good = past.size
            elif root:
                sentence = f"The entries up to {past.size:,} don't match the root of {file}."
                self._tampered("history", sentence, file)
        return good

    def _check_root(self, tree: Range, current: Stated, good: int, *, complete: bool) -> None:
        if not complete:
            return
        root = _root(tree, current.checkpoint.size)
        if root is None:
            sentence = "outside.json lacks hashes that these entries need."
            self._tampered("outside", sentence, "outside.json")
        elif root != current.checkpoint.root:
            where = f" after entry {good:,}" if good else ""
            sentence = (
                "The entries don't match the root of the checkpoint: some were altered, moved,"
                f" added or left out{where}."
            )
            self._tampered("root", sentence, ENTRIES)

    def _check_held(self, tree: Range, current: Stated, kept: Stated, *, complete: bool) -> None:
        held, size = kept.checkpoint, current.checkpoint.size
        same = held.size == size
        root = current.checkpoint.root if same else _root(tree, held.size)
        if held.size > size:
            sentence = (
                f"The checkpoint you hold covers {held.size:,} entries, the export's only {size:,}."
                " Either entries were removed from the ledger, or this export is older."
            )
            self._tampered("held", sentence)
        elif root is None:
            if complete:
                sentence = (
                    f"This part of the ledger can't show whether it continues your checkpoint of"
                    f" {held.size:,} entries: ask for an export that includes that entry."
                )
                self._undecidable("held", sentence)
        elif root != held.root:
            sentence = (
                f"The first {held.size:,} entries don't match the checkpoint you hold: the"
                " ledger was rewritten."
            )
            self._tampered("held", sentence)
        else:
            self.report.held = held.size

    def _check_destroyed(self, account: Account, *, whole: bool) -> None:
        for number in account.unexplained():
            sentence = f"Entry {number:,}: its body was destroyed, and no later entry explains it"
            if whole:
                self.report.find("destroyed", "tampered", f"{sentence}.", ENTRIES, entry=number)
            else:
                sentence += "; the ledger continues after this export."
                self.report.find("destroyed", "undecidable", sentence, ENTRIES, entry=number)


def _stated(file: str) -> Callable[[bytes], Stated]:
    def parse(data: bytes) -> Stated:
        note = Note.parse(data)
        return Stated(note, Checkpoint.parse(note.text), file)

    return parse


def _root(tree: Range, size: int) -> bytes | None:
    if size == 0:
        return EMPTY_ROOT
    try:
        return tree.root_at(size)
    except ValueError:
        return None
