"""How many requests may wait for threads, and how many uploads may be unfinished."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from threading import Event

import pytest
from fastapi import FastAPI

from app.core.http import connections, uploads
from app.core.http.places import Places
from app.core.http.small_bodies import SMALL_BYTES
from app.core.http.threads import RequestThreads
from app.core.values import bounds
from app.core.values.clock import uuid7
from app.core.values.problems import Unavailable
from tests.core.listening import connect, listening, rest
from tests.ground import Clinic, create_clinic

pytestmark = pytest.mark.alike
ROW = b'{"type": "patient"}\n'


@pytest.mark.bound("waiting")
def test_a_request_that_finds_too_many_waiting_is_refused_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bounds, "REQUESTS_WAITING_MAX", 3)
    gate = Event()
    with RequestThreads(2) as threads:
        try:
            works = [threads.submit(gate.wait) for _ in range(5)]
            with pytest.raises(Unavailable):
                threads.submit(gate.wait)
            works[-1].cancel()
            works.append(threads.submit(gate.wait))
        finally:
            gate.set()
        assert [work.result() for work in works if not work.cancelled()] == [True] * 5
        assert threads.submit(gate.wait).result()


def test_a_place_that_is_given_back_goes_to_who_waits() -> None:
    places, clinic = Places("uploads", 2, 1), uuid7()

    async def take_turns() -> None:
        await places.take(clinic)
        waiting = asyncio.create_task(places.take(clinic))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        await places.take(uuid7())
        places.give_back(clinic)
        await waiting

    asyncio.run(take_turns())
    assert places.taken == 2


@pytest.mark.parametrize("bound", ["PLACE_WAITING_MAX", "PLACE_WAITING_OF_CLINIC"])
def test_only_some_may_wait_for_a_place(bound: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, bound, 1)
    places, clinic = Places("uploads", 1, 1), uuid7()

    async def crowd() -> None:
        await places.take(clinic)
        waiting = asyncio.create_task(places.take(clinic))
        await asyncio.sleep(0)
        with pytest.raises(Unavailable):
            await asyncio.wait_for(places.take(clinic), 1.0)
        waiting.cancel()
        await asyncio.wait([waiting])

    asyncio.run(crowd())
    assert places.taken == 1


@pytest.fixture(name="port")
def a_server(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    monkeypatch.setattr(connections, "SWEEP_EVERY_S", 0.02)
    with listening(app) as port:
        yield port
    assert uploads.PLACES.taken == 0


def upload(clinic: Clinic, sent: int, length: int = len(ROW)) -> bytes:
    """A request to import a row, of whose body only the first bytes are sent.

    A small body has no need of a place before it has arrived.
    """
    fields = (
        "POST /v1/imports HTTP/1.1",
        "Host: a",
        f"Authorization: Bearer {clinic.key()}",
        "Content-Type: application/x-ndjson",
        f"Content-Length: {length}",
    )
    return "\r\n".join(fields).encode() + b"\r\n\r\n" + ROW[:sent]


def status(port: int, request: bytes) -> int:
    with connect(port, request) as wire:
        return int(wire.recv(1 << 16).split(b" ", 2)[1])


@pytest.mark.bound("uploads")
def test_an_upload_takes_a_place_before_its_body_and_leaves_other_clinics_theirs(
    port: int, clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "PLACE_WAIT_S", 0.1)
    other = create_clinic(clinic.database)
    with ExitStack() as stack:
        for _ in range(bounds.UPLOADS_OF_CLINIC):
            stack.enter_context(connect(port, upload(clinic, 5, 2 * SMALL_BYTES)))
        while uploads.PLACES.taken < bounds.UPLOADS_OF_CLINIC:
            pass
        assert status(port, upload(clinic, len(ROW))) == 503
        assert status(port, upload(other, len(ROW))) == 200


@pytest.mark.bound("upload-rate")
@pytest.mark.parametrize("bound", ["UPLOAD_GRACE_S", "BODY_SILENCE_S"])
def test_an_upload_that_stops_loses_its_place(
    port: int, clinic: Clinic, bound: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, bound, 0.3)
    with connect(port, upload(clinic, len(ROW), 2 * SMALL_BYTES)) as wire:
        assert b" 408 " in rest(wire)[:20]
    assert status(port, upload(clinic, len(ROW))) == 200
