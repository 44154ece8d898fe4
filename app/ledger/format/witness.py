"""A witness of a ledger, on a machine that doesn't belong to the clinic.

It keeps the last checkpoint, requires a proof that the next one continues it, and cosigns that
(C2SP tlog-cosignature). So nobody can rewrite cosigned entries unnoticed, even with the ledger's
own key.
"""

import json
import os
import urllib.error
import urllib.request
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.ledger.format.note import Checkpoint, Note, NoteError, SigningKey
from app.ledger.format.policy import Policy
from app.ledger.format.tree import consistent

TIMEOUT_S: Final = 10
ANSWER_MAX_BYTES: Final = 1024 * 1024

Fetch = Callable[[str], bytes]
"""Fetches a path below the server's address; returns the bytes of the answer."""


class NotWitnessed(Exception):
    """The witness doesn't cosign; the message says why."""

    def __init__(self, reason: str, *, tampered: bool = False) -> None:
        super().__init__(reason)
        self.tampered = tampered
        """Whether the ledger contradicts an earlier checkpoint or isn't signed by its key."""


@dataclass(frozen=True)
class Witness:
    """The witness's name and key, the ledger's policy, and the file of the last checkpoint."""

    name: str
    key: Ed25519PrivateKey
    policy: Policy
    held: Path

    def watch(self, fetch: Fetch, unix_s: int) -> Note:
        """Fetch the newest checkpoint, cosign it and keep it; `NotWitnessed` if it can't."""
        note, now = self._checked(fetch("/v1/audit/checkpoint"))
        if self.held.exists():
            self._compare(fetch, self._before(), now)
        cosigned = Note(note.text, (*note.signatures, self._signer.cosign(note.text, unix_s)))
        _replace(self.held, cosigned.encode())
        return cosigned

    def _before(self) -> Checkpoint:
        """The last checkpoint that this witness cosigned."""
        try:
            return self._checked(self.held.read_bytes())[1]
        except NotWitnessed as refusal:
            raise NotWitnessed(f"{self.held}, which this witness keeps: {refusal}") from None

    @property
    def _signer(self) -> SigningKey:
        return SigningKey(self.name, self.key)

    def _checked(self, data: bytes) -> tuple[Note, Checkpoint]:
        """Parse a note and check its signature; drops this witness's own cosignature."""
        try:
            note = Note.parse(data)
            signers = self.policy.signers(note)
            checkpoint = Checkpoint.parse(note.text)
        except NoteError as error:
            raise NotWitnessed(f"The checkpoint is not valid. {error}", tampered=True) from None
        if checkpoint.origin not in {key.name for key in signers}:
            raise NotWitnessed("No key of the policy signed the checkpoint.", tampered=True)
        mine = self._signer.cosigner.id
        return Note(note.text, tuple(s for s in note.signatures if s.id != mine)), checkpoint

    def _compare(self, fetch: Fetch, before: Checkpoint, now: Checkpoint) -> None:
        if before.origin != now.origin:
            raise NotWitnessed("This is another ledger than the one watched so far.")
        if now.size < before.size:
            lost = f"The ledger had {before.size} entries, and now has {now.size}."
            raise NotWitnessed(lost, tampered=True)
        proof: list[bytes] = []
        if now.size > before.size:
            answer = fetch(f"/v1/audit/consistency?from={before.size}&to={now.size}")
            try:
                proof = [b64decode(hash_, validate=True) for hash_ in json.loads(answer)["hashes"]]
            except (ValueError, KeyError, TypeError):
                raise NotWitnessed("The server's proof can't be read.") from None
        if not consistent(before.size, now.size, proof, before.root, now.root):
            rewritten = f"The ledger's first {before.size} entries aren't those seen before."
            raise NotWitnessed(rewritten, tampered=True)


def fetching(url: str, token: str) -> Fetch:
    """Return a `Fetch` for the server at this address. It raises `NotWitnessed` if it fails."""
    try:
        known = urlsplit(url).scheme in {"http", "https"}
    except ValueError:
        known = False
    if not known:
        raise NotWitnessed("Give the server's address: https://…")

    def fetch(path: str) -> bytes:
        request = urllib.request.Request(  # noqa: S310 - the scheme is checked above
            url.rstrip("/") + path, headers={"Authorization": f"Bearer {token}"}
        )
        try:
            opener = urllib.request.build_opener()
            with opener.open(request, timeout=TIMEOUT_S) as answer:
                data: bytes = answer.read(ANSWER_MAX_BYTES)
                return data
        except urllib.error.HTTPError as error:
            raise NotWitnessed(f"The server answers {error.code} to {path}.") from None
        except (OSError, ValueError) as error:
            raise NotWitnessed(f"The server can't be reached: {error}.") from None

    return fetch


def _replace(file: Path, data: bytes) -> None:
    """Replace a file atomically: a reader finds the old content or the new."""
    fresh = file.with_name(file.name + ".new")
    with fresh.open("wb") as writing:
        writing.write(data)
        writing.flush()
        os.fsync(writing.fileno())
    fresh.replace(file)
