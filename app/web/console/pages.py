"""Renders pages: the templates of this package, and headers that restrict the browser."""

from collections.abc import Callable, Mapping
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from fastapi import Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from starlette.responses import RedirectResponse, Response

from app.auth.provider import signs_browsers_in
from app.core.values.names import full_name, listed_name
from app.notes.rules.words import written
from app.progress.queries import code_names
from app.progress.rules.history import Json
from app.progress.rules.picture import label
from app.progress.rules.wording import (
    NOTHING,
    ONE_VALUE,
    RELEASES,
    TREND,
    cautions,
    counted_change,
    counted_slope,
    course_words,
    event_words,
    figure,
    flag_words,
    held_words,
    missing_words,
    number,
    p_value,
    per_week,
    rates_change,
    release_time,
    released_words,
    short,
    signed,
    single,
    soreness_words,
    unrecorded,
    verdict_words,
)
from app.web.console.cookies import CLINIC, cookie_of
from app.web.console.fault_words import in_words
from app.web.console.kept import Kept, kept
from app.web.console.once import new_form_id
from app.web.console.turns import measure_id
from app.web.console.wording import consent_words, field_words, spelt, words_for
from app.web.files import address

HOME: Final = "/console"
HTML: Final = "text/html"
HEADERS: Final[Mapping[str, str]] = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    # With "no-referrer", browsers also send no usable `Origin` with a form.
    "Referrer-Policy": "same-origin",
}


@pass_context
def _day(context: Context, at: str) -> str:
    """A day as it is; the day of a time in the clinic's time zone."""
    return _local(context, at)[:10]


@pass_context
def _time(context: Context, at: str) -> str:
    return _local(context, at)[:16].replace("T", " ")


@pass_context
def _held(context: Context, measure: Json) -> str | None:
    return held_words(measure, lambda at: _day(context, at))


@pass_context
def _said(context: Context, flag: Json) -> str:
    return flag_words(flag, lambda at: _day(context, at))


@pass_context
def _fault(context: Context, fault: Json) -> str:
    return in_words(fault["code"], fault["detail"], context.get("zone"))


def _local(context: Context, at: str) -> str:
    if "T" not in at:
        return at
    zone: tzinfo = context["zone"]
    return datetime.fromisoformat(at).astimezone(zone).isoformat()


def _isolated(measure: Json) -> Json:
    """A measure whose activity, which somebody wrote, reorders nothing beside it."""
    activity = measure["activity"]
    return measure if activity is None else {**measure, "activity": written(activity)}


def _named(person: Json, write: Callable[[str | None, str | None], str]) -> str:
    """A person's names; empty where none is recorded."""
    given, family = person["given_name"], person["family_name"]
    return write(given, family) if given or family else ""


def _words(code: str) -> str:
    return code.replace("_", " ")


def _reason(code: str) -> str:
    return _REASONS.get(code, _words(code))


_REASONS: Final = {
    "fever_or_spreading_redness": "fever, or redness that spreads",
    "new_numbness_or_weakness": "new numbness or weakness",
    "differs_from_ledger": "a stored row is not what the ledger states",
    "emergency_series": "emergency access was opened often within an hour",
    "before_alerts": "marked before there were alerts",
}
_NAMES: Final = code_names()
_ENVIRONMENT: Final = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.globals.update(
    nothing=NOTHING, one_value=ONE_VALUE, trend=TREND, new_form_id=new_form_id, file=address
)
_ENVIRONMENT.filters.update(
    day=_day,
    time=_time,
    number=number,
    signed=signed,
    slope=counted_slope,
    rate=per_week,
    change=counted_change,
    cautions=cautions,
    held=_held,
    said=_said,
    chance=p_value,
    words=_words,
    spelt=spelt,
    called=lambda person: _named(person, full_name),
    listed=lambda person: _named(person, listed_name),
    consent=consent_words,
    field=field_words,
    fault=_fault,
    title_for_people=lambda problem: words_for(problem).title,
    reason=_reason,
    verdict=verdict_words,
    missing=missing_words,
    rating=rates_change,
    release_time=release_time,
    release=RELEASES.__getitem__,
    released=released_words,
    single=lambda measure: short(single(measure)),
    sore=soreness_words,
    unrecorded=unrecorded,
    instrument=lambda code: _NAMES.scale(code).name,
    muscle=_NAMES.muscle,
    whose=lambda measure, in_course: label(_isolated(measure), _NAMES, in_course=in_course),
    course=course_words,
    figure=figure,
    harms=event_words,
    instead=lambda text, words: words if text == NOTHING else text,
    measure_id=measure_id,
)


def render(name: str, **context: Any) -> bytes:
    """A page as HTML, from its template and the values that it shows."""
    return _ENVIRONMENT.get_template(name).render(home=HOME, **context).encode()


def page_response(name: str, status: int = 200, **context: Any) -> Response:
    """A response with a page."""
    return Response(render(name, **context), status, HEADERS, HTML)


Said = Literal[
    "acknowledged",
    "amended",
    "begun",
    "cancelled",
    "changed",
    "consented",
    "draft",
    "ended",
    "entered",
    "linked",
    "noted",
    "screened",
    "sending",
    "signed",
    "signed-out",
    "stopped",
    "stored",
    "voided",
]
"""What was done with a form, as the address of the next page names it."""
SAID: Final[Mapping[str, str]] = {
    "acknowledged": "Acknowledged.",
    "noted": "The note was added.",
    "changed": "Changed.",
    "ended": "Ended.",
    "linked": "Linked.",
    "sending": "A message goes within seconds.",
    "cancelled": "Cancelled: no further message goes.",
    "entered": "The report is stored.",
    "consented": "Stored: this patient is asked by message after a visit.",
    "stored": "Stored.",
    "begun": "A draft of today was begun already: this is it.",
    "draft": "The draft is stored. It is not signed yet.",
    "signed": "The session is signed.",
    "amended": "The session is amended.",
    "voided": "The session is void. It stays readable.",
    "screened": "The screening is stored.",
    "stopped": "Stored: this patient gets no more messages.",
    "signed-out": "That browser is signed out.",
}
"""The words in which the next page says so."""


def after(to: str, said: Said) -> str:
    """The address of a page that says what was done with a form."""
    return f"{to}?said={said}"


def redirect(to: str, said: Said | None = None) -> Response:
    """A response that redirects the browser after a form."""
    return RedirectResponse(to if said is None else after(to, said), 303, {**HEADERS})


class SignIn(NamedTuple):
    """What the sign-in form begins with."""

    to: str = HOME
    """Where the browser continues after signing in."""
    clinic: str = ""
    """The clinic's id, if the browser knows it, or what the person typed."""
    sign_in_name: str = ""
    asks_clinic: bool = False
    """Whether the person can enter the clinic. Otherwise the form sends the one it has."""
    kept: Kept | None = None
    """What was typed into a form before."""

    @classmethod
    def on(cls, request: Request, to: str = HOME) -> "SignIn":
        """What the form begins with in a browser, which may know the clinic and hold a text."""
        return cls(to, cookie_of(request, CLINIC), kept=kept(request))


def sign_in(status: int, form: SignIn, fault: str | None = None) -> Response:
    """The sign-in page."""
    shown = form._asdict() | {"has_provider": signs_browsers_in()}
    return page_response("sign_in.html", status, fault=fault, who=None, **shown)
