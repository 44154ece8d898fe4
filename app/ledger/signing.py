"""Sign checkpoints with the server's keys, under the name of the clinic's ledger."""

import os
import tempfile
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sqlalchemy import Connection, make_url

from app.core.db.bulk import insert_unless_taken
from app.core.db.database import Database
from app.core.operation import Operation, rows
from app.core.values.problems import LedgerDamaged, Unavailable
from app.ledger import tiles
from app.ledger.format.note import Checkpoint, Note, SigningKey, VerifierKey, signing_keys
from app.ledger.format.policy import Policy
from app.ledger.format.tree import root
from app.ledger.models import LedgerCheckpoint
from app.settings import settings


class NoSigningKey(Unavailable):
    """The server has no usable key to sign the ledger with. Its operator must provide one."""

    code, title = "no-signing-key", "The ledger can't be signed"


class StrangeKey(NoSigningKey):
    """The server's key did not sign this ledger before: its operator must check why."""

    code, title = "strange-signing-key", "The ledger was signed with another key before"


_LAST = (
    rows(LedgerCheckpoint, LedgerCheckpoint.size, LedgerCheckpoint.note)
    .order_by(LedgerCheckpoint.size.desc())
    .limit(1)
)


def origin(clinic_id: UUID) -> str:
    """The name of a clinic's ledger in its checkpoints and keys."""
    return f"needlework.ledger/{clinic_id}"


def signers(clinic_id: UUID) -> list[SigningKey]:
    """The keys that sign for a clinic; `NoSigningKey` if none can be read."""
    return [SigningKey(origin(clinic_id), key) for key in _keys()]


def check_keys() -> None:
    """Raise `NoSigningKey` unless there are keys and they can be read."""
    _keys()


def verifiers(clinic_id: UUID) -> tuple[VerifierKey, ...]:
    """The public keys that verify a clinic's signatures."""
    return tuple(key.verifier for key in signers(clinic_id))


def policy(clinic_id: UUID) -> Policy:
    """The policy for an auditor: whose signatures to accept."""
    return Policy(verifiers(clinic_id))


def signed(clinic_id: UUID, text: str) -> Note:
    """A text, signed with every key."""
    return Note(text, tuple(key.sign(text) for key in signers(clinic_id)))


def checkpoint(db: Connection, clinic_id: UUID, size: int) -> Note:
    """The signed checkpoint of the first `size` entries. It is the same every time."""
    top = root(size, tiles.Tree(db, clinic_id, size))
    return signed(clinic_id, Checkpoint(origin(clinic_id), size, top).text())


def checked_size(db: Connection, clinic_id: UUID) -> int:
    """How many entries a clinic's ledger has.

    Raises `LedgerDamaged` if the tree contradicts the last stored checkpoint: a wrong root must not
    be signed.
    """
    size = tiles.size(db, clinic_id)
    last = db.execute(_LAST, {"clinic": clinic_id}).first()
    if last is not None:
        _check_covers(size, last.size)
        top = root(last.size, tiles.Tree(db, clinic_id, last.size))
        if top != stored(last.note).root:
            raise LedgerDamaged(f"The tree isn't that of the checkpoint of {last.size} entries.")
    return size


def stored(note: object) -> Checkpoint:
    """The checkpoint in a stored note; `LedgerDamaged` if it can't be read."""
    return Checkpoint.parse(stored_note(note).text)


def stored_note(written: object) -> Note:
    """A stored note that has a checkpoint; `LedgerDamaged` if it can't be read."""
    try:
        note = Note.parse(str(written).encode())
        Checkpoint.parse(note.text)
    except ValueError as error:
        raise LedgerDamaged("A stored checkpoint can't be read.") from error
    return note


def _check_covers(size: int, signed_size: int) -> None:
    if signed_size > size:
        raise LedgerDamaged(f"The ledger had {signed_size} entries when it was last signed.")


def seal(database: Database, clinic_id: UUID, at: datetime, *, new_key: bool = False) -> Note:
    """Sign and store a checkpoint of the whole ledger. Later ones must be consistent with it.

    Raises `StrangeKey` if none of the keys signed the last checkpoint, unless `new_key` allows it.
    Raises `LedgerDamaged` if the last checkpoint covers more entries than there are.
    """
    with database.writing(clinic_id) as db:
        size = tiles.size(db, clinic_id)
        last = db.execute(_LAST, {"clinic": clinic_id}).first()
        if last is not None:
            _check_covers(size, last.size)
        if last is not None and not new_key and not signed_by_us(clinic_id, last.note):
            raise StrangeKey
        note = checkpoint(db, clinic_id, size)
        row = {"clinic_id": clinic_id, "size": size, "at": at, "note": note.encode().decode()}
        insert_unless_taken(db, LedgerCheckpoint, row)
    return note


def last_signed(op: Operation) -> str | None:
    """The last stored checkpoint of the operation's clinic; None if there is none."""
    found = op.first(_LAST)
    return None if found is None else str(found.note)


def signed_by_us(clinic_id: UUID, note: str) -> bool:
    """Whether one of the present keys signed this note; `LedgerDamaged` if it can't be read."""
    ours = {key.id for key in verifiers(clinic_id)}
    return any(signature.id in ours for signature in stored_note(note).signatures)


def make_key(file: Path) -> None:
    """Write a new private key to a file that only its owner can read.

    Raises `FileExistsError` if the file exists.
    """
    pem = Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    file.absolute().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # The link makes the complete file appear at once, even if two programs write it together.
    with tempfile.NamedTemporaryFile(dir=file.absolute().parent) as whole:
        whole.write(pem)
        whole.flush()
        os.fsync(whole.fileno())
        os.link(whole.name, file)


def key_file() -> Path | None:
    """The file of the private keys; None if they come from elsewhere.

    With SQLite it is beside the database by default.
    """
    if settings().ledger_key is not None:
        return None
    url = make_url(settings().database_url)
    if settings().ledger_key_file is None and url.get_backend_name() == "sqlite":
        return Path(url.database or "").parent / "ledger.pem"
    return settings().ledger_key_file


@lru_cache
def _keys() -> list[Ed25519PrivateKey]:
    given, file = settings().ledger_key, key_file()
    try:
        if given is not None:
            return signing_keys(given.get_secret_value().encode())
        if file is not None:
            return signing_keys(file.read_bytes())
    except (OSError, ValueError) as error:
        raise NoSigningKey from error
    raise NoSigningKey
