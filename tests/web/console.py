"""Uses the console without a browser: requests pages, sends forms and reads the HTML."""

import re
from collections.abc import Iterable
from html import unescape
from html.parser import HTMLParser
from typing import Any
from uuid import UUID

from fastapi import FastAPI
from httpx2 import Response
from starlette.testclient import TestClient

from app.core.values.access import Scope
from tests.ground import Api, Clinic

HERE = {"Sec-Fetch-Site": "same-origin"}


class Desk:
    """An HTTP client with its own cookies, in place of a browser."""

    def __init__(self, app: FastAPI, **more: Any) -> None:
        self.wire = TestClient(app, raise_server_exceptions=False, follow_redirects=False, **more)

    @property
    def client_id(self) -> str:
        """The client that is signed in, by the browser's cookie."""
        return str(UUID(hex=self._token.split("_")[1]))

    @property
    def _token(self) -> str:
        """The browser's token; empty if nobody is signed in. Under https its name has a prefix."""
        cookies = self.wire.cookies
        return cookies.get("needlework") or cookies.get("__Host-needlework") or ""

    def get(self, path: str, **more: Any) -> Response:
        return self.wire.get(path, **more)

    def send(self, path: str, headers: dict[str, str] | None = None, **form: str) -> Response:
        """Send a form as a page of this server does, which says who is signed in."""
        if self._token:
            form = {"written_by": self.client_id} | form
        return self.wire.post(path, data=form, headers=HERE if headers is None else headers)

    def sign_in(self, **form: str) -> Response:
        return self.send("/console/sign-in", None, **form)

    def let_in(self, clinic: Clinic, scopes: Iterable[Scope] = Scope) -> "Desk":
        answer = self.sign_in(key=clinic.key(scopes))
        assert (answer.status_code, answer.headers["location"]) == (303, "/console"), answer.text
        return self


class Rows(HTMLParser):
    """The table rows of a page that have a given attribute, as lists of cells."""

    def __init__(self, marked: str) -> None:
        super().__init__()
        self.marked = marked
        self.rows: list[list[str]] = []
        self._in_row = self._in_cell = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self._in_row = self.marked in dict(attrs)
            if self._in_row:
                self.rows.append([])
        elif tag in {"th", "td"} and self._in_row:
            self._in_cell = True
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in {"th", "td"}:
            self._in_cell = False

    def handle_data(self, data: str) -> None:
        if self._in_cell:
            self.rows[-1][-1] += data


def rows(page: str, marked: str) -> list[list[str]]:
    parser = Rows(marked)
    parser.feed(page)
    return parser.rows


def words(page: str) -> str:
    """The text of a page without its tags."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", page)).split())


def security(api: Api) -> list[tuple[str, str | None]]:
    entries = api.get("/v1/audit/entries?kind=security").json()["items"]
    return [(entry["operation"], entry["reason"]) for entry in entries]
