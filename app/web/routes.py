"""`/docs`, whose files are all in this package, `/problems/<code>`, and the console's files."""

from pathlib import Path
from typing import Final

from fastapi import APIRouter
from starlette.responses import FileResponse, PlainTextResponse, RedirectResponse, Response

from app.core.values.problems import NotFound, catalogue
from app.web.console.pages import HOME

STATIC: Final = Path(__file__).parent / "static"
SWAGGER_UI: Final = STATIC / "swagger-ui"
DOCS_FILES: Final = {
    path.name: path
    for path in (
        STATIC / "docs.js",
        SWAGGER_UI / "favicon-32x32.png",
        SWAGGER_UI / "swagger-ui-bundle.js",
        SWAGGER_UI / "swagger-ui.css",
    )
}
CONSOLE_FILES: Final = {"console.css", "console.svg"}
DOCS_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
}

router = APIRouter(include_in_schema=False)


@router.get("/", name="home")
def home() -> Response:
    """Redirect to the console."""
    return RedirectResponse(HOME)


@router.get(f"{HOME}/{{name}}", name="console.file")
def console_file(name: str) -> Response:
    """Return a style sheet or picture of the console."""
    if name not in CONSOLE_FILES:
        raise NotFound
    return FileResponse(STATIC / name)


@router.get("/docs", name="docs")
def docs() -> Response:
    """Return the page that documents all operations and can try them."""
    return FileResponse(STATIC / "docs.html", headers=DOCS_HEADERS)


@router.get("/docs/{name}", name="docs.file")
def docs_file(name: str) -> Response:
    """Return a file of that page."""
    if name not in DOCS_FILES:
        raise NotFound
    return FileResponse(DOCS_FILES[name], headers=DOCS_HEADERS)


@router.get("/problems/{code}", name="problems")
def problem(code: str) -> Response:
    """Explain a problem's `type`."""
    for kind in catalogue():
        if kind.code == code:
            return PlainTextResponse(f"{kind.title} ({int(kind.status)})\n\n{kind.meaning()}\n")
    raise NotFound
