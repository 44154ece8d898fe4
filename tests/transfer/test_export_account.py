"""An export is one moment of one clinic; who is in it is on record first; nothing stays open."""

import asyncio
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from sqlalchemy import text
from starlette.types import Message

from app.core.db.database import STREAMS, Database
from app.core.http import deadline, streams
from app.core.http.streams import Stream, streamed
from app.core.values.access import Scope
from app.core.values.problems import Unavailable
from app.transfer.exports import service
from app.transfer.exports.datasets import BY_NAME, DATASETS
from app.transfer.exports.formats import FORMATS
from tests.ground import Api, Clinic
from tests.ledger.attacker import history
from tests.transfer.exported import export, fill, records

NDJSON = FORMATS["ndjson"]
PATIENCE_S = 5.0


def of(clinic: Clinic, dataset: str = "patients") -> Stream:
    """An export, not begun yet."""
    op = clinic.operation("exports.read")
    pieces = service.export(clinic.database, op, BY_NAME[dataset], NDJSON)
    return Stream(pieces, NDJSON.media, dataset)


def looks(clinic: Clinic) -> list[tuple[str, str, str]]:
    """The looks that exports left in the ledger."""
    return [
        (str(entry["patient_id"]), str(entry["resource_id"]), str(entry["reason"]))
        for entry in history(clinic)
        if entry["operation"] == "exports.read"
    ]


def test_each_patients_account_tells_of_the_exports_that_they_are_in(
    api: Api, clinic: Clinic
) -> None:
    fill(api)
    for name in BY_NAME:
        before = len(looks(clinic))
        whose = "id" if name == "patients" else "patient_id"
        shown = {row[whose] for row in records(api, name) if whose in row}
        left = looks(clinic)[before:]
        assert sorted(left) == sorted((id_, id_, f"{name}.ndjson") for id_ in shown), name
    [ana, ben] = sorted({patient for patient, _, _ in looks(clinic)})
    for patient in (ana, ben):
        listed = api.get(f"/v1/patients/{patient}/disclosures?limit=200").json()["items"]
        told = [each["reason"] for each in listed if each["operation"] == "exports.read"]
        assert sorted(told) == sorted(reason for id_, _, reason in looks(clinic) if id_ == patient)


def test_who_is_in_an_export_is_in_the_ledger_before_its_first_byte(
    api: Api, clinic: Clinic
) -> None:
    fill(api)
    stream = of(clinic)
    assert looks(clinic) == []
    assert next(stream.pieces)
    assert len(looks(clinic)) == 2
    stream.pieces.close()


def test_nobody_is_shown_who_could_not_be_entered(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(api)

    def fail(*_: Any) -> None:
        raise Unavailable

    monkeypatch.setattr("app.ledger.service.saw_patients", fail)
    answer = api.get("/v1/exports/sessions.csv")
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/unavailable")


def test_more_patients_than_are_entered_at_once_are_each_entered_once(
    api: Api, clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "ACCOUNTED_AT_ONCE", 2)
    made = {api.patient()["id"] for _ in range(5)}
    assert {row["id"] for row in records(api, "patients")} == made
    assert sorted(looks(clinic)) == sorted((id_, id_, "patients.ndjson") for id_ in made)


def test_an_export_is_one_moment(api: Api, clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.transfer.exports.datasets.BATCH_ROWS", 2)
    there = {api.patient()["id"] for _ in range(7)}
    stream = of(clinic)
    pieces = [next(stream.pieces)]
    api.patient()
    rest = b"".join([*pieces, *stream.pieces])
    assert rest.count(b"\n") == 7
    assert all(id_.encode() in rest for id_ in there)


def test_another_clinics_rows_never_appear(api: Api, other_api: Api) -> None:
    fill(api)
    fill(other_api)
    ids = {row["id"] for row in records(other_api, "patients") + records(other_api, "sessions")}
    for name in BY_NAME:
        content = export(api, f"{name}.csv").text
        assert [id_ for id_ in ids if id_ in content] == []
        assert records(other_api, name), name


def test_an_export_needs_its_own_scope(api: Api, clinic: Clinic) -> None:
    reader = Api(api.wire, clinic.key(set(Scope) - {Scope.EXPORTS_READ}))
    assert reader.get("/v1/exports/sessions.csv").status_code == 403
    assert reader.get("/v1/exports/datapackage.json").status_code == 403


def open_transactions(database: Database) -> int:
    """How many transactions wait for somebody who doesn't come."""
    if database.is_sqlite:
        return int(database.engine.pool.checkedout())  # type: ignore[attr-defined]
    with database.owning() as db:
        query = (
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE state = 'idle in transaction' AND datname = current_database()"
        )
        return int(db.execute(text(query)).scalar_one())


@pytest.fixture
def held(api: Api, clinic: Clinic) -> Iterator[Callable[[], Stream]]:
    """An export of something, and then nothing that it left open."""
    fill(api)
    yield partial(of, clinic)
    # The keeper has one open now and then, while it goes through the clinics: it ends it at once.
    patience = time.monotonic() + PATIENCE_S
    while (left := open_transactions(clinic.database)) and time.monotonic() < patience:
        time.sleep(0.05)
    assert left == 0
    assert streams._PLACES.borrowed_tokens == 0  # noqa: SLF001 - what a fault would leave taken


async def sent(work: Callable[[], Stream], send: Callable[[Message], Any]) -> None:
    async def receive() -> Message:
        await asyncio.sleep(3600)
        raise AssertionError

    response = await streamed(work)
    await response({"type": "http", "asgi": {"spec_version": "2.3"}}, receive, send)


def test_a_client_that_leaves_in_the_middle_leaves_nothing_open(held: Callable[[], Stream]) -> None:
    async def hang_up(message: Message) -> None:
        if message.get("body"):
            raise OSError

    with pytest.raises((OSError, ExceptionGroup)):
        asyncio.run(sent(held, hang_up))


def test_a_client_that_takes_nothing_loses_its_place(
    held: Callable[[], Stream], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "STALLED_MAX_S", 0.05)

    async def stall(message: Message) -> None:
        if message.get("body"):
            await asyncio.sleep(3600)

    with pytest.raises((TimeoutError, ExceptionGroup)):
        asyncio.run(sent(held, stall))


def test_a_request_that_is_given_up_leaves_nothing_open(held: Callable[[], Stream]) -> None:
    async def cancelled() -> None:
        begun = asyncio.Event()

        async def stall(message: Message) -> None:
            if message.get("body"):
                begun.set()
                await asyncio.sleep(3600)

        task = asyncio.create_task(sent(held, stall))
        await begun.wait()
        task.cancel()
        await asyncio.wait([task])

    asyncio.run(cancelled())


def test_too_many_at_a_time_are_asked_to_come_again(
    held: Callable[[], Stream], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deadline, "REQUEST_MAX_S", 0.05)

    async def crowd() -> None:
        waiting = [await streamed(held) for _ in range(STREAMS)]
        with pytest.raises(Unavailable):
            await streamed(held)
        for each in waiting:
            await streams._release(each._place, each._pieces)  # noqa: SLF001 - as an end does

    asyncio.run(crowd())


def test_every_patient_of_a_dataset_can_be_told() -> None:
    assert [each.name for each in DATASETS if each.patients is None] == ["practitioners"]
