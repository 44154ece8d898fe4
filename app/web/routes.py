"""`/docs` and its files, `/openapi.json`, `/problems/<code>`, and the console's files."""

from functools import cache, lru_cache
from threading import Lock
from typing import Final

import orjson
from fastapi import APIRouter, FastAPI, Request
from starlette.responses import (
    HTMLResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
)

from app.core.http.answers import kept
from app.core.http.requests import JSON
from app.core.values.problems import NotFound, catalogue
from app.web.console.pages import HOME
from app.web.files import FILES, FOR_A_YEAR, MEDIA, STATIC, File, packed_file

SWAGGER_UI: Final = STATIC / "swagger-ui"
DOCS_FILES: Final = {
    path.name: (path, media)
    for path, media in (
        (STATIC / "docs.js", "text/javascript"),
        (SWAGGER_UI / "favicon-32x32.png", "image/png"),
        (SWAGGER_UI / "swagger-ui-bundle.js", "text/javascript"),
        (SWAGGER_UI / "swagger-ui.css", "text/css"),
    )
}
DOCS_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
}

# `cache` lets all who ask at once make the same content, which keeps every thread busy.
_MAKING: Final = Lock()

router = APIRouter(include_in_schema=False)


@router.get("/", name="home")
def home() -> Response:
    """Redirect to the console."""
    return RedirectResponse(HOME)


@router.get(f"{HOME}/{{name}}", name="console.file")
def console_file(request: Request, name: str, v: str = "") -> Response:
    """Return a style sheet or picture of the console. A browser keeps it by its version `v`."""
    if name not in FILES:
        raise NotFound
    content, version, packed = FILES[name]
    headers = {"Cache-Control": FOR_A_YEAR if v == version else "no-cache"}
    return kept(request, content, MEDIA[name], headers, version, packed)


@router.get("/docs", name="docs")
def docs() -> Response:
    """Return the page that documents all operations and can try them."""
    with _MAKING:
        page = _docs_page()
    return HTMLResponse(page, headers=DOCS_HEADERS)


@router.get("/docs/{name}", name="docs.file")
def docs_file(request: Request, name: str, v: str = "") -> Response:
    """Return a file of that page. A browser keeps it for a year by its version `v`."""
    if name not in DOCS_FILES:
        raise NotFound
    with _MAKING:
        content, version, packed = _docs_file(name)
    cache = FOR_A_YEAR if v == version else "no-cache"
    headers = {**DOCS_HEADERS, "Cache-Control": cache}
    return kept(request, content, DOCS_FILES[name][1], headers, version, packed)


@cache
def _docs_file(name: str) -> File:
    """Return a file of the page."""
    return packed_file(DOCS_FILES[name][0].read_bytes())


@cache
def _docs_page() -> str:
    """Return the page, with the version of each of its files in the file's address."""
    page = (STATIC / "docs.html").read_text("utf-8")
    for name in DOCS_FILES:
        page = page.replace(f'"docs/{name}"', f'"docs/{name}?v={_docs_file(name).version}"')
    return page


@router.get("/openapi.json", name="openapi")
def openapi(request: Request) -> Response:
    """Return the OpenAPI document."""
    with _MAKING:
        content, version, packed = _document(request.app)
    return kept(request, content, JSON, {"Cache-Control": "no-cache"}, version, packed)


@lru_cache(maxsize=1)
def _document(app: FastAPI) -> File:
    """Return the document. It is made, serialized and compressed once."""
    return packed_file(orjson.dumps(app.openapi()))


@router.get("/problems/{code}", name="problems")
def problem(code: str) -> Response:
    """Explain a problem's `type`."""
    for kind in catalogue():
        if kind.code == code:
            return PlainTextResponse(f"{kind.title} ({int(kind.status)})\n\n{kind.meaning()}\n")
    raise NotFound
