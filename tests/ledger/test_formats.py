"""Each format accepts exactly one spelling, and refuses all other bytes with `NoteError`."""

from base64 import b64encode
from collections.abc import Callable
from random import Random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.ledger.format.note import (
    Checkpoint,
    Note,
    NoteError,
    Proof,
    Signature,
    VerifierKey,
    proof_text,
    signing_keys,
)
from app.ledger.format.policy import Policy
from app.ledger.format.tree import inclusion
from tests.ledger.signed import (
    CHECKPOINT,
    LEAVES,
    LOG,
    NESTED,
    NEXT,
    PROOF,
    SIGNED,
    WITNESSED,
    held,
    pem,
)


def spoiled(data: bytes, random: Random) -> bytes:
    """The bytes with a few places cut, doubled, or overwritten by significant characters."""
    for _ in range(random.randint(1, 3)):
        at = random.randrange(len(data) + 1)
        to = min(len(data), at + random.choice([0, 1, 1, 2, 9, 40]))
        odd = [
            b"",
            b"\n",
            b" ",
            b"+",
            b"=",
            b"\r",
            b"\0",
            b"\xff",
            b"\xc2\xa0",
            data[at:to] * 2,
            b"9" * 30,
            b"/",
        ]
        data = data[:at] + random.choice(odd) + data[to:]
    return data


def as_text(data: bytes) -> str:
    """The bytes decoded by a careless caller, into text with lone surrogates."""
    return data.decode(errors="surrogateescape")


def rewritten(proof: Proof) -> bytes:
    head, rest = proof_text(proof.index, proof.hashes, proof.note).split("\n", 1)
    extra = "" if proof.extra is None else f"extra {b64encode(proof.extra).decode()}\n"
    return f"{head}\n{extra}{rest}".encode()


def read_policy(data: bytes) -> None:
    Policy.parse(data)


def read_signing_keys(data: bytes) -> None:
    signing_keys(data)


# Each format, with a valid example and the function that writes it again.
FORMATS: dict[str, tuple[bytes, Callable[[bytes], bytes | None]]] = {
    "note": (WITNESSED.encode(), lambda data: Note.parse(data).encode()),
    "checkpoint": (
        CHECKPOINT.text().encode(),
        lambda data: Checkpoint.parse(as_text(data)).text().encode(errors="surrogateescape"),
    ),
    "key": (
        str(LOG.verifier).encode(),
        lambda data: str(VerifierKey.parse(as_text(data))).encode(errors="surrogateescape"),
    ),
    "signature": (
        str(SIGNED.signatures[0]).encode(),
        lambda data: str(Signature.parse(as_text(data))).encode(errors="surrogateescape"),
    ),
    "proof": (PROOF, lambda data: rewritten(Proof.parse(data))),
    "policy": (NESTED.encode(), read_policy),
    "signing keys": (
        pem(LOG.private) + pem(NEXT.private),
        read_signing_keys,
    ),
}


def test_a_proof_contains_everything_that_its_reader_needs() -> None:
    for index in range(7):
        text = proof_text(index, inclusion(index, 7, held), SIGNED)
        proof = Proof.parse(text.encode())
        assert (proof.index, proof.note, proof.checkpoint) == (index, SIGNED, CHECKPOINT)
        assert [proof.includes(leaf) for leaf in LEAVES] == [at == index for at in range(7)]


def test_a_proof_has_the_lines_of_its_specification() -> None:
    head, index, *hashes = proof_text(6, inclusion(6, 7, held), SIGNED).split("\n\n")[0].split("\n")
    assert (head, index) == ("c2sp.org/tlog-proof@v1", "index 6")
    assert hashes == [b64encode(digest).decode() for digest in inclusion(6, 7, held)]


def test_extra_data_of_others_in_a_proof_is_read() -> None:
    told = PROOF.replace(b"\nindex", b"\nextra YWdl\nindex")
    assert Proof.parse(told).extra == b"age"
    assert Proof.parse(told).includes(LEAVES[3])
    assert Proof.parse(PROOF).extra is None


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        (b"@v1", b"@v2"),
        (b"index 3", b"index 03"),
        (b"index 3", b"index -3"),
        (b"index 3", b"index  3"),
        (b"index 3", b"index"),
        (b"index 3\n", b""),
        (b"index 3\n", b"index 3\nextra YWdl\n"),
        (b"index 3\n", b"extra YWdl\nextra YWdl\nindex 3\n"),
        (b"index 3\n", b"index 3\nYWdl\n"),
        (b"index 3\n", b"index 3\n" + (b"A" * 43 + b"=\n") * 61),
        (b"index 3\n", b"extra YWdlLXY\nindex 3\n"),
        (b"\n\n", b"\n"),
        (b"\n7\n", b"\n"),
    ],
)
def test_a_malformed_proof_is_refused(was: bytes, becomes: bytes) -> None:
    assert was in PROOF
    with pytest.raises(NoteError):
        Proof.parse(PROOF.replace(was, becomes, 1))


@pytest.mark.parametrize("form", FORMATS)
@given(random=st.randoms(use_true_random=False))
def test_altered_input_is_refused_or_has_the_one_spelling(form: str, random: Random) -> None:
    good, reading = FORMATS[form]
    data = spoiled(good, random)
    message = ""
    try:
        assert reading(data) in (None, data)
    except NoteError as refused:
        message = str(refused)
    assert message.isprintable()


@pytest.mark.parametrize("form", FORMATS)
@given(data=st.binary() | st.text().map(lambda text: text.encode(errors="surrogatepass")))
def test_arbitrary_input_is_refused(form: str, data: bytes) -> None:
    good, reading = FORMATS[form]
    assume(data != good)
    with pytest.raises(NoteError):
        reading(data)
    written = reading(good)
    assert written in (None, good)
