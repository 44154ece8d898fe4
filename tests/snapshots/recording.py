"""Records the examples of the OpenAPI document from an application with a fixed clock and ids.

Each operation begins at the same instant, and draws its ids from its own name. So a new operation
changes no example of the others. `python -m tests.snapshots.recording FOLDER` writes them to a
folder; it is a process of its own because it changes the clock of the whole process.
"""

import hashlib
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit
from uuid import UUID

import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from httpx2 import Response

from app.auth import rules
from app.clients import service as clients
from app.clinics import service as clinics
from app.core.db.database import Database
from app.core.db.schema import migrate
from app.core.http.examples.recorded import Example
from app.core.values import clock
from app.core.values.access import Scope
from app.deliveries import courier
from app.ledger import service as ledger
from app.ledger import signing
from app.main import create_app
from app.settings import settings
from tests.ground import ENROLMENT, Api, Clinic
from tests.snapshots.story import BEGAN, DAYS, Story
from tests.sweeps.document import Documented, document, operations
from tests.sweeps.world import Sent
from tests.wire import wired

Start = Callable[[str, datetime], None]
"""Name what draws the next ids, and set the clock."""
PUBLIC_URL = "https://needlework.example"
CLINIC = UUID("019d0a00-0000-7000-8000-000000000001")
NO_EXAMPLE = {
    "application/pdf": "A PDF is binary.",
    "application/vnd.apache.parquet": "A Parquet file is binary.",
    "application/zip": "A ZIP file is binary.",
    "text/html; charset=utf-8": "A note in HTML says the same as in plain text.",
    "text/markdown; charset=utf-8": "A note in Markdown says the same as in plain text.",
    "image/svg+xml": "A picture has 8 to 100 kB: see `tests/snapshots/body-map.svg`.",
}
"""Media types of answers without an example, and why."""
TEXT_MAX = 1500
"""The length of a longer text or file in an example: it ends after the last line that fits."""
SELDOM = {"possible_duplicates"}
"""Members that an answer has only if there is something to say. The story's people look alike."""
COURIER_EVERY_S = 86_400.0
"""The courier rests: it would draw ids, too."""
WORDS_MAX = 2
"""How many items of a list an example shows; of a page, one."""
# A second request, for another media type of the answer or of the body.
CSV = "type,given_name,family_name,birth_date\npatient,Ana,Núñez,1988-04-12\n"
AGAIN = {
    "exports.read": Sent("GET", "/v1/exports/sessions.ndjson"),
    "imports.create": Sent("POST", "/v1/imports", CSV.encode(), {"Content-Type": "text/csv"}),
}


def recordings() -> dict[str, str]:
    """Each recorded example as text, by the name of its file."""
    document()  # before the settings change: the sweeps share it
    found = {}
    with _fixed() as start, _clinic() as api:
        story = Story(api, lambda moment: start("story", moment))
        for operation in _ordered():
            start(operation.name, BEGAN)
            found[f"{operation.name}.json"] = _as_text(_record(story, operation))
    return found


def _ordered() -> list[Documented]:
    """The operations: first those that read, so that what the others write doesn't show in them.

    Of these, the ones of the ledger are first: each read of a patient is an entry in it.
    """
    [form] = [
        Documented("POST", path, item["post"])
        for path, item in document()["paths"].items()
        if not path.startswith("/v1/")
    ]
    of_the_ledger = {"audit", "changes"}
    return sorted(
        [*operations(), form],
        key=lambda o: (
            o.writes or not o.path.startswith("/v1/"),
            o.spec["tags"][0] not in of_the_ledger,
            o.name,
        ),
    )


@contextmanager
def _fixed() -> Iterator[Start]:
    """Fix the clock, the ids, the secrets and the signing key; yield what starts an operation."""
    seeds = _seeds("start", DAYS[0])

    def drawn(size: int) -> bytes:
        return hashlib.shake_256(next(seeds)).digest(size)

    with (
        pytest.MonkeyPatch.context() as patch,
        time_machine.travel(DAYS[0], tick=False) as traveller,
    ):
        key = Ed25519PrivateKey.from_private_bytes(bytes(32))
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        patch.setenv("NEEDLEWORK_LEDGER_KEY", pem.decode())
        patch.setenv("NEEDLEWORK_PUBLIC_URL", PUBLIC_URL)
        for module in (clock, ledger):
            patch.setattr(module, "os", SimpleNamespace(urandom=drawn))
        patch.setattr(courier, "EVERY_S", COURIER_EVERY_S)
        patch.setattr(rules, "secrets", SimpleNamespace(token_urlsafe=_secret(drawn)))
        _forget()

        def start(name: str, moment: datetime) -> None:
            nonlocal seeds
            seeds = _seeds(name, moment)
            traveller.move_to(moment)

        try:
            yield start
        finally:
            patch.undo()
            _forget()


def _seeds(name: str, moment: datetime) -> Iterator[bytes]:
    """The seeds of the ids that an operation draws."""
    return (f"{name} {moment:%F} {number}".encode() for number in count())


def _secret(drawn: Callable[[int], bytes]) -> Callable[[int], str]:
    """What makes the secrets of keys, which say that they are examples."""
    return lambda size: f"example-{drawn(size).hex()[:8]}"


def _forget() -> None:
    """Forget what was read from the environment."""
    settings.cache_clear()
    signing._keys.cache_clear()  # noqa: SLF001 - the server reads them once, when it starts


@contextmanager
def _clinic() -> Iterator[Api]:
    """A clinic in a database of its own, and a client with every scope."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "needlework.db"
        with closing(Database(f"sqlite:///{file}")) as database:
            migrate(database)
            clinic = Clinic(CLINIC, database)
            op = clinic.operation("clinics.create")
            with database.writing(clinic.id) as db:
                op.begin(db)
                clinics.add(op, "Clinic on the hill")
                op.finish()
            op = clinic.operation("clients.create")
            with database.writing(clinic.id) as db:
                op.begin(db)
                key = clients.add(op, "Back office", Scope)
                op.finish()
            with wired(create_app(database)) as wire:
                wire.headers["Host"] = urlsplit(PUBLIC_URL).netloc
                yield Api(wire, str(key))


def _record(story: Story, operation: Documented) -> Example:
    if operation.path == "/oauth/token":
        return _token(story)
    first = story.request(operation)
    address = urlsplit(first.path)
    bodies: dict[str, Any] = {}
    answers: dict[str, Any] = {}
    status = 0
    for sent in (first, *([AGAIN[operation.name]] if operation.name in AGAIN else ())):
        if operation.parameters("query").get("limit"):
            sent.path += "?limit=1"
        answer = sent.by(story.api)
        assert answer.is_success, f"{operation.name}: {answer.text}"
        status = answer.status_code
        answers |= _content(answer)
        bodies |= _body(operation, sent)
    headers = {name: value for name, value in first.headers.items() if name != "Content-Type"}
    path, query = _parameters(operation.path, address.path), dict(parse_qsl(address.query))
    return Example(path, query, headers, bodies, status, answers)


def _body(operation: Documented, sent: Sent) -> dict[str, Any]:
    """The body by media type. A merge patch is the same in both of its media types."""
    if sent.content is None:
        return {}
    if operation.body_model is None:
        return {sent.headers["Content-Type"]: sent.content.decode().rstrip("\n") + "\n"}
    return dict.fromkeys(operation.media, json.loads(sent.content))


def _token(story: Story) -> Example:
    """The exchange of a device's enrolment code."""
    made = story.make("/v1/devices")
    form = {"grant_type": ENROLMENT, "code": made["enrolment_code"]}
    answer = story.api.wire.post("/oauth/token", data=form)
    bodies = {"application/x-www-form-urlencoded": form}
    return Example({}, {}, {}, bodies, answer.status_code, _content(answer))


def _parameters(template: str, path: str) -> dict[str, str]:
    """The values of the parameters in a path."""
    found: dict[str, str] = {}
    for step, value in zip(template.split("/"), path.split("/"), strict=True):
        names = [name.partition("}")[0] for name in step.split("{")[1:]]
        values = value.split(".") if len(names) > 1 else [value.removesuffix(step.split("}")[-1])]
        found |= zip(names, map(unquote, values), strict=True) if names else {}
    return found


def _content(answer: Response) -> dict[str, Any]:
    """The content of an answer by media type, cut to what an example shows."""
    media = answer.headers["content-type"]
    if media in NO_EXAMPLE:
        return {}
    if media == "application/json":
        return {media: _cut(answer.json())}
    lines = answer.text.splitlines(keepends=True)
    text = ""
    for line in lines:
        if text and len(text) + len(line) > TEXT_MAX:
            break
        text += line
    return {media: text}


def _cut(value: Any, name: str = "") -> Any:
    """A value with only the first items of its lists, and without what is seldom there."""
    if isinstance(value, dict):
        return {name: _cut(inner, name) for name, inner in value.items() if name not in SELDOM}
    if isinstance(value, list):
        return [_cut(inner) for inner in value[: 1 if name == "items" else WORDS_MAX]]
    return value


def _as_text(example: Example) -> str:
    return json.dumps(example._asdict(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for name, text in recordings().items():
        (Path(sys.argv[1]) / name).write_text(text, "utf-8")
