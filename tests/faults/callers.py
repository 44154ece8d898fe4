"""Clients as they should be written: each repeats a request until it is answered."""

import itertools
import json
import time
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from typing import Any
from uuid import uuid4

from tests.serving import HOST

PATIENCE_S = 60.0
PAUSE_S = 0.02
ANSWER_S = 10.0
# Nothing was decided yet: ask again.
UNDECIDED = ("unavailable", "still-running")

Json = Any


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said."""

    status: int
    headers: dict[str, str]
    body: Json

    @property
    def replayed(self) -> bool:
        """Whether the request had been done before, and this is the answer it had then."""
        return self.headers.get("idempotency-replayed") == "true"

    @property
    def undecided(self) -> bool:
        """Whether the server asks for the same request again."""
        kind = self.body.get("type", "") if isinstance(self.body, dict) else ""
        return str(kind).endswith(UNDECIDED)


@dataclass(frozen=True, slots=True)
class Written:
    """A change that was asked for, and the answer that came in the end."""

    method: str
    path: str
    body: Json
    headers: dict[str, str]
    answer: Answer
    attempts: int


@dataclass
class Caller:
    """One keep-alive connection of one client."""

    port: int
    key: str
    written: list[Written] = field(default_factory=list)
    _connection: HTTPConnection | None = None

    def write(self, method: str, path: str, body: Json, **headers: str) -> Answer:
        """Change something, under an Idempotency-Key, however often it takes."""
        sent = {"Idempotency-Key": str(uuid4()), **headers}
        deadline = time.monotonic() + PATIENCE_S
        for attempt in itertools.count(1):
            try:
                answer = self.once(method, path, body, **sent)
            except (OSError, HTTPException):
                self.close()
                answer = None
            if answer is not None and not answer.undecided:
                self.written.append(Written(method, path, body, sent, answer, attempt))
                return answer
            if time.monotonic() > deadline:
                raise TimeoutError(f"{method} {path}: no answer in {PATIENCE_S} s ({answer})")
            time.sleep(PAUSE_S)
        raise AssertionError

    def read(self, path: str) -> Json:
        """Read something that must be there."""
        answer = self.once("GET", path)
        assert answer.status == 200, answer
        return answer.body

    def once(self, method: str, path: str, body: Json = None, **headers: str) -> Answer:
        """Ask once; `OSError` or `HTTPException` where no answer comes."""
        if self._connection is None:
            self._connection = HTTPConnection(HOST, self.port, timeout=ANSWER_S)
        sent = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        raw = None if body is None else json.dumps(body)
        self._connection.request(method, path, raw, sent | headers)
        response = self._connection.getresponse()
        answered = response.read()
        told = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, told, json.loads(answered) if answered else None)

    def close(self) -> None:
        """Hang up; the next request connects anew."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None
