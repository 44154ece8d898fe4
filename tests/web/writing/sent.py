"""Opens a form of the console, fills it in and sends it, as a browser does."""

from html.parser import HTMLParser

from httpx2 import Response

from tests.web.console import Desk

TICKED = {"checkbox", "radio"}


class Fields(HTMLParser):
    """The fields of the form of a page, with their values, and which are marked as wrong."""

    def __init__(self, action: str) -> None:
        super().__init__()
        self.action = action
        self.values: dict[str, str] = {}
        self.wrong: set[str] = set()
        self._is_in = False
        self._select: str | None = None
        self._text: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._is_in = given.get("action") == self.action
        name = given.get("name", "")
        if not self._is_in:
            return
        if "aria-invalid" in given:
            self.wrong.add(name)
        if tag == "input" and (given.get("type") not in TICKED or "checked" in given):
            self.values[name] = given.get("value", "")
        elif tag == "select":
            self._select = name
            self.values[name] = ""
        elif tag == "option" and self._select and "selected" in given:
            self.values[self._select] = given["value"]
        elif tag == "textarea":
            self._text = name
            self.values[name] = ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._is_in = False
        elif tag == "select":
            self._select = None
        elif tag == "textarea":
            self._text = None

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            # A parser of HTML drops the line break at the beginning.
            self.values[self._text] += data.removeprefix("\n")


def form_on(page: str, action: str) -> Fields:
    fields = Fields(action)
    fields.feed(page)
    assert fields.values, page
    return fields


def opened(desk: Desk, path: str) -> dict[str, str]:
    answer = desk.get(path)
    assert answer.status_code == 200, answer.text
    return form_on(answer.text, path).values


def send(desk: Desk, path: str, **typed: str) -> Response:
    """Open a form, fill it in and send it. A name has `__` for each dot."""
    return again(desk, path, opened(desk, path), **typed)


def again(desk: Desk, path: str, values: dict[str, str], **typed: str) -> Response:
    given = {name.replace("__", "."): value for name, value in typed.items()}
    return desk.send(path, None, **values | given)
