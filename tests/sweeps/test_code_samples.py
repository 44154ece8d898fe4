"""The code samples of the document send the requests of its examples, and do the job."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import httpx2
import pytest

from app.core.http.examples.recorded import recorded, sample
from app.core.http.examples.samples import PYTHON, TYPESCRIPT, literal
from tests.docs.test_examples import CURL
from tests.ground import Api
from tests.sweeps.document import code_samples, document

KEY = "nw_a-key"
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
STORY = (
    *("practitioners.create", "patients.create", "episodes.create", "sessions.create"),
    *("sessions.sign", "follow_ups.create", "progress.read", "changes.list"),
)
ID = re.compile(r"""((?:/|")(\w+?)(?:s/|_id": "))[0-9a-f-]{36}""")
"""An id after the kind of record that it belongs to."""
EVERY = {
    spec["operationId"]: (method, path, spec)
    for path, item in document()["paths"].items()
    for method, spec in item.items()
}


class Request(NamedTuple):
    """What a sample has sent."""

    method: str
    address: str
    headers: dict[str, str]
    content: bytes


class Listener(HTTPServer):
    """A server that answers `{}` to everything, and keeps the last request."""

    last: Request

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Listener

    def do_GET(self) -> None:
        """Keep the request, whatever its method is."""
        content = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.last = Request(self.command, self.path, headers, content)
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    do_POST = do_PUT = do_PATCH = do_GET  # noqa: N815 - the names of http.server

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@contextmanager
def serving() -> Iterator[Listener]:
    server = Listener(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(name="listener", scope="module")
def listen() -> Iterator[Listener]:
    with serving() as server:
        yield server


def differs(name: str, sent: Request) -> str | None:
    """How a request differs from the recorded one, or None."""
    method, path, spec = EVERY[name]
    example = recorded(name)
    assert example is not None
    expected = sample(method, path, spec, example)
    wanted = {name.lower(): value for name, value in expected.headers.items()}
    if expected.needs_token:
        wanted["authorization"] = f"Bearer {KEY}"
    if expected.media:
        wanted["content-type"] = expected.media
    given = {name: sent.headers.get(name) for name in wanted}
    body: Any = sent.content.decode() or None
    if body and expected.is_json:
        body = json.loads(body)
    elif body and expected.media == FORM:
        body = dict(parse_qsl(body))
    found = (sent.method, sent.address, given, body)
    shown = (expected.method, expected.address, wanted, expected.body)
    return None if found == shown else f"{found} is not {shown}"


@pytest.mark.parametrize("name", EVERY)
def test_the_curl_sample_sends_the_recorded_request(
    name: str, listener: Listener, tmp_path: Path
) -> None:
    if shutil.which("curl") is None:
        (tmp_path / "curl").write_text(f'#!/bin/sh\nexec "{sys.executable}" -I -S "{CURL}" "$@"\n')
        (tmp_path / "curl").chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    ran = subprocess.run(
        ["/bin/sh", "-eu", "-c", code_samples("Shell")[name]],
        env={"PATH": path, "NEEDLEWORK": listener.url, "KEY": KEY},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert differs(name, listener.last) is None


@pytest.fixture(name="python")
def with_httpx(
    monkeypatch: pytest.MonkeyPatch, listener: Listener, tmp_path: Path
) -> pytest.MonkeyPatch:
    """Let `import httpx` find its successor, which the tests have."""
    monkeypatch.setitem(sys.modules, "httpx", httpx2)
    monkeypatch.setenv("NEEDLEWORK", listener.url)
    monkeypatch.setenv("KEY", KEY)
    monkeypatch.chdir(tmp_path)
    return monkeypatch


@pytest.mark.usefixtures("python")
@pytest.mark.parametrize("name", EVERY)
def test_the_python_sample_sends_the_recorded_request(name: str, listener: Listener) -> None:
    run(code_samples("Python")[name])
    assert differs(name, listener.last) is None


def run(source: str) -> dict[str, Any]:
    """Run a Python sample, and return its variables."""
    variables: dict[str, Any] = {}
    exec(compile(source, "sample", "exec"), variables)  # noqa: S102 - our own document's
    return variables


def test_the_python_samples_do_the_main_job(python: pytest.MonkeyPatch, api: Api) -> None:
    """The ids of the records that it makes replace the recorded ones."""
    made: dict[str, str] = {}

    def send(method: str) -> Any:
        return lambda url, **more: api.wire.request(method, url, **more)

    for method in ("get", "post"):
        python.setattr(httpx2, method, send(method.upper()))
    python.setenv("NEEDLEWORK", str(api.wire.base_url))
    python.setenv("KEY", api.key)
    answer: Any = None
    for name in STORY:
        source = ID.sub(lambda found: found[1] + made[found[2]], code_samples("Python")[name])
        answer = run(source)["answer"].json()
        example = recorded(name)
        assert example is not None
        assert answer.keys() == example.answers[JSON].keys()
        if name.endswith(".create"):
            made[name.removesuffix("s.create")] = answer["id"]
    assert "follow_ups.create" in {item["operation"] for item in answer["items"]}


@pytest.mark.parametrize("name", EVERY)
def test_the_typescript_sample_calls_the_operation(name: str) -> None:
    """`make clients` compiles all of them."""
    method, path, _ = EVERY[name]
    assert f'await client.{method.upper()}("{path}"' in code_samples("TypeScript")[name]


def test_literals_are_what_the_language_reads() -> None:
    texts = ['"1"', "it's", '"it\'s"', 'a\\"b', "ä\n\u2028\0", "\\", "", "${x} {y}"]
    value: Any = {
        "texts": texts,
        "none": None,
        "yes": True,
        "no": False,
        "n": [1, 2.5, []],
        "if-x": {},
    }
    assert ast.literal_eval(literal(value, PYTHON)) == value
    assert literal({"a": None, "b-c": [True, 'x"']}, TYPESCRIPT) == (
        '{ a: null, "b-c": [true, \'x"\'] }'
    )
