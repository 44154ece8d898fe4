"""The console's cookies: their names, attributes and values. Scripts can't read any of them."""

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from app.auth.code_flow import LIFE_S
from app.settings import settings

TOKEN: Final = "needlework"  # noqa: S105 - a name, not a secret
"""Holds the browser's token."""
CLINIC: Final = "needlework-clinic"
"""Remembers in which clinic a person signs in, where a server has several."""
KNOWN: Final = "needlework-known"
"""Proves that a person has signed in here before: see `known_browser`."""
FLOW: Final = "needlework-oidc"
"""Holds the way to the identity provider and back."""
REMEMBERED_S: Final = 365 * 24 * 3600


def cookie_of(request: Request, called: str) -> str:
    """The value of one of these cookies; empty without it."""
    return request.cookies.get(_name(request, called), "")


def set_cookie(request: Request, answer: Response, called: str, value: str) -> None:
    """Set one of these cookies. The token lasts as long as the browser runs."""
    lasts = {TOKEN: None, FLOW: LIFE_S}.get(called, REMEMBERED_S)
    answer.set_cookie(_name(request, called), value, max_age=lasts, **_attributes(request))


def cookie_header(request: Request, called: str, value: str) -> str:
    """What a browser sends once it has this cookie."""
    return f"{_name(request, called)}={value}"


def delete_cookie(request: Request, answer: Response, called: str) -> None:
    """Delete one of these cookies, with and without its prefix."""
    for name in (called, f"__Host-{called}"):
        answer.delete_cookie(name, **_attributes(request))


def _name(request: Request, called: str) -> str:
    """The name of a cookie. Under https its prefix binds it to this host (RFC 6265bis)."""
    return f"__Host-{called}" if _is_secure(request) else called


def _attributes(request: Request) -> dict[str, Any]:
    return {"path": "/", "secure": _is_secure(request), "httponly": True, "samesite": "strict"}


def _is_secure(request: Request) -> bool:
    public = settings().public_url or ""
    return request.url.scheme == "https" or public.startswith("https:")
