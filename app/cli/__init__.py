"""The command line, for the operator of the server.

Nouns: a *command*. Invariant: data goes to standard output, everything else to standard error. No
error ends in a traceback. A change leaves the same ledger entries as over HTTP. Stands on all
other packages.
"""

import sys
from typing import Final

import typer

from app.cli import (
    audit,
    backup,
    clinics,
    demo,
    doctor,
    exports,
    owners,
    records,
    retention,
    serving,
)
from app.cli.console import FAILED, print_message, reason
from app.core.values.problems import Problem
from app.kinds import fill_registry

EPILOG: Final = "Exit codes: 0 done; 1 something failed or a row was rejected; 2 wrong usage."

app = typer.Typer(
    name="needlework",
    help="Needlework: the record system for Gunn IMS and dry needling.",
    epilog=EPILOG,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(serving.serve)
app.command()(records.migrate)
app.command()(demo.demo)
app.command("import")(records.import_file)
app.command()(exports.export)
app.command()(backup.backup)
app.command()(backup.restore)
app.add_typer(clinics.clinic, name="clinic")
app.add_typer(clinics.client, name="client")
app.add_typer(clinics.identity, name="identity")
app.add_typer(owners.owner, name="owner")
app.add_typer(audit.audit, name="audit")
app.add_typer(retention.retention, name="retention")
app.command()(serving.openapi)
app.command()(doctor.doctor)


def main() -> None:
    """Run the command that the arguments name, and exit with its exit code."""
    fill_registry()
    try:
        app()
    except Problem as problem:
        print_message(reason(problem))
        sys.exit(FAILED)
