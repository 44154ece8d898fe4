"""Makes a bundle: reads everything twice, first for the manifest, then to send it."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from importlib.resources import files
from itertools import chain
from typing import Any, Final, NamedTuple
from uuid import UUID

import orjson
from pydantic_core import to_json

from app.bundles import queries
from app.bundles.queries import Ids, Moved
from app.clinics.queries import clinic
from app.core.db.database import Database
from app.core.http.streams import Pieces
from app.core.operation import Operation, perform
from app.core.values.access import Scope
from app.kinds import KINDS
from app.languages.rules.choice import Language
from app.ledger import service as ledger
from app.ledger.format.folder import zipped
from app.ledger.queries import state
from app.patients.service import PATIENTS
from app.records.queries import check_exists
from app.sessions.service import SESSIONS
from app.summaries import service as summaries
from app.summaries.errors import ChartTooLong, PressMissing, Unprintable
from app.summaries.rules.release import file_of
from app.summaries.schemas import ChartSummaryBody

FORMAT: Final = "needlework patient bundle 1"
PURPOSE: Final = "A request of access to the record."
REASON: Final = "To patient; for: a request of access; everything about the patient"
CHART: Final = "chart.pdf"
_LINE: Final = orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z
_RECORDS: Final = ".ndjson"
MOVED: Final = "of-another-patient-or-no-record"


class Chart(NamedTuple):
    """The printed chart, or a word for the reason why there is none."""

    file: str
    """What the bundle's name has of the patient and the day."""
    pdf: bytes | None
    reason: str = ""


class File(NamedTuple):
    """A file of a bundle. Its pieces can be read again, and are the same each time."""

    path: str
    pieces: Callable[[], Iterable[bytes]]


def printed_chart(op: Operation, database: Database, patient_id: UUID) -> Chart:
    """Print the patient's chart. A reason that prevents it is no fault.

    Raises `NotFound` if this clinic has no such patient.
    """
    with database.reading(op.clinic_id) as db:
        op.begin(db)
        check_exists(op, PATIENTS, patient_id)
        file = file_of(patient_id, op.at.astimezone(op.zone))
    asked = {"recipient": {"kind": "patient"}, "purpose": PURPOSE, "detail": "whole"}
    body = ChartSummaryBody.model_validate(asked)
    try:
        summary, _ = summaries.printed(op, database, patient_id, body)
    except (ChartTooLong, PressMissing, Unprintable) as problem:
        return Chart(file, None, problem.code)
    finally:
        op.entries = []  # the bundle's own entry covers what was read for it
    return Chart(file, summary.pdf)


def bundle(
    op: Operation, database: Database, patient_id: UUID, language: Language, chart: Chart
) -> Pieces:
    """Yield everything about a patient as a zip file. Records the disclosure first.

    Raises `NotFound`, `LedgerDamaged` or `Unreadable` before the first piece.
    """
    account(op, database, patient_id)
    # As for an export of the ledger, whoever may read the ledger may read what is in it.
    reader = replace(op.caller, scopes=frozenset(Scope))
    with database.snapshot(op.clinic_id) as db:
        reading = replace(op, caller=reader)
        reading.begin(db)
        check_exists(reading, PATIENTS, patient_id)
        found, moved = queries.ids(reading, patient_id), Counter[str]()
        content = list(_files(reading, patient_id, found, moved, language, chart))
        listed = [_measured(each) for each in content]
        op.differing += dict.fromkeys(reading.differing)
        manifest = _manifest(reading, patient_id, listed, moved, chart)
        first = "manifest.json", iter([orjson.dumps(manifest, None, orjson.OPT_INDENT_2 | _LINE)])
        rest = ((each.path, iter(each.pieces())) for each in content)
        yield from zipped(chain([first], rest))


def account(op: Operation, database: Database, patient_id: UUID) -> None:
    """Record and commit the disclosure. `NotFound` if this clinic has no such patient."""
    own = replace(op)

    def work() -> None:
        check_exists(own, PATIENTS, patient_id)
        ledger.record_disclosure(own, patient_id, REASON)

    perform(database, own, work)


def _files(
    op: Operation, patient_id: UUID, ids: Ids, moved: Counter[str], language: Language, chart: Chart
) -> Iterator[File]:
    readme = (files("app.bundles") / "data" / "README.md").read_bytes()
    yield File("README.md", lambda: [readme])
    for kind in KINDS:
        views = partial(queries.records, op, kind, ids[kind.noun])
        yield File(f"records/{kind.noun}{_RECORDS}", partial(_lines, views))
    yield File(f"versions{_RECORDS}", partial(_versions, op, patient_id, ids, moved))
    yield File(f"looked{_RECORDS}", partial(_lines, partial(queries.looks, op, patient_id)))
    for id_ in ids[SESSIONS.noun]:
        yield File(f"notes/{id_}.txt", partial(_note, op, id_, language))
    if chart.pdf is not None:
        pdf = chart.pdf
        yield File(CHART, lambda: [pdf])


def _lines(views: Callable[[], Iterable[Any]]) -> Iterator[bytes]:
    for view in views():
        yield orjson.dumps(view, None, _LINE)


def _versions(op: Operation, patient_id: UUID, ids: Ids, moved: Counter[str]) -> Iterator[bytes]:
    for change in queries.changes(op, patient_id, ids):
        if isinstance(change, Moved):
            moved[change.resource] += 1
        else:
            # A body has whatever the ledger has: also numbers that orjson doesn't write.
            yield to_json(change) + b"\n"


def _note(op: Operation, session_id: UUID, language: Language) -> Iterator[bytes]:
    yield queries.note(op, session_id, language).encode()


def _measured(file: File) -> dict[str, object]:
    """Return the size and digest of a file, and the number of its records."""
    size, lines, digest = 0, 0, hashlib.sha256()
    for piece in file.pieces():
        digest.update(piece)
        size += len(piece)
        lines += 1
    described = {"path": file.path, "bytes": size, "sha256": digest.hexdigest()}
    return described | ({"records": lines} if file.path.endswith(_RECORDS) else {})


def _left_out(moved: Counter[str], chart: Chart) -> Iterator[dict[str, object]]:
    """Yield what the bundle lacks: of what, how many, and a word for the reason."""
    if chart.pdf is None:
        yield {"what": CHART, "count": 1, "reason": chart.reason}
    for resource, count in sorted(moved.items()):
        yield {"what": f"versions of {resource}", "count": count, "reason": MOVED}


def _manifest(
    op: Operation,
    patient_id: UUID,
    listed: list[dict[str, object]],
    moved: Counter[str],
    chart: Chart,
) -> Mapping[str, object]:
    own = clinic(op)
    return {
        "format": FORMAT,
        "made_at": op.at,
        "made_by": op.caller.actor,
        "request_id": op.request_id,
        "software": f"needlework {version('needlework')}",
        "clinic": {"id": own["id"], "name": own["name"], "time_zone": own["time_zone"]},
        "patient_id": patient_id,
        "ledger": state(op),
        "differs_from_ledger": sorted(map(str, dict.fromkeys(op.differing))),
        "left_out": list(_left_out(moved, chart)),
        "files": listed,
    }
