"""A checkpoint is trusted only by the policy's keys and its quorum."""

from collections.abc import Iterable

import pytest

from app.ledger.format.note import Checkpoint, Note, NoteError
from app.ledger.format.policy import Group, Policy
from tests.ledger.signed import (
    ABSENT,
    ARCHE,
    ARCHE_KEY,
    CHECKPOINT,
    LOG,
    NESTED,
    NEXT,
    SEEN,
    SIGNED,
    WITNESSED,
    WITNESSES,
    forged,
)


def test_a_policy_of_public_witnesses_judges_a_public_checkpoint() -> None:
    note = Note.parse(ARCHE.encode())
    named = "".join(f"witness {name} {key}\n" for name, key in WITNESSES.items())
    head = f"log {ARCHE_KEY} https://log.example/\n{named}witness absent {ABSENT}\n"
    policy = Policy.parse(
        f"{head}group all-four 4 {' '.join(WITNESSES)}\nquorum all-four\n".encode()
    )
    assert policy.checkpoint(note).size == 1432088532
    assert set(policy.cosigners(note)) == set(WITNESSES)
    assert set(policy.cosigners(note).values()) == {1_779_573_024}
    five = f"{head}group five all absent {' '.join(WITNESSES)}\nquorum five\n"
    with pytest.raises(NoteError, match="Too few"):
        Policy.parse(five.encode()).checkpoint(note)


def test_a_policy_reads_as_its_specification_says() -> None:
    told = f"""
        # Whom we believe\t
    log {LOG.verifier}
\tlog   {NEXT.verifier}\thttps://clinic.example/ledger
    witness w0 {SEEN[0].cosigner} https://w0.example
    witness w1 {SEEN[1].cosigner}
    witness Ж {SEEN[2].cosigner}
    group ours any w0
    group theirs all w1 Ж
    group both 2 ours theirs
    quorum both
"""
    policy = Policy.parse(told.encode())
    assert policy.logs == (LOG.verifier, NEXT.verifier)
    assert policy.groups == {
        "ours": Group(1, ("w0",)),
        "theirs": Group(2, ("w1", "Ж")),
        "both": Group(2, ("ours", "theirs")),
    }
    assert Policy.parse(policy.encode()) == policy
    assert [policy.quorate(names) for names in (["w0", "w1"], ["w1", "Ж"], ["w0", "w1", "Ж"])] == [
        False,
        False,
        True,
    ]


def test_a_policy_of_the_server_is_written_in_a_few_lines() -> None:
    policy = Policy((LOG.verifier,))
    assert policy.encode().decode() == f"log {LOG.verifier}\nquorum none\n"
    assert policy.checkpoint(SIGNED) == CHECKPOINT


def test_names_in_a_policy_are_octets() -> None:
    data = f"witness \udcff {SEEN[0].cosigner}\nquorum \udcff\n".encode(errors="surrogateescape")
    assert Policy.parse(data).encode() == data


def subsets(count: int) -> Iterable[set[int]]:
    return ({at for at in range(count) if bits >> at & 1} for bits in range(2**count))


def test_a_quorum_is_counted_through_its_groups() -> None:
    for told in subsets(5):
        enough = len(told & {0, 1, 2}) >= 2 and bool(told & {3, 4})
        note = Note(
            SIGNED.text,
            (*SIGNED.signatures, *(SEEN[at].cosign(SIGNED.text, at) for at in told)),
        )
        assert NESTED.cosigners(note) == {f"w{at}": at for at in told}
        if enough:
            assert NESTED.checkpoint(note) == CHECKPOINT
        else:
            with pytest.raises(NoteError, match="Too few"):
                NESTED.checkpoint(note)


def test_a_deep_policy_is_counted_without_a_deep_stack() -> None:
    groups = {f"g{number}": Group(1, (f"g{number - 1}",)) for number in range(1, 5000)}
    policy = Policy((), {"g0": LOG.cosigner}, groups, "g4999")
    assert Policy.parse(policy.encode()) == policy
    assert policy.quorate(["g0"])
    assert not policy.quorate([])


def test_either_key_of_a_log_that_changes_its_key_is_enough() -> None:
    for signed in ((LOG,), (NEXT,), (LOG, NEXT)):
        note = Note(SIGNED.text, tuple(key.sign(SIGNED.text) for key in signed))
        assert Policy((LOG.verifier, NEXT.verifier)).signers(note) == [
            key.verifier for key in signed
        ]
        assert Policy((LOG.verifier,)).signers(note) == [
            key.verifier for key in signed if key is LOG
        ]


def test_a_false_signature_of_a_known_key_is_reported() -> None:
    with pytest.raises(NoteError, match="is false"):
        NESTED.checkpoint(forged(WITNESSED, LOG.verifier))
    with pytest.raises(NoteError, match="is false"):
        NESTED.checkpoint(forged(WITNESSED, SEEN[4].cosigner))
    assert Policy((NEXT.verifier,)).signers(forged(WITNESSED, LOG.verifier)) == []


def test_a_log_signs_only_for_its_own_origin() -> None:
    other = Checkpoint("needlework.ledger/another", 7, CHECKPOINT.root)
    with pytest.raises(NoteError, match="origin"):
        Policy((LOG.verifier,)).checkpoint(Note(other.text(), (LOG.sign(other.text()),)))
    with pytest.raises(NoteError, match="No key"):
        Policy((NEXT.verifier,)).checkpoint(SIGNED)


def test_a_cosignature_does_not_count_as_the_logs_signature() -> None:
    note = Note(SIGNED.text, (LOG.cosign(SIGNED.text, 5),))
    assert Policy((LOG.verifier,)).signers(note) == []


W0, W1 = (f"witness w{at} {SEEN[at].cosigner}\n" for at in (0, 1))


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ("", "newline"),
        ("\n", "quorum"),
        ("quorum none", "newline"),
        ("quorum none\r\n", "control"),
        ("quorum none\x7f\n", "control"),
        ("quorum none # none\n", "can't be read"),
        ("quorum none\nquorum none\n", "can't be read"),
        ("quorum w0\n" + W0, "before it is defined"),
        ("group g 1 w0\n" + W0 + "quorum g\n", "before it is defined"),
        ("group g any g\nquorum g\n", "before it is defined"),
        ("group g any none\nquorum g\n", "before it is defined"),
        (W0 + W0.replace("w0", "w1") + "quorum w0\n", "same key"),
        (W0 + W1.replace("w1", "w0") + "quorum w0\n", "twice"),
        (W0 + W1 + "group w0 all w1\nquorum w0\n", "twice"),
        (W0 + "group g 1 w0 w0\nquorum g\n", "counts"),
        (W0 + "group g 1 w0\ngroup h 1 w0\nquorum g\n", "counts"),
        (W0.replace("w0", "none") + "quorum none\n", "twice"),
        (W0 + "group g 2 w0\nquorum g\n", "asks for more"),
        (W0 + "group g 0 w0\nquorum g\n", "asks for more"),
        (W0 + "group g 01 w0\nquorum g\n", "decimal"),
        (W0 + "group g -1 w0\nquorum g\n", "decimal"),
        (W0 + "group g 1\nquorum g\n", "can't be read"),
        (W0.replace("\n", " a b\n") + "quorum none\n", "can't be read"),
        (f"log {SEEN[0].cosigner}\nquorum none\n", "belongs"),
        (f"witness w0 {LOG.verifier}\nquorum none\n", "belongs"),
        (f"log {LOG.verifier}\nlog {LOG.verifier}\nquorum none\n", "same key"),
        ("log\nquorum none\n", "can't be read"),
        ("trust everyone\nquorum none\n", "can't be read"),
        ("\N{NO-BREAK SPACE}quorum none\n", "can't be read"),
    ],
)
def test_a_malformed_policy_is_refused(told: str, why: str) -> None:
    with pytest.raises(NoteError, match=why):
        Policy.parse(told.encode())


def test_an_unreadable_policy_is_not_written() -> None:
    for name in ("two words", "a\nb", ""):
        with pytest.raises(NoteError):
            Policy((), {name: SEEN[0].cosigner}, {}, name).encode()
