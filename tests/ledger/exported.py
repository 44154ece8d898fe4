"""A made-up ledger and its export, without a database, for tests of the verifier to alter."""

import hashlib
import json
import random
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.ledger.format.entry import body_digest, canonical, leaf
from app.ledger.format.folder import Export, Exported, into_folder
from app.ledger.format.manifest import ListedFile, Manifest, read_manifest
from app.ledger.format.note import Checkpoint, Note, SigningKey
from app.ledger.format.policy import Policy
from app.ledger.format.tree import outside, subtree

CLINIC = str(uuid.UUID(int=7))
ORIGIN = f"needlework.ledger/{CLINIC}"
MADE = "2026-11-20T10:00:00Z"


def key(name: str = ORIGIN, seed: int = 1) -> SigningKey:
    return SigningKey(name, Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32))


def entries(count: int, clinic: str = CLINIC, seed: int = 0) -> list[Exported]:
    """Changes with bodies and accesses without, with reasons that CSV and JSON must escape."""
    chance = random.Random(seed)
    reasons = [
        None,
        None,
        "plain",
        'a "quoted", comma',
        "=1+1",
        "-",
        "line\r\nbreak",
        "naïve é",
        "",
    ]
    versions: dict[str, int] = {}
    made = []
    for number in range(1, count + 1):
        change = chance.random() < 0.8
        patient = str(uuid.UUID(int=chance.randrange(5) + 100))
        record = str(uuid.UUID(int=chance.randrange(8) + 1000))
        if change:
            versions[record] = versions.get(record, 0) + 1
        body = canonical({"id": record, "note": f'{number},"entry":' + "n" * chance.randrange(60)})
        salt = chance.randbytes(16)
        public = {
            "actor": chance.choice(["key:1", "key:2", "ärztin"]),
            "at": f"2026-11-20T09:00:00.{number:06}Z",
            "body_digest": body_digest(salt, body).hex() if change else None,
            "client": None if number % 3 else str(uuid.UUID(int=3)),
            "clinic_id": clinic,
            "kind": "change" if change else "access",
            "number": number,
            "operation": "sessions.update" if change else "sessions.get",
            "patient_id": patient,
            "reason": chance.choice(reasons),
            "request_id": f"r-{number}",
            "resource": "sessions",
            "resource_id": record,
            "version": versions[record] if change else None,
        }
        made.append(
            Exported(number, canonical(public), body if change else None, salt if change else None)
        )
    return made


def altered(entry: Exported, **members: Any) -> Exported:
    public = {**public_part(entry), **members}
    return Exported(public["number"], canonical(public), entry.body, entry.salt)


def public_part(entry: Exported) -> dict[str, Any]:
    """The public part of an entry."""
    public: dict[str, Any] = json.loads(entry.public)
    return public


@dataclass
class Log:
    """Entries and everything the server knows about them."""

    entries: list[Exported]
    origin: str = ORIGIN
    keys: Sequence[SigningKey] = field(default_factory=lambda: [key()])
    policy: Policy | None = None

    def leaves(self) -> list[bytes]:
        return [leaf(entry.public) for entry in self.entries]

    def signed(self, text: str, *more: Any) -> bytes:
        return Note(text, (*(signer.sign(text) for signer in self.keys), *more)).encode()

    def stated(self, size: int | None = None) -> Checkpoint:
        size = len(self.entries) if size is None else size
        return Checkpoint(self.origin, size, subtree(self.leaves()[:size]))

    def checkpoint(self, size: int | None = None) -> bytes:
        return self.signed(self.stated(size).text())

    def own_policy(self) -> Policy:
        return self.policy or Policy(tuple(signer.verifier for signer in self.keys))

    def export(
        self, first: int = 1, last: int | None = None, earlier: Sequence[int] = (), **changes: Any
    ) -> Export:
        last = len(self.entries) if last is None else last
        leaves = self.leaves()

        def hashes(level: int, index: int) -> bytes:
            return subtree(leaves[index << level : (index + 1) << level])

        given: dict[str, Any] = {
            "origin": self.origin,
            "first": first,
            "last": last,
            "made": MADE,
            "checkpoint": self.checkpoint(),
            "outside": outside(first - 1, last, len(leaves), hashes),
            "policy": self.own_policy().encode(),
            "sign": self.signed,
            "earlier": {size: self.checkpoint(size) for size in earlier},
        }
        return Export(**{**given, **changes})

    def source(self, last: int | None = None) -> Any:
        def after(number: int) -> Iterator[Exported]:
            return iter(self.entries[number:last])

        return after

    def write(self, folder: Path, first: int = 1, last: int | None = None, **kw: Any) -> Path:
        into_folder(folder, self.export(first, last, **kw), self.source(last))
        return folder


def signed_again(folder: Path, log: Log, **changes: Any) -> None:
    """Rewrite the manifest for the folder's current files, and sign it with the right key."""
    old = read_manifest(Note.parse((folder / "manifest").read_bytes()).text)
    files = []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name != "manifest":
            data = path.read_bytes()
            files.append(ListedFile(name, len(data), hashlib.sha256(data).hexdigest()))
    manifest = Manifest(old.origin, old.first, old.last, old.made, tuple(files))._replace(**changes)
    (folder / "manifest").write_bytes(log.signed(manifest.text()))
