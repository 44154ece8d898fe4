"""An export shows one moment of one clinic, leaves its ledger entries first, and closes all."""

import asyncio
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from sqlalchemy import text
from starlette.types import Message

from app.core.db.database import Database
from app.core.http import streams
from app.core.http.streams import Pieces, Stream, streamed
from app.core.values import bounds
from app.core.values.access import Scope
from app.core.values.clock import uuid7
from app.core.values.problems import Unavailable
from app.transfer.exports import service
from app.transfer.exports.datasets import BY_NAME, DATASETS
from app.transfer.exports.formats import FORMATS
from tests.ground import Api, Clinic
from tests.ledger.attacker import history
from tests.transfer.exported import export, fill, records

NDJSON = FORMATS["ndjson"]
PATIENCE_S = 5.0
ANYBODY, NOBODY = uuid7(), uuid7()


def of(clinic: Clinic, dataset: str = "patients") -> Stream:
    """An export that has not begun."""
    op = clinic.operation("exports.read")
    pieces = service.export(clinic.database, op, BY_NAME[dataset], NDJSON)
    return Stream(pieces, NDJSON.media, dataset)


def access_entries(clinic: Clinic) -> list[tuple[str, str, str]]:
    """The access entries that exports left in the ledger."""
    return [
        (str(entry["patient_id"]), str(entry["resource_id"]), str(entry["reason"]))
        for entry in history(clinic)
        if entry["operation"] == "exports.read"
    ]


def test_each_patients_disclosures_list_the_exports_with_their_data(
    api: Api, clinic: Clinic
) -> None:
    fill(api)
    for name in BY_NAME:
        before = len(access_entries(clinic))
        whose = "id" if name == "patients" else "patient_id"
        shown = {row[whose] for row in records(api, name) if whose in row}
        left = access_entries(clinic)[before:]
        assert sorted(left) == sorted((id_, id_, f"{name}.ndjson") for id_ in shown), name
    [ana, ben] = sorted({patient for patient, _, _ in access_entries(clinic)})
    for patient in (ana, ben):
        listed = api.get(f"/v1/patients/{patient}/disclosures?limit=200").json()["items"]
        told = [each["reason"] for each in listed if each["operation"] == "exports.read"]
        assert sorted(told) == sorted(
            reason for id_, _, reason in access_entries(clinic) if id_ == patient
        )


def test_an_exports_entries_are_written_before_its_first_byte(api: Api, clinic: Clinic) -> None:
    fill(api)
    stream = of(clinic)
    assert access_entries(clinic) == []
    assert next(stream.pieces)
    assert len(access_entries(clinic)) == 2
    stream.pieces.close()


def test_an_export_whose_entries_can_not_be_written_is_refused(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(api)

    def fail(*_: Any) -> None:
        raise Unavailable

    monkeypatch.setattr("app.ledger.service.record_patient_access", fail)
    answer = api.get("/v1/exports/sessions.csv")
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/unavailable")


def test_more_patients_than_one_batch_each_get_one_entry(
    api: Api, clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "ACCOUNTED_AT_ONCE", 2)
    made = {api.patient()["id"] for _ in range(5)}
    assert {row["id"] for row in records(api, "patients")} == made
    assert sorted(access_entries(clinic)) == sorted((id_, id_, "patients.ndjson") for id_ in made)


def test_an_export_shows_one_moment(
    api: Api, clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
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
    """The number of idle open transactions."""
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
    """Run the block, then check that it left no transaction open."""
    fill(api)
    yield partial(of, clinic)
    # The keeper sometimes has a transaction open, but only for a moment.
    patience = time.monotonic() + PATIENCE_S
    while (left := open_transactions(clinic.database)) and time.monotonic() < patience:
        time.sleep(0.05)
    assert left == 0
    assert streams.PLACES.taken == 0


async def sent(work: Callable[[], Stream], send: Callable[[Message], Any]) -> None:
    async def receive() -> Message:
        await asyncio.sleep(3600)
        raise AssertionError

    response = await streamed(work, ANYBODY)
    await response({"type": "http", "asgi": {"spec_version": "2.3"}}, receive, send)


def test_a_client_that_disconnects_leaves_no_open_transaction(held: Callable[[], Stream]) -> None:
    async def hang_up(message: Message) -> None:
        if message.get("body"):
            raise OSError

    with pytest.raises((OSError, ExceptionGroup)):
        asyncio.run(sent(held, hang_up))


@pytest.mark.bound("download-rate")
def test_a_client_that_reads_nothing_is_disconnected(
    held: Callable[[], Stream], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "ANSWER_SILENCE_S", 0.05)

    async def stall(message: Message) -> None:
        if message.get("body"):
            await asyncio.sleep(3600)

    with pytest.raises((TimeoutError, ExceptionGroup)):
        asyncio.run(sent(held, stall))


def test_a_cancelled_request_leaves_no_open_transaction(held: Callable[[], Stream]) -> None:
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


@pytest.mark.bound("download-rate")
def test_a_client_that_reads_too_slowly_is_disconnected(
    held: Callable[[], Stream], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "ANSWER_SILENCE_S", 0.2)
    pieces = []

    async def read_slowly(message: Message) -> None:
        pieces.append(message)
        await asyncio.sleep(0.05)

    def endless() -> Stream:
        stream = held()
        return stream._replace(pieces=again_and_again(stream.pieces))

    with pytest.raises((TimeoutError, ExceptionGroup)):
        asyncio.run(sent(endless, read_slowly))
    assert 3 <= len(pieces) <= 6


def again_and_again(pieces: Pieces) -> Pieces:
    """The first piece, over and over."""
    try:
        first = next(pieces)
        while True:
            yield first[:10]
    finally:
        pieces.close()


@pytest.mark.bound("downloads")
def test_slow_readers_of_one_clinic_block_no_other_clinic(
    held: Callable[[], Stream], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two of them don't block their own clinic either."""
    monkeypatch.setattr(bounds, "PLACE_WAIT_S", 0.05)
    ones, others = bounds.DOWNLOADS_OF_CLINIC, bounds.DOWNLOADS - bounds.DOWNLOADS_OF_CLINIC
    assert ones > 2

    async def crowd() -> None:
        waiting = [await streamed(held, ANYBODY) for _ in range(ones)]
        with pytest.raises(Unavailable):
            await streamed(held, ANYBODY)
        waiting += [await streamed(held, NOBODY) for _ in range(others)]
        with pytest.raises(Unavailable):
            await streamed(held, uuid7())
        for n, each in enumerate(waiting):
            await streams.release(ANYBODY if n < ones else NOBODY, each.pieces)

    asyncio.run(crowd())


def test_every_dataset_but_practitioners_names_its_patients() -> None:
    assert [each.name for each in DATASETS if each.patients is None] == ["practitioners"]
