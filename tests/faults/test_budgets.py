"""Whatever strangers and slow clients hold, every other client is answered.

The long form has the numbers of docs/reliability.md, and asks for each answer within a second.
"""

import http.client
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass

import pytest

from app.core.values import bounds
from tests.faults.callers import Json
from tests.faults.conftest import Site, create_site
from tests.faults.strangers import (
    FROM,
    HALF_BODY,
    HALF_HEAD,
    UNREAD,
    Strangers,
    Upload,
    held,
    may_open,
    unread_export,
)
from tests.serving import HOST

ELSEWHERE = "127.0.0.3"
NDJSON = "application/x-ndjson"
QUOTE = b'type,given_name\n"'
LINE = b"a\n" * 8_192
PATIENT = b'{"type": "patient", "given_name": "Ada", "family_name": "%0200d"}\n'
MIB = 1024 * 1024
Told = Callable[[str, object], None]


@dataclass(frozen=True)
class Scale:
    """How much is held at once, for how long, and how soon others must be answered."""

    heads: int = 150
    bodies: int = 150
    readers: int = 10
    exports: int = 2
    patients: int = 10
    upload_mib: int = 1
    csv_mib: int = 4
    for_s: float = 1.0
    within_s: float = 60.0


LONG = Scale(1_100, 1_100, 100, 3, 20_000, 60, 250, 20.0, 1.0)


@pytest.fixture
def scale(pytestconfig: pytest.Config) -> Scale:
    """The short form, or the long one."""
    assert may_open(), "this process may not open enough connections: raise its limit of files"
    return LONG if pytestconfig.getoption("--at-length", default=False) else Scale()


class Watch:
    """A client that asks one thing after the other, on new connections, and takes the times."""

    def __init__(self, port: int, key: str, address: str) -> None:
        self._port, self._address = port, address
        self._auth = {"Authorization": f"Bearer {key}"}
        self.slowest = (0.0, "")
        self.wrong: list[tuple[str, int]] = []
        self.asked = 0

    def ask(self, method: str, path: str, body: bytes = b"", media: str = "") -> None:
        """Ask once, and note how long it took."""
        began = time.monotonic()
        wire = http.client.HTTPConnection(
            HOST, self._port, timeout=60.0, source_address=(self._address, 0)
        )
        with closing(wire):
            headers = self._auth | ({"Content-Type": media} if media else {})
            wire.request(method, path, body or None, headers)
            answer = wire.getresponse()
            answer.read()
        self.slowest = max(self.slowest, (time.monotonic() - began, f"{method} {path}"))
        self.asked += 1
        if answer.status >= 300:
            self.wrong.append((path, answer.status))

    def work(self, until: float) -> None:
        """Ask for everything in turn."""
        row = b'{"type": "patient", "given_name": "Ada"}\n'
        while True:
            self.ask("GET", "/healthz")
            self.ask("GET", "/v1/clinic")
            self.ask("GET", "/v1/patients")
            self.ask("POST", "/v1/patients", b"{}", "application/json")
            self.ask("GET", "/v1/exports/practitioners.csv")
            self.ask("POST", "/v1/imports", row, "application/x-ndjson")
            if time.monotonic() > until:
                return


@pytest.fixture
def others(site: Site) -> Iterator[tuple[Site, Site]]:
    """Two more clinics on the same server."""
    with (
        closing(create_site(site.deployment)) as one,
        closing(create_site(site.deployment)) as another,
    ):
        yield one, another


def whole(port: int, key: str, media: str, content: bytes) -> Json:
    """The report of an upload that is sent whole."""
    with closing(Upload(port, key, media, len(content))) as upload:
        upload.send(content, 1)
        return report_of(upload)


def report_of(upload: Upload) -> Json:
    return json.loads(upload.answer().partition(b"\r\n\r\n")[2])


def strangers_of(port: int, scale: Scale, key: str) -> list[Strangers]:
    """Everybody who holds connections, and slow readers of one clinic's exports."""
    return [
        Strangers(port, scale.heads, HALF_HEAD),
        Strangers(port, scale.bodies, HALF_BODY),
        Strangers(port, scale.readers, UNREAD, reads=False),
        Strangers(port, scale.exports, unread_export(key), reads=False),
    ]


def test_everybody_else_is_answered_while_strangers_hold_what_they_can(
    site: Site, others: tuple[Site, Site], scale: Scale, record_property: Told
) -> None:
    port = site.deployment.serving.port
    uploader, quoter = others
    patients = b"".join(PATIENT % n for n in range(scale.patients))
    whole(port, uploader.key, NDJSON, patients)
    watches = [Watch(port, site.key, address) for address in (FROM, ELSEWHERE, HOST)]
    size = scale.upload_mib * MIB
    for path in ("/openapi.json", "/v1/patients"):
        Watch(port, site.key, FROM).ask("GET", path)  # what is made once was made before
    with ExitStack() as stack:
        strangers = strangers_of(port, scale, uploader.key)
        stack.enter_context(held(strangers))
        uploads = [
            stack.enter_context(closing(Upload(port, uploader.key, NDJSON, 2 * size)))
            for _ in range(8)
        ]
        length = scale.csv_mib * MIB // len(LINE) * len(LINE)
        csv = stack.enter_context(
            closing(Upload(port, quoter.key, "text/csv", len(QUOTE) + length))
        )
        pool = stack.enter_context(ThreadPoolExecutor(16))
        began = time.monotonic()
        works = [pool.submit(watch.work, began + scale.for_s) for watch in watches]
        works += [pool.submit(upload.send, LINE, size // len(LINE)) for upload in uploads]
        csv.send(QUOTE, 1)
        csv.send(LINE, length // len(LINE))
        report = report_of(csv)
        record_property("s until one quote is given up", round(time.monotonic() - began, 1))
        for work in works:
            work.result()
    assert [watch.wrong for watch in watches] == [[], [], []]
    slowest = max(watch.slowest for watch in watches)
    record_property("answers", sum(watch.asked for watch in watches))
    record_property("s at most", round(slowest[0], 2))
    record_property("connections closed", sum(each.closed for each in strangers))
    assert slowest[0] <= scale.within_s, slowest
    assert report.get("errors", [report])[0].get("code") == "csv_unclosed_quote", report
    assert report["stopped_after"] < 2 * bounds.IMPORT_UNREADABLE_MAX
