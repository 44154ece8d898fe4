"""Signed notes of other programs are read, and a malformed note raises `NoteError` only."""

import hashlib
import re
from base64 import b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from hypothesis import given
from hypothesis import strategies as st

from app.ledger.format.note import (
    COSIGNATURE,
    NOTE,
    Checkpoint,
    Note,
    NoteError,
    Signature,
    SigningKey,
    VerifierKey,
    signing_keys,
)
from tests.ledger.signed import (
    ABSENT,
    ARCHE,
    ARCHE_KEY,
    CHECKPOINT,
    FOO,
    FOO_NOTE,
    LOG,
    NEXT,
    ORIGIN,
    PETER,
    PETER_NOTE,
    SIGNED,
    SOFA,
    WITNESSES,
    forged,
    pem,
)

breaking = (
    st.characters(max_codepoint=31)
    | st.characters(categories=["Cs", "Zs", "Zl", "Zp"])
    | st.sampled_from("+\x85")
)
names = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Z"]), min_size=1).filter(
    lambda name: "+" not in name
)
lines = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1)
texts = st.lists(lines | st.just(""), min_size=1).map(lambda found: "\n".join((*found, "")))
keys = st.builds(
    SigningKey, names, st.binary(min_size=32, max_size=32).map(Ed25519PrivateKey.from_private_bytes)
)


@pytest.mark.parametrize(
    ("key", "note"), [(FOO, FOO_NOTE), (PETER, PETER_NOTE), (ARCHE_KEY, ARCHE)]
)
def test_a_note_signed_by_others_is_verified(key: str, note: str) -> None:
    signer = VerifierKey.parse(key)
    found = Note.parse(note.encode())
    assert str(signer) == key
    assert found.encode() == note.encode()
    assert found.verified_by(signer)
    assert not forged(found, signer).verified_by(signer)
    assert not Note(found.text + "\n", found.signatures).verified_by(signer)
    assert not found.verified_by(LOG.verifier)


def test_the_cosignatures_of_public_witnesses_are_verified() -> None:
    note = Note.parse(ARCHE.encode())
    for key in map(VerifierKey.parse, WITNESSES.values()):
        assert note.cosigned_at(key) == 1_779_573_024
        assert note.verified_by(key)
        assert forged(note, key).cosigned_at(key) is None
    assert note.cosigned_at(VerifierKey.parse(ABSENT)) is None
    assert note.cosigned_at(VerifierKey.parse(ARCHE_KEY)) is None


def test_a_checkpoint_reads_as_its_specification_says() -> None:
    note = Note.parse(SOFA.encode())
    found = Checkpoint.parse(note.text)
    assert (found.origin, found.size) == ("example.com/behind-the-sofa", 20852163)
    assert found.root.hex() == "0ac5186a91863e8e1d90c808014aa89bf5da8e3ee1d9f07630f0378f68f1ab62"
    assert [line.name for line in note.signatures] == [found.origin, "witness.example.com/w1"]
    assert found.text() == note.text


def test_the_text_ends_at_the_last_empty_line() -> None:
    text = "one\n\n\n— two\n\n"
    note = Note(text, (LOG.sign(text),))
    assert Note.parse(note.encode()) == note


@given(keys, texts)
def test_a_key_verifies_its_own_signatures_and_no_others(key: SigningKey, text: str) -> None:
    note = Note(text, (key.sign(text),))
    assert Note.parse(note.encode()) == note
    assert note.verified_by(key.verifier)
    assert VerifierKey.parse(str(key.verifier)) == key.verifier
    for other in (
        key.cosigner,
        VerifierKey("other", NOTE, key.verifier.public),
        VerifierKey(key.name, NOTE, bytes(32)),
    ):
        assert not note.verified_by(other)


@given(lines, st.integers(0, 2**63 - 1), st.binary(min_size=32, max_size=32), st.lists(lines))
def test_a_checkpoint_survives_writing_and_reading(
    origin: str, size: int, top: bytes, extensions: list[str]
) -> None:
    checkpoint = Checkpoint(origin, size, top, tuple(extensions))
    assert Checkpoint.parse(checkpoint.text()) == checkpoint


@given(keys, st.integers(0, 2**63 - 1))
def test_a_cosignature_contains_its_time(key: SigningKey, unix_s: int) -> None:
    line = key.cosign(CHECKPOINT.text(), unix_s)
    note = Note(CHECKPOINT.text(), (line,))
    assert note.cosigned_at(key.cosigner) == unix_s
    other = ((unix_s + 1) % 2**63).to_bytes(8) + line.value[8:]
    moved = Note(note.text, (Signature(line.name, line.id, other),))
    assert moved.cosigned_at(key.cosigner) is None
    assert not note.names(key.verifier)


def test_a_cosigned_message_is_that_of_the_specification() -> None:
    line = LOG.cosign("example.com/behind-the-sofa\n1\n" + "A" * 43 + "=\n", 1679315147)
    message = f"cosignature/v1\ntime 1679315147\nexample.com/behind-the-sofa\n1\n{'A' * 43}=\n"
    LOG.private.public_key().verify(line.value[8:], message.encode())
    named = f"{ORIGIN}\n".encode() + b"\4" + LOG.cosigner.public
    assert line.id == hashlib.sha256(named).digest()[:4]


@pytest.mark.parametrize("unix_s", [-1, 2**63])
def test_an_invalid_time_is_not_cosigned(unix_s: int) -> None:
    with pytest.raises(NoteError, match="seconds"):
        LOG.cosign(CHECKPOINT.text(), unix_s)


def test_a_time_beyond_the_specification_is_refused() -> None:
    message = f"cosignature/v1\ntime {2**63}\n{CHECKPOINT.text()}"
    value = (2**63).to_bytes(8) + LOG.private.sign(message.encode())
    note = Note(CHECKPOINT.text(), (Signature(ORIGIN, LOG.cosigner.id, value),))
    assert note.cosigned_at(LOG.cosigner) is None


def test_only_a_checkpoint_is_cosigned() -> None:
    with pytest.raises(NoteError, match="checkpoint"):
        LOG.cosign("any text\n", 1)


def test_one_false_signature_of_a_key_invalidates_its_valid_ones() -> None:
    false = forged(SIGNED, LOG.verifier).signatures
    for order in (SIGNED.signatures + false, false + SIGNED.signatures):
        assert not Note(SIGNED.text, order).verified_by(LOG.verifier)


def test_the_latest_of_several_cosignatures_counts() -> None:
    cosigned = tuple(LOG.cosign(SIGNED.text, unix_s) for unix_s in (5, 9, 7))
    assert Note(SIGNED.text, cosigned).cosigned_at(LOG.cosigner) == 9


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n\n",
        b"text\n",
        b"text\n\n",
        b"text\n\nsigned\n",
        f"{SIGNED.signatures[0]}\n".encode(),
        SIGNED.encode()[:-1],
        SIGNED.encode() + b"\n",
        SIGNED.encode().replace(b"\n\n", b"\n"),
        SIGNED.encode().replace(b"\n", b"\r\n"),
        SIGNED.encode().replace(b"7", b"\t", 1),
        SIGNED.encode().replace(b"7", b"\xff", 1),
        SIGNED.encode().replace("— ".encode(), b"- "),
        SIGNED.encode().replace("— ".encode(), "—  ".encode()),
        SIGNED.encode().replace("— ".encode(), "\N{NO-BREAK SPACE}— ".encode()),
        SIGNED.text.encode() + b"\n" + f"— {ORIGIN} AAAAAA==\n".encode(),
        SIGNED.text.encode() + b"\n" + f"— {ORIGIN} AAAAAAB=\n".encode(),
        SIGNED.text.encode() + b"\n" + f"— {ORIGIN} {'A' * 101}\n".encode(),
        SIGNED.text.encode() + b"\n" + f"— {ORIGIN} AAAA\u00e9AAA\n".encode(),
        SIGNED.text.encode() + b"\n" + f"{SIGNED.signatures[0]}\n".encode() * 101,
    ],
)
def test_a_malformed_note_is_refused(data: bytes) -> None:
    with pytest.raises(NoteError):
        Note.parse(data)


def test_as_many_witnesses_as_the_specification_asks_for_fit_a_note() -> None:
    lines = SIGNED.signatures * 100
    assert len(Note.parse(Note(SIGNED.text, lines).encode()).signatures) == 100


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        (ORIGIN, ""),
        ("\n7\n", "\n07\n"),
        ("\n7\n", "\n+7\n"),
        ("\n7\n", "\n-7\n"),
        ("\n7\n", "\n 7\n"),
        ("\n7\n", "\n7_0\n"),
        ("\n7\n", "\n\N{ARABIC-INDIC DIGIT SEVEN}\n"),
        ("\n7\n", "\n\n"),
        ("\n7\n", f"\n{2**63}\n"),
        ("\n7\n", f"\n{'9' * 5000}\n"),
        ("=\n", "\n"),
        ("=\n", "=\n\n"),
        ("=\n", "=\nextension"),
        ("=\n", "="),
    ],
)
def test_a_malformed_checkpoint_is_refused(was: str, becomes: str) -> None:
    text = CHECKPOINT.text()
    assert text.count(was) == 1
    with pytest.raises(NoteError):
        Checkpoint.parse(text.replace(was, becomes))


@pytest.mark.parametrize(
    "key",
    [
        "",
        "++",
        "name",
        FOO.replace("530d903a", "530d903b"),
        FOO.replace("530d903a", "530D903A"),
        FOO.replace("foo", "bar"),
        FOO.replace("foo", "f oo"),
        FOO + "=",
        "+530d903a+" + FOO.rpartition("+")[2],
        FOO + "\n",
        "name+00000000+AQ==",
        "name+00000000+" + b64encode(b"\6" + bytes(1312)).decode(),
    ],
)
def test_a_malformed_key_is_refused(key: str) -> None:
    with pytest.raises(NoteError):
        VerifierKey.parse(key)


@given(st.text(min_size=1), breaking, st.text())
def test_a_key_name_that_would_break_its_line_is_refused(before: str, odd: str, after: str) -> None:
    for name in ("", before + odd + after):
        with pytest.raises(NoteError, match=r"name|UTF-8"):
            VerifierKey(name, NOTE, bytes(32))
        with pytest.raises(NoteError, match=r"name|UTF-8"):
            Signature(name, bytes(4), bytes(64))


def test_several_signing_keys_are_read_from_one_file() -> None:
    found = signing_keys(b"the new one\n" + pem(NEXT.private) + b"the old one\n" + pem(LOG.private))
    assert [SigningKey(ORIGIN, key).verifier for key in found] == [NEXT.verifier, LOG.verifier]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        pem(LOG.private)[:-20],
        pem(LOG.private) + pem(NEXT.private)[:-20],
        pem(LOG.private, BestAvailableEncryption(b"secret")),
        pem(LOG.private).replace(b"MC4C", b"MC4D"),
        LOG.private.public_key().public_bytes_raw(),
        generate_private_key(SECP256R1()).private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        ),
    ],
    ids=["nothing", "cut", "cut in the second", "locked", "spoiled", "raw", "another kind"],
)
def test_a_file_without_signing_keys_is_refused_and_not_quoted(data: bytes) -> None:
    with pytest.raises(NoteError) as refused:
        signing_keys(data)
    assert refused.value.__context__ is None or refused.value.__suppress_context__
    assert not re.search(r"[A-Za-z0-9+/]{16}", str(refused.value))


def test_the_repr_of_a_signing_key_hides_the_key() -> None:
    assert repr(LOG) == f"SigningKey(name={ORIGIN!r})"


def test_the_kinds_of_keys_are_those_of_the_specification() -> None:
    assert (NOTE, COSIGNATURE) == (1, 4)
