"""Check an audit export offline: that it is exactly what the ledger recorded, and complete.

Needs Python 3.11, `cryptography` and the pure modules beside it. In an export all are one file.
"""

import argparse
import io
import os
import sys
from collections.abc import Sequence
from concurrent.futures import BrokenExecutor
from pathlib import Path
from typing import Final, NoReturn

from app.ledger.format.check import PARTS, Check
from app.ledger.format.data import Data
from app.ledger.format.manifest import Manifest, read_manifest, small_file
from app.ledger.format.note import Note
from app.ledger.format.report import Report

UNUSABLE: Final = 4
UNFINISHED: Final = "There is no manifest: the export was never finished. Nothing was checked."
HELP: Final = """\
Check an audit export of a Needlework ledger, offline.

Hashes every entry again and compares the root with the one that the clinic's server signed. Also
checks every file, body, number and version. The folder is only read."""
HELP_AFTER: Final = """\
exit codes:
  0  clean        nothing was altered, added or left out
  2  tampered     something isn't what the ledger recorded
  3  incomplete   a file or the end of one is missing; get the export again
  4  undecidable  these files are not enough to decide; the report says what is needed

examples:
  python -I verify.py .
  python -I verify.py export --policy policy-from-the-contract --held checkpoint-of-last-year

Somebody who forges an export can also forge the key and the verifier in it. So use a --policy, and
if possible a verifier, that you did not get with the export. Keep each export's `checkpoint`, and
check the next export against it with --held."""


def verify(
    directory: Path,
    policy: Path | None = None,
    held: Path | None = None,
    data: Path | None = None,
) -> Report:
    """Check the export in `directory`. Never raises because of its content.

    `policy` is a tlog-policy that the auditor did not get with the export; `held` is a checkpoint
    from an earlier export. `data` is the folder of a data export, to compare with the ledger and
    with its own manifest.
    """
    report = Report(str(directory))
    try:
        note = _manifest_note(directory, report)
        manifest = None if note is None else _manifest(note, report)
        if note is not None and manifest is not None:
            compared = None if data is None else Data(data, report)
            try:
                Check(directory, report, manifest, compared).run(note, policy, held)
            finally:
                if compared is not None:
                    compared.close()
    except (OSError, MemoryError, BrokenExecutor) as error:
        why = getattr(error, "strerror", None) or type(error).__name__
        report.find("unreadable", "undecidable", f"The check couldn't be finished: {why}.")
    return report


def _manifest_note(directory: Path, report: Report) -> Note | None:
    if not directory.is_dir():
        what = "is a file: unpack it first" if directory.exists() else "doesn't exist"
        report.find("no-folder", "undecidable", f"The folder {what}.")
        return None
    path = directory / "manifest"
    if not path.is_file():
        if any((directory / part).exists() for part in PARTS - {"README.md", "policy"}):
            report.find("unfinished", "incomplete", UNFINISHED, "manifest")
        else:
            report.find("no-export", "undecidable", "There is no export in this folder.")
        return None
    if path.is_symlink():
        report.find("altered-file", "tampered", "The manifest isn't a plain file.", "manifest")
        return None
    try:
        data = small_file(path)
        if data.endswith(b"\n") and b"\n\n" in data:
            return Note.parse(data)
        report.find("cut-off", "incomplete", "The manifest is cut off.", "manifest")
    except ValueError as error:
        report.find("manifest", "tampered", f"The manifest can't be read. {error}", "manifest")
    return None


def _manifest(note: Note, report: Report) -> Manifest | None:
    try:
        manifest = read_manifest(note.text)
    except ValueError as error:
        report.find("manifest", "tampered", f"The manifest can't be read: {error}.", "manifest")
        return None
    report.origin, report.made = manifest.origin, manifest.made
    report.first, report.last = manifest.first, manifest.last
    return manifest


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        # argparse's exit code 2 would mean "tampered".
        self.print_usage(sys.stderr)
        self.exit(UNUSABLE, f"{self.prog}: {message}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    parser = _Parser(
        prog="verify.py",
        description=HELP,
        epilog=HELP_AFTER,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("directory", type=Path, metavar="DIR", help="the folder of the export")
    parser.add_argument(
        "--policy", type=Path, metavar="FILE", help="the keys you trust (a C2SP tlog-policy)"
    )
    parser.add_argument(
        "--held", type=Path, metavar="FILE", help="a checkpoint you kept from an earlier time"
    )
    parser.add_argument(
        "--data", type=Path, metavar="EXPORT", help="a data export, to compare with the ledger"
    )
    parser.add_argument("--json", action="store_true", help="report for machines")
    options = parser.parse_args(arguments)
    report = verify(options.directory, options.policy, options.held, options.data)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Some terminals can't print every script that names are written in.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        sys.stdout.write((report.json() if options.json else report.text()) + "\n")
        sys.stdout.flush()
    except OSError as error:
        sys.stderr.write(f"The report can't be written: {error.strerror}.\n")
        os._exit(UNUSABLE)  # else Python flushes again at exit, fails, and sets its own exit code
    return report.exit


if __name__ == "__main__":
    sys.exit(main())
