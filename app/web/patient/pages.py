"""Renders the patient's pages: one file each, without scripts, pictures or cookies."""

import re
from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime
from functools import cache, partial
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.responses import Response

from app.languages.queries import DOMAIN, translations
from app.languages.rules.choice import SOURCE, Language
from app.languages.rules.dates import clock, day, number
from app.web.patient import wording

FOLDER: Final = Path(__file__).parent
CSS: Final = (FOLDER / "patient.css").read_text("utf-8")
_CSS_DIGEST: Final = b64encode(sha256(CSS.encode()).digest()).decode()
HEADERS: Final[Mapping[str, str]] = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_CSS_DIGEST}'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
}
HTML: Final = "text/html"
ENGLISH: Final = Markup('{} <span class="en" lang="en" dir="ltr">{}</span>')


class Around(NamedTuple):
    """What every page shows around its own words. It never has a name."""

    language: Language
    languages: tuple[Language, ...] = ()
    """The languages that the page can be read in."""
    phone: str | None = None
    """The clinic's telephone number."""
    emergency_number: str | None = None
    visit_at: datetime | None = None
    zone: ZoneInfo | None = None
    """The clinic's time zone."""
    initial: str | None = None
    """The first letter of the patient's name, where the address serves two patients."""

    def values(self) -> dict[str, Any]:
        """Return the values of the templates."""
        return self._asdict() | self.moment(self.visit_at)

    def moment(self, at: datetime | None) -> dict[str, str | None]:
        """Return an instant's `day` and `time`, as the language writes them."""
        if at is None or self.zone is None:
            return {"day": None, "time": None}
        tag = self.language.tag
        return {"day": day(at, self.zone, tag), "time": clock(at, self.zone, tag)}


def page(name: str, around: Around, status: int = 200, **more: Any) -> Response:
    """Return a page, from its template and the values that it shows."""
    template = _environment(around.language).get_template(name)
    text = template.render(css=Markup(CSS), **around.values(), **more)  # noqa: S704 - our own file
    return Response(text.encode(), status, HEADERS, HTML)


def state(name: str, around: Around, status: int = 200, at: datetime | None = None) -> Response:
    """Return the page of a state of `wording.STATES`. `at` is the instant in its words."""
    title, words = wording.STATES[name]
    told = translated(around.language, words)
    if at is not None:
        told %= around.moment(at)
    return page("state.html", around, status, title=title, words=told)


def translated(language: Language, text: str) -> str:
    """Return a message in a language."""
    return translations(DOMAIN, language.tag).gettext(text)


@cache
def _environment(language: Language) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_translations(  # type: ignore[attr-defined]
        translations(DOMAIN, language.tag), newstyle=True
    )
    environment.globals["both"] = partial(_both, language)
    environment.filters |= {"digits": partial(number, tag=language.tag), "dial": _dialled}
    return environment


def _both(language: Language, text: str) -> Markup:
    """Return a message about danger. English stands beside words that no clinician has read."""
    words = escape(translated(language, text))
    return words if language.reviewed or language.tag == SOURCE else ENGLISH.format(words, text)


def _dialled(phone: str) -> str:
    """Return what a telephone dials for a number as people write it."""
    return re.sub(r"[^0-9+*#]", "", phone)
