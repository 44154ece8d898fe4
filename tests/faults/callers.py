"""Correct clients: each repeats a request until it is answered."""

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
# No final answer yet: send the request again. A busy machine may stop a client amid its body.
UNDECIDED = ("unavailable", "still-running", "too-slow")

Json = Any


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of the server."""

    status: int
    headers: dict[str, str]
    body: Json

    @property
    def replayed(self) -> bool:
        """Whether this is the stored answer of a request that was executed before."""
        return self.headers.get("idempotency-replayed") == "true"

    @property
    def undecided(self) -> bool:
        """Whether the client should repeat the request."""
        kind = self.body.get("type", "") if isinstance(self.body, dict) else ""
        return str(kind).endswith(UNDECIDED)


@dataclass(frozen=True, slots=True)
class Written:
    """A requested change, and its final answer."""

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
        """Send a change with an Idempotency-Key, and repeat it until it is answered."""
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
        """Read a resource that must exist."""
        answer = self.once("GET", path)
        assert answer.status == 200, answer
        return answer.body

    def once(self, method: str, path: str, body: Json = None, **headers: str) -> Answer:
        """Send a request once; raises `OSError` or `HTTPException` if no answer comes."""
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
        """Close the connection; the next request opens a new one."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None
