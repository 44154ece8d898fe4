"""The attack matrix: what an owner of the database can do to a ledger, and what an auditor sees.

Each attack is tried without touching the tree, and with the whole tree recomputed. In the second
case the server signs the forgery itself, and only an earlier checkpoint or a witness reveals it.
The exit codes are those of the check of an export: 0 clean, 2 tampered.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.core.db.bulk import insert_rows
from app.core.operation import perform
from app.core.values.clock import now, uuid7
from app.core.values.problems import LedgerDamaged
from app.ledger import signing
from app.ledger.format.note import SigningKey
from app.ledger.format.policy import Policy
from app.ledger.format.verify import verify
from app.ledger.format.witness import NotWitnessed, Witness
from app.ledger.models import LedgerCheckpoint
from app.retention import service as retention
from tests.ground import Api, Clinic
from tests.ledger.attacker import (
    audited,
    drop,
    edited,
    exported,
    history,
    kept,
    notes,
    owning,
    remember,
    renumbered,
    rewrite,
    seal,
    size_of,
    touch,
    with_body,
)

CLEAN, TAMPERED, INCOMPLETE, UNDECIDABLE = 0, 2, 3, 4


@pytest.fixture(name="held")
def checkpoint_that_the_auditor_keeps(clinic: Clinic, tmp_path: Path) -> Path:
    """A ledger of 320 entries, more than one tile; the auditor saw the first 300."""
    remember(clinic, 300 - size_of(clinic))
    held = kept(tmp_path, seal(clinic))
    remember(clinic, 20)
    assert size_of(clinic) == 320
    return held


@pytest.fixture(name="policy")
def policy_of_the_contract(clinic: Clinic, tmp_path: Path) -> Path:
    """The ledger's key, as the auditor got it earlier."""
    file = tmp_path / "policy"
    file.write_bytes(signing.policy(clinic.id).encode())
    return file


@pytest.fixture(name="check")
def check_of_a_new_export(
    clinic: Clinic, tmp_path: Path, held: Path, policy: Path
) -> Callable[[], tuple[int, int]]:
    """The exit codes without the auditor's checkpoint and with it."""

    def check() -> tuple[int, int]:
        return (
            audited(clinic, tmp_path, policy=policy),
            audited(clinic, tmp_path, policy=policy, held=held),
        )

    return check


Check = Callable[[], tuple[int, int]]


def test_no_attack_is_clean(check: Check) -> None:
    assert check() == (CLEAN, CLEAN)


def test_an_edited_field(clinic: Clinic, check: Check) -> None:
    before = history(clinic)[6]
    others = {"actor": "client:x", "at": now(), "patient_id": uuid7(), "reason": "r", "version": 2}
    for name, value in others.items():
        touch(clinic, 7, **{name: value})
        assert check()[0] == TAMPERED, name
        touch(clinic, 7, **{name: before[name]})
    assert check() == (CLEAN, CLEAN)
    # All hashes recomputed, all stored checkpoints deleted: only the auditor's own reveals it.
    rewrite(clinic, edited(7))
    assert notes(clinic) == []
    assert check() == (CLEAN, TAMPERED)


def test_an_edited_body(clinic: Clinic, check: Check) -> None:
    before = history(clinic)[6]
    touch(clinic, 7, body=with_body(before, language="de")["body"])
    assert check() == (TAMPERED, TAMPERED)
    # With a matching digest, the entry differs, and so it doesn't match the tree.
    touch(clinic, 7, body_digest=with_body(before, language="de")["body_digest"])
    assert check() == (TAMPERED, TAMPERED)
    rewrite(clinic, renumbered)
    assert check() == (CLEAN, TAMPERED)


def test_a_deleted_entry(clinic: Clinic, check: Check, tmp_path: Path) -> None:
    drop(clinic, 7)
    # The server can't complete the export, and the check reports it as incomplete.
    folder = tmp_path / "left"
    with pytest.raises(LedgerDamaged, match="number 7"):
        exported(clinic, folder)
    assert verify(folder).exit == INCOMPLETE
    drop(clinic, 310)  # in a tile that isn't complete: not even a checkpoint can be made
    with pytest.raises(LedgerDamaged, match="from 257 to"):
        check()


def test_a_deleted_entry_with_the_later_ones_renumbered(clinic: Clinic, check: Check) -> None:
    rewrite(clinic, lambda entries: renumbered(entries[:6] + entries[7:]))
    assert check() == (CLEAN, TAMPERED)


def test_two_swapped_entries(clinic: Clinic, check: Check) -> None:
    seventh, eighth = history(clinic)[6:8]
    columns = set(seventh) - {"clinic_id", "number"}
    touch(clinic, 7, **{name: eighth[name] for name in columns})
    touch(clinic, 8, **{name: seventh[name] for name in columns})
    assert check() == (TAMPERED, TAMPERED)
    rewrite(clinic, renumbered)
    assert check() == (CLEAN, TAMPERED)


def test_a_truncated_end(clinic: Clinic, check: Check) -> None:
    rewrite(clinic, lambda entries: entries[:250])
    assert check() == (CLEAN, TAMPERED)
    # New entries in place of the deleted ones hide nothing.
    remember(clinic, 100)
    assert check() == (CLEAN, TAMPERED)


def test_a_truncated_end_before_a_stored_checkpoint(clinic: Clinic, tmp_path: Path) -> None:
    remember(clinic, 300)
    seal(clinic)
    there = notes(clinic)
    rewrite(clinic, lambda entries: entries[:250])
    with owning(clinic) as db:
        insert_rows(db, {LedgerCheckpoint: there})
    # The server has stored a larger size, and refuses to export fewer entries.
    with pytest.raises(LedgerDamaged, match="when it was last signed"):
        audited(clinic, tmp_path)
    remember(clinic, 100)
    # The owner forgot the size that the server stored, so no checkpoint of the auditor is needed.
    assert audited(clinic, tmp_path) == TAMPERED


def test_a_restored_old_backup(clinic: Clinic, policy: Path, tmp_path: Path) -> None:
    remember(clinic, 280)
    seal(clinic)
    backup, backed_up = history(clinic), notes(clinic)
    remember(clinic, 20)
    held = kept(tmp_path, seal(clinic))
    assert audited(clinic, tmp_path, policy=policy, held=held) == CLEAN
    rewrite(clinic, lambda _: backup)
    with owning(clinic) as db:
        insert_rows(db, {LedgerCheckpoint: backed_up})
    # Everything in it is genuine and the end is missing: the export alone can't reveal that.
    assert audited(clinic, tmp_path, policy=policy) == CLEAN
    assert audited(clinic, tmp_path, policy=policy, held=held) == TAMPERED
    remember(clinic, 40)
    assert audited(clinic, tmp_path, policy=policy) == CLEAN
    assert audited(clinic, tmp_path, policy=policy, held=held) == TAMPERED


def test_a_rewrite_with_the_stolen_key_of_what_the_auditor_saw(
    clinic: Clinic, check: Check
) -> None:
    rewrite(clinic, edited(300), resign=True)
    assert notes(clinic) != []
    assert check() == (CLEAN, TAMPERED)


def test_a_rewrite_with_the_stolen_key_of_what_came_after_the_auditor(
    clinic: Clinic, check: Check
) -> None:
    rewrite(clinic, edited(301), resign=True)
    # No outsider saw these entries: only a witness reduces their number.
    assert check() == (CLEAN, CLEAN)


def watching(folder: Path, clinic: Clinic) -> tuple[Witness, Path]:
    """A witness of the ledger, and the policy of an auditor who requires its cosignature."""
    key = Ed25519PrivateKey.generate()
    name = "witness.example/one"
    known = signing.policy(clinic.id)
    asking = Policy(known.logs, {"one": SigningKey(name, key).cosigner}, {}, "one")
    file = folder / "policy-with-witness"
    file.write_bytes(asking.encode())
    return Witness(name, key, known, folder / "witnessed"), file


def test_a_rewrite_with_the_stolen_key_of_what_the_witness_saw(
    clinic: Clinic, api: Api, held: Path, tmp_path: Path
) -> None:
    witness, policy = watching(tmp_path, clinic)
    witness.watch(fetching(api), 1_800_000_000)
    assert audited(clinic, tmp_path, policy=policy, held=witness.held) == CLEAN
    rewrite(clinic, edited(301), resign=True)
    # Newer than the auditor's checkpoint, but older than the witness's.
    assert audited(clinic, tmp_path, policy=policy) == UNDECIDABLE
    assert audited(clinic, tmp_path, policy=policy, held=held) == UNDECIDABLE
    assert audited(clinic, tmp_path, policy=policy, held=witness.held) == TAMPERED
    remembered = witness.held.read_bytes()
    with pytest.raises(NotWitnessed, match="aren't those seen before") as refusal:
        witness.watch(fetching(api), 1_800_000_060)
    assert refusal.value.tampered
    assert witness.held.read_bytes() == remembered


def test_a_rewrite_with_the_stolen_key_before_the_witness_sees_it(
    clinic: Clinic, api: Api, tmp_path: Path
) -> None:
    witness, policy = watching(tmp_path, clinic)
    witness.watch(fetching(api), 1_800_000_000)
    remember(clinic, 10)
    newest = size_of(clinic)
    rewrite(clinic, edited(newest), resign=True)
    # This gap is documented: entries newer than the last cosignature are not protected.
    assert audited(clinic, tmp_path, policy=policy, held=witness.held) == CLEAN
    witness.watch(fetching(api), 1_800_000_060)
    assert audited(clinic, tmp_path, policy=policy, held=witness.held) == CLEAN
    # Entries that the witness has cosigned since then are protected.
    rewrite(clinic, edited(newest - 1), resign=True)
    assert audited(clinic, tmp_path, policy=policy, held=witness.held) == TAMPERED


def fetching(api: Api) -> Callable[[str], bytes]:
    """The server's answer to a witness."""

    def fetch(path: str) -> bytes:
        answer = api.get(path)
        assert answer.status_code == 200
        return answer.content

    return fetch


def test_a_lawful_erasure_is_not_an_attack(
    clinic: Clinic, api: Api, policy: Path, tmp_path: Path
) -> None:
    session = api.session()
    api.session()
    held = kept(tmp_path, seal(clinic))
    patient = UUID(session["patient_id"])
    destroy(clinic, patient)
    report = verify(exported(clinic, tmp_path / "export"), policy, held)
    assert (report.exit, report.bodies_destroyed) == (CLEAN, 2)
    assert [f.severity for f in report.findings] == []


def test_a_body_that_was_deleted_unlawfully(
    clinic: Clinic, api: Api, policy: Path, tmp_path: Path
) -> None:
    session, other = api.session(), api.session()
    held = kept(tmp_path, seal(clinic))
    destroy(clinic, UUID(session["patient_id"]))
    number = next(
        e["number"] for e in history(clinic) if str(e["patient_id"]) == other["patient_id"]
    )
    touch(clinic, number, body=None, salt=None)
    assert audited(clinic, tmp_path, policy=policy, held=held) == TAMPERED
    assert audited(clinic, tmp_path) == TAMPERED


def destroy(clinic: Clinic, patient_id: UUID) -> None:
    """Erase a patient, long after the retention period has ended."""
    op = clinic.operation("retention.policy")
    perform(clinic.database, op, lambda: retention.set_policy(op, 10, 18))
    late = clinic.operation(retention.ERASE)
    late.at = datetime(2070, 1, 1, tzinfo=UTC)
    work = lambda: retention.erase(late, patient_id, "time is up")  # noqa: E731 - one expression
    perform(clinic.database, late, work, owning=True)
