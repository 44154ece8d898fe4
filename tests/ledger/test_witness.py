"""A witness on another machine detects a truncated or rewritten ledger by its exit code."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.core.db.database import Database
from app.ledger import signing
from app.ledger.format.note import Checkpoint, Note, SigningKey, signing_keys
from app.ledger.format.policy import Policy
from tests.cli.program import Ran, url_of, within
from tests.ground import Clinic
from tests.ledger.attacker import edited, remember, rewrite, size_of
from tests.serving import free_port, serving

COSIGNED, TAMPERED, UNDECIDABLE = 0, 2, 4
NAME = "witness.example/one"


@pytest.fixture(scope="module", name="address")
def served_address(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real server on the database, with the key of this run."""
    log = tmp_path_factory.mktemp("witness") / "server.log"
    with serving(log, NEEDLEWORK_DATABASE_URL=url_of(database)) as server:
        yield f"http://127.0.0.1:{server.port}"


@dataclass
class Watcher:
    """The witness's machine: a folder, and the program."""

    folder: Path
    address: str
    clinic: Clinic
    patch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    def __post_init__(self) -> None:
        (self.folder / "policy").write_bytes(signing.policy(self.clinic.id).encode())
        made = self("audit", "key", "witness.pem")
        assert (made.code, made.out) == (0, "")
        self.patch.setenv("NEEDLEWORK_TOKEN", self.clinic.key())

    def __call__(self, *arguments: str) -> Ran:
        # It has no database.
        self.patch.chdir(self.folder)
        return within(self.patch, self.capsys, "sqlite:////nowhere/at/all.db", *arguments)

    def watch(self, *more: str, **files: str) -> Ran:
        named = {"policy": "policy", "key": "witness.pem", "held": "held", **files}
        options = [part for name, file in named.items() for part in (f"--{name}", file)]
        return self("audit", "witness", self.address, *options, "--name", NAME, *more)

    def held(self) -> Note:
        return Note.parse((self.folder / "held").read_bytes())

    def says(self, ran: Ran, code: int, sentence: str) -> bool:
        told = " ".join(ran.err.split())
        assert (ran.code, sentence in told, "Traceback" in told) == (code, True, False), ran
        return True


@pytest.fixture(name="watcher")
def witness_of_a_ledger(
    clinic: Clinic,
    address: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Watcher:
    return Watcher(tmp_path, address, clinic, monkeypatch, capsys)


def test_a_witness_cosigns_only_a_continuation_of_its_last_checkpoint(
    watcher: Watcher, clinic: Clinic
) -> None:
    remember(clinic, 10)
    first = watcher.watch()
    assert watcher.says(first, COSIGNED, f"Cosigned {size_of(clinic)} entries of needlework.ledger")
    key = SigningKey(NAME, signing_keys((watcher.folder / "witness.pem").read_bytes())[0])
    assert first.out == f"witness {NAME} {key.cosigner}\n"
    remember(clinic, 300)
    assert watcher.says(watcher.watch(), COSIGNED, f"Cosigned {size_of(clinic)} entries")
    assert watcher.says(watcher.watch(), COSIGNED, f"Cosigned {size_of(clinic)} entries")
    seen = watcher.held()
    assert Checkpoint.parse(seen.text).size == size_of(clinic)
    assert seen.cosigned_at(key.cosigner)
    asking = Policy(signing.verifiers(clinic.id), {"one": key.cosigner}, {}, "one")
    assert asking.checkpoint(seen).size == size_of(clinic)

    remembered = seen.encode()
    rewrite(clinic, edited(7))
    changed = watcher.watch()
    assert watcher.says(changed, TAMPERED, "aren't those seen before")
    remember(clinic, 5)
    assert watcher.says(watcher.watch(), TAMPERED, "aren't those seen before")
    rewrite(clinic, lambda entries: entries[:20])
    assert watcher.says(watcher.watch(), TAMPERED, "entries, and now has 20")
    assert watcher.held().encode() == remembered


def test_a_checkpoint_signed_by_another_key_is_refused(watcher: Watcher, clinic: Clinic) -> None:
    assert watcher("audit", "key", "other.pem").code == 0
    [other] = signing_keys((watcher.folder / "other.pem").read_bytes())
    policy = Policy((SigningKey(signing.origin(clinic.id), other).verifier,))
    (watcher.folder / "strange").write_bytes(policy.encode())
    assert watcher.says(watcher.watch(policy="strange"), TAMPERED, "No key of the policy signed")
    assert not (watcher.folder / "held").exists()


def test_an_undecidable_case_exits_with_4(
    watcher: Watcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    for file, message in (("none", "can't be read"), ("witness.pem", "policy")):
        assert watcher.says(watcher.watch(policy=file), UNDECIDABLE, message)
    assert watcher.says(watcher.watch(key="none.pem"), UNDECIDABLE, "can't be read")
    assert watcher.says(watcher.watch(key="policy"), UNDECIDABLE, "signing keys")
    (watcher.folder / "held").write_bytes(b"not a checkpoint")
    assert watcher.says(watcher.watch(), UNDECIDABLE, "held, which this witness keeps")
    assert watcher.watch().out == ""
    (watcher.folder / "held").unlink()
    good = watcher.address
    for address, message in (
        (f"http://127.0.0.1:{free_port()}", "can't be reached"),
        ("ftp://127.0.0.1", "https://"),
        ("nonsense", "https://"),
        ("http://[::1", "https://"),
        (f"{good}/elsewhere", "answers 404"),
    ):
        watcher.address = address
        assert watcher.says(watcher.watch(), UNDECIDABLE, message)
    watcher.address = good
    assert watcher.says(watcher.watch(held="no/such/folder"), UNDECIDABLE, "can't be used: No such")
    assert watcher.says(watcher.watch(held="."), UNDECIDABLE, "can't be used: Is a directory")
    monkeypatch.setenv("NEEDLEWORK_TOKEN", "nobodys")
    assert watcher.says(watcher.watch(), UNDECIDABLE, "answers 401")
