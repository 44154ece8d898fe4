"""`audit`: export, verify and witness the ledger."""

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final, TypeVar
from uuid import UUID

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.cli.console import (
    AsJson,
    database,
    existing_clinic,
    fail,
    operation,
    print_message,
    print_result,
)
from app.core.values.problems import LedgerDamaged
from app.ledger import export, signing
from app.ledger.format.errors import Overtaken
from app.ledger.format.note import Checkpoint, Note, NoteError, SigningKey, signing_keys
from app.ledger.format.policy import Policy
from app.ledger.format.verify import main as verify_main
from app.ledger.format.witness import NotWitnessed, Witness, fetching
from app.ledger.signing import key_file, make_key

TAMPERED: Final = 2
UNDECIDABLE: Final = 4

T = TypeVar("T")
audit = typer.Typer(help="Export, check and watch the ledger.", no_args_is_help=True)

AnyClinic = Annotated[
    UUID | None,
    typer.Option("--clinic", metavar="ID", help="The clinic's id, if there are several."),
]
FORMATS: Final = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S%z"]


def _utc(given: datetime | None) -> datetime | None:
    return given.replace(tzinfo=UTC) if given is not None and given.tzinfo is None else given


@audit.command("export")
def export_ledger(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="A new folder.")],
    clinic_id: AnyClinic = None,
    begin: Annotated[
        datetime | None,
        typer.Option(
            "--from",
            formats=FORMATS,
            help="Start at the first entry made at or after this time.",
            callback=_utc,
        ),
    ] = None,
    end: Annotated[
        datetime | None,
        typer.Option(
            "--to",
            formats=FORMATS,
            help="End at the last entry made before this time.",
            callback=_utc,
        ),
    ] = None,
    *,
    new_key: Annotated[
        bool,
        typer.Option("--new-key", help="Sign with another key, because the earlier one is lost."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write a folder that an auditor can check offline. Resumes an interrupted export.

    Exit code 2: the ledger has lost an entry, so it can't be exported.
    """
    with database() as opened:
        op = operation(existing_clinic(opened, clinic_id), "audit.export")
        try:
            done = export.folder(opened, op, directory, begin, end, new_key=new_key)
        except export.NothingToExport:
            fail("The ledger has no entry from that period.")
        except FileExistsError:
            fail(f"{directory} has other files or a finished export in it. Name a new folder.")
        except OSError as error:
            fail(f"{directory} can't be written: {error.strerror}.")
        except Overtaken:
            fail("A patient was erased during the export. Export again, into a new folder.")
        except LedgerDamaged as damage:
            print_message(f"{damage.finding} Only an attack on the database explains that.")
            raise typer.Exit(TAMPERED) from None
    text = f"Entries {done.first} to {done.last} of {done.origin} are in {directory}."
    found = {"origin": done.origin, "first": done.first, "last": done.last}
    print_result({**found, "directory": str(directory)}, as_json=as_json, text=text)


@audit.command("verify")
def verify(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of the export.")],
    policy: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The keys you trust (a C2SP tlog-policy).")
    ] = None,
    held: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A checkpoint that you kept from an earlier export."),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(metavar="EXPORT", help="A data export, to compare with the ledger."),
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Check an export offline. Exit codes: 0 clean, 2 tampered, 3 incomplete, 4 undecidable."""
    given = [str(directory)]
    given += [] if policy is None else ["--policy", str(policy)]
    given += [] if held is None else ["--held", str(held)]
    given += [] if data is None else ["--data", str(data)]
    raise typer.Exit(verify_main([*given, "--json"] if as_json else given))


@audit.command("policy")
def show_policy(clinic_id: AnyClinic = None) -> None:
    """Print the policy file. Give it to an auditor before any export, and apart from it."""
    with database() as opened:
        found = signing.policy(existing_clinic(opened, clinic_id))
    typer.echo(found.encode().decode(), nl=False)


@audit.command("key")
def new_key(
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help="Where to write it.")] = None,
) -> None:
    """Create a private key that signs ledgers. A witness uses such a key to cosign them."""
    target = file or key_file()
    if target is None:
        fail("Name the file: NEEDLEWORK_LEDGER_KEY_FILE is not set, and the database isn't SQLite.")
    try:
        make_key(target)
    except OSError as error:
        if target.exists():
            fail(f"{target} exists already. Nothing was changed.")
        fail(f"{target} can't be written: {error.strerror}.")
    print_message(f"{target} holds a new key. Keep a copy, but not with the database's backups.")


@audit.command("witness")
def witness(
    url: Annotated[str, typer.Argument(metavar="URL", help="The server's address.")],
    policy: Annotated[
        Path, typer.Option(metavar="FILE", help="The policy file with the ledger's key.")
    ],
    key: Annotated[Path, typer.Option(metavar="FILE", help="The witness's own key.")],
    held: Annotated[
        Path, typer.Option(metavar="FILE", help="The file that keeps the last checkpoint.")
    ],
    name: Annotated[str, typer.Option(help="The witness's name.")],
    every: Annotated[
        int | None,
        typer.Option(min=1, metavar="SECONDS", help="Repeat after this time. Default: run once."),
    ] = None,
) -> None:
    """Cosign the newest checkpoint, if it continues the last one. The token is in NEEDLEWORK_TOKEN.

    Exit codes: 0 cosigned, 2 the ledger was tampered with, 4 the check was not possible.
    """
    try:
        private = _read(key, _one_key)
        watcher = Witness(name, private, _read(policy, Policy.parse), held)
        fetch = fetching(url, os.environ.get("NEEDLEWORK_TOKEN", ""))
        seen = watcher.watch(fetch, int(time.time()))
        typer.echo(f"witness {name} {SigningKey(name, private).cosigner}")
        print_message(_sentence(seen))
        while every is not None:
            time.sleep(every)
            print_message(_sentence(watcher.watch(fetch, int(time.time()))))
    except (NotWitnessed, NoteError) as refusal:
        print_message(str(refusal))
        tampered = isinstance(refusal, NotWitnessed) and refusal.tampered
        raise typer.Exit(TAMPERED if tampered else UNDECIDABLE) from None
    except OSError as error:
        print_message(f"{held} can't be used: {error.strerror}.")
        raise typer.Exit(UNDECIDABLE) from None


def _read(file: Path, parse: Callable[[bytes], T]) -> T:
    try:
        return parse(file.read_bytes())
    except OSError as error:
        raise NotWitnessed(f"{file} can't be read: {error.strerror}.") from None


def _one_key(pem: bytes) -> Ed25519PrivateKey:
    [key, *more] = signing_keys(pem)
    if more:
        raise NotWitnessed("The key file must hold one key.")
    return key


def _sentence(note: Note) -> str:
    seen = Checkpoint.parse(note.text)
    return f"Cosigned {seen.size} entries of {seen.origin}."
