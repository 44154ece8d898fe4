"""Signed notes: checkpoints, cosignatures and proofs of a ledger, as text. Pure.

Follows the specifications of C2SP: signed-note, tlog-checkpoint, tlog-cosignature (Ed25519) and
tlog-proof@v1. Imports only the standard library, `cryptography` and the modules beside it, so
that an auditor's verifier can share it. Malformed input raises only `NoteError`.
"""

import hashlib
import re
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Self

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from app.ledger.format.tree import HASH_BYTES, SIZE_MAX, included

NOTE: Final = 0x01
COSIGNATURE: Final = 0x04
ALGORITHMS: Final = {NOTE: "Ed25519 signature", COSIGNATURE: "Ed25519 cosignature"}
KEY_BYTES: Final = 32
KEY_ID_BYTES: Final = 4
TIME_BYTES: Final = 8
TIME_MAX_S: Final = 2**63 - 1
SIGNATURES_MAX: Final = 100  # the specification asks for 16 or more; the rest is for witnesses
PROOF_HASHES_MAX: Final = 63  # of a tree of SIZE_MAX
PROOF_HEAD: Final = "c2sp.org/tlog-proof@v1"

DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
PRIVATE_KEY = re.compile(rb"-----BEGIN PRIVATE KEY-----\s.*?-----END PRIVATE KEY-----", re.DOTALL)


class NoteError(ValueError):
    """A note, key, proof or policy is invalid; the message says why."""


@dataclass(frozen=True)
class VerifierKey:
    """A public key with the name of its holder, for one kind of signature.

    `algorithm` is `NOTE` or `COSIGNATURE`; `public` is the 32 bytes of RFC 8032.
    """

    name: str
    algorithm: int
    public: bytes

    def __post_init__(self) -> None:
        _check_name(self.name)
        if self.algorithm not in ALGORITHMS:
            raise NoteError(f"Keys of type {self.algorithm} aren't supported.")
        if len(self.public) != KEY_BYTES:
            raise NoteError("An Ed25519 public key has 32 bytes.")

    @property
    def id(self) -> bytes:
        """The four bytes that identify the key in signature lines."""
        named = self.name.encode() + b"\n" + bytes([self.algorithm]) + self.public
        return hashlib.sha256(named).digest()[:KEY_ID_BYTES]

    def __str__(self) -> str:
        material = b64encode(bytes([self.algorithm]) + self.public).decode()
        return f"{self.name}+{self.id.hex()}+{material}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse a vkey: name, id and key, joined by `+`."""
        parts = text.split("+", 2)
        material = _base64(parts[-1])
        if len(parts) != len(("name", "id", "key")) or not material:
            raise NoteError("A verifier key has the form name+id+key.")
        key = cls(parts[0], material[0], material[1:])
        if str(key) != text:
            raise NoteError("The id of the verifier key doesn't match its name and key.")
        return key

    def verifies(self, text: str, value: bytes) -> int | None:
        """The time of a cosignature, or 0 for a plain signature; None if the signature is false."""
        time_s, message = 0, text
        if self.algorithm == COSIGNATURE:
            time_s = int.from_bytes(value[:TIME_BYTES])
            message, value = _cosigned(text, time_s), value[TIME_BYTES:]
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(value, message.encode())
        except (InvalidSignature, ValueError):
            return None
        return time_s if time_s <= TIME_MAX_S else None


@dataclass(frozen=True)
class Signature:
    """One signature line: the claimed signer's name, the key's id, and the signature's bytes."""

    name: str
    id: bytes
    value: bytes

    def __post_init__(self) -> None:
        _check_name(self.name)
        if len(self.id) != KEY_ID_BYTES or not self.value:
            raise NoteError("A signature has a key id of 4 bytes and at least one more byte.")

    def __str__(self) -> str:
        return f"\u2014 {self.name} {b64encode(self.id + self.value).decode()}"

    @classmethod
    def parse(cls, line: str) -> Self:
        """Parse a line without its newline."""
        parts = line.split(" ")
        if len(parts) != len(("dash", "name", "base64")) or parts[0] != "\u2014":
            raise NoteError("A signature line has the form \u2014 name base64.")
        signed = _base64(parts[2])
        return cls(parts[1], signed[:KEY_ID_BYTES], signed[KEY_ID_BYTES:])


@dataclass(frozen=True)
class SigningKey:
    """A private key with the name of its holder."""

    name: str
    private: Ed25519PrivateKey = field(repr=False)

    @property
    def verifier(self) -> VerifierKey:
        """The public key that verifies `sign`."""
        return VerifierKey(self.name, NOTE, self.private.public_key().public_bytes_raw())

    @property
    def cosigner(self) -> VerifierKey:
        """The public key that verifies `cosign`."""
        return VerifierKey(self.name, COSIGNATURE, self.private.public_key().public_bytes_raw())

    def sign(self, text: str) -> Signature:
        """Sign the text of a note."""
        _check_text(text)
        return Signature(self.name, self.verifier.id, self.private.sign(text.encode()))

    def cosign(self, text: str, unix_s: int) -> Signature:
        """Cosign a checkpoint: it was the largest seen at `unix_s`, and continues all others."""
        Checkpoint.parse(text)
        if not 0 <= unix_s <= TIME_MAX_S:
            raise NoteError("A cosignature's time is in seconds since 1970.")
        signed = self.private.sign(_cosigned(text, unix_s).encode())
        return Signature(self.name, self.cosigner.id, unix_s.to_bytes(TIME_BYTES) + signed)


def signing_keys(pem: bytes) -> list[Ed25519PrivateKey]:
    """The Ed25519 keys in one or more unencrypted PEM blocks (PKCS #8)."""
    blocks = PRIVATE_KEY.findall(pem)
    if not blocks or len(blocks) != pem.count(b"-----BEGIN"):
        raise NoteError("The file of signing keys must hold only PRIVATE KEY blocks.")
    return [_private_key(block) for block in blocks]


def _private_key(block: bytes) -> Ed25519PrivateKey:
    # Without the cause: the parser's message may quote the key.
    try:
        key = load_pem_private_key(block, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise NoteError("A signing key can't be read.") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise NoteError("A signing key isn't an Ed25519 key.")
    return key


@dataclass(frozen=True)
class Note:
    """A text that ends with a newline, and signatures that are not verified yet."""

    text: str
    signatures: tuple[Signature, ...]

    def __post_init__(self) -> None:
        _check_text(self.text)
        if not 0 < len(self.signatures) <= SIGNATURES_MAX:
            raise NoteError(f"A note has from 1 to {SIGNATURES_MAX} signatures.")

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Parse the bytes of a signed note."""
        written = _utf8(data)
        text, blank, lines = written.rpartition("\n\n")
        if not blank or not lines.endswith("\n"):
            raise NoteError("A signed note is a text, an empty line, and lines of signatures.")
        signed = lines[:-1].split("\n", SIGNATURES_MAX)
        return cls(text + "\n", tuple(Signature.parse(line) for line in signed))

    def encode(self) -> bytes:
        """The note as bytes."""
        return "\n".join((self.text, *map(str, self.signatures), "")).encode()

    def names(self, key: VerifierKey) -> bool:
        """Whether a signature claims to be by this key. It may be false."""
        return any(self._values(key))

    def verified_by(self, key: VerifierKey) -> bool:
        """Whether this key signed, and no signature that claims to be by this key is false."""
        return self.names(key) and None not in self._times(key)

    def cosigned_at(self, key: VerifierKey) -> int | None:
        """When this key last cosigned, in seconds since 1970; None without a valid cosignature."""
        if key.algorithm != COSIGNATURE or not self.verified_by(key):
            return None
        return max(time_s for time_s in self._times(key) if time_s is not None)

    def _values(self, key: VerifierKey) -> list[bytes]:
        found = (key.name, key.id)
        return [line.value for line in self.signatures if (line.name, line.id) == found]

    def _times(self, key: VerifierKey) -> list[int | None]:
        return [key.verifies(self.text, value) for value in self._values(key)]


@dataclass(frozen=True)
class Checkpoint:
    """What a log commits to: its origin, its size in leaves, and the root over them.

    `extensions` are further lines with a meaning that only the log knows.
    """

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        lines = (self.origin, *self.extensions)
        if any(not line or "\n" in line for line in lines):
            raise NoteError("A checkpoint must not have empty lines.")
        _check_text("\n".join((*lines, "")))
        if not 0 <= self.size <= SIZE_MAX:
            raise NoteError("A checkpoint's size is out of range.")
        if len(self.root) != HASH_BYTES:
            raise NoteError("A checkpoint's root has 32 bytes.")

    def text(self) -> str:
        """The text that is signed."""
        lines = (self.origin, str(self.size), b64encode(self.root).decode(), *self.extensions)
        return "".join(f"{line}\n" for line in lines)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse the text of a note."""
        origin, *rest = text.split("\n")
        if len(rest) < len(("size", "root", "end")) or rest.pop():
            raise NoteError("A checkpoint has lines for origin, size and root.")
        size, root, *extensions = rest
        return cls(origin, whole_number(size), _base64(root), tuple(extensions))


@dataclass(frozen=True)
class Proof:
    """A proof that an entry is in a log: its index from zero, the path of hashes, a checkpoint."""

    index: int
    hashes: tuple[bytes, ...]
    note: Note
    checkpoint: Checkpoint
    extra: bytes | None = None

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Parse a tlog-proof@v1."""
        written = _utf8(data)
        head, _, note = written.partition("\n\n")
        first, *lines = head.split("\n", PROOF_HASHES_MAX + len(("head", "extra", "index")))
        if first != PROOF_HEAD:
            raise NoteError(f"A proof starts with the line {PROOF_HEAD}.")
        extra = None
        if lines and lines[0].startswith("extra "):
            extra = _base64(lines.pop(0).removeprefix("extra "))
        if not lines or not lines[0].startswith("index "):
            raise NoteError("A proof names the index of its entry.")
        signed = Note.parse(note.encode())
        hashes = tuple(_base64(line) for line in lines[1:])
        if any(len(digest) != HASH_BYTES for digest in hashes) or len(hashes) > PROOF_HASHES_MAX:
            raise NoteError(f"A proof has {PROOF_HASHES_MAX} hashes of 32 bytes at most.")
        index = whole_number(lines[0].removeprefix("index "))
        return cls(index, hashes, signed, Checkpoint.parse(signed.text), extra)

    def includes(self, leaf: bytes) -> bool:
        """Whether the leaf hash is under the checkpoint's root. Does not check who signed it."""
        at = self.checkpoint
        return included(leaf, self.index, at.size, self.hashes, at.root)


def proof_text(index: int, hashes: Sequence[bytes], checkpoint_note: Note) -> str:
    """The tlog-proof@v1 for the entry at this index, counted from zero."""
    lines = [PROOF_HEAD, f"index {index}", *(b64encode(digest).decode() for digest in hashes)]
    return "\n".join((*lines, "", checkpoint_note.encode().decode()))


def _cosigned(text: str, unix_s: int) -> str:
    return f"cosignature/v1\ntime {unix_s}\n{text}"


def _utf8(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise NoteError("A note must be UTF-8.") from None


def _check_text(text: str) -> None:
    if not text.endswith("\n") or CONTROL.search(text):
        raise NoteError("A note's text must end with a newline, without control characters.")
    _check_encodable(text)


def _check_name(name: str) -> None:
    if not name or "+" in name or CONTROL.search(name) or any(map(str.isspace, name)):
        raise NoteError("A key's name is empty, or has a space, a plus or a control character.")
    _check_encodable(name)


def _check_encodable(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise NoteError("A note must be UTF-8.") from None


def _base64(text: str) -> bytes:
    try:
        data = b64decode(text, validate=True)
    except ValueError:
        raise NoteError("A note has invalid base64.") from None
    # The decoder accepts other final characters for the same bytes: that would allow alterations.
    if b64encode(data).decode() != text:
        raise NoteError("A note has invalid base64.")
    return data


def whole_number(text: str) -> int:
    """Parse a number as C2SP writes it: plain digits, no sign, no leading zero, below 10**19."""
    if not DECIMAL.fullmatch(text):
        raise NoteError("A number isn't written in plain decimal digits.")
    return int(text)


def shown(name: str) -> str:
    """A name, escaped and shortened for a message: it is from an untrusted file."""
    return ascii(name[:80])
