"""A form that was opened while somebody else was signed in changes nothing."""

import re
from typing import Final
from uuid import uuid4

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from tests.accounts.people import joined
from tests.ground import Api, Clinic
from tests.web.console import Desk, words

OF_NOBODY: Final = {
    "/console/sign-in": "whoever sends it isn't signed in yet",
    "/console/join": "likewise",
    "/console/kept": "it holds a form, whose own author is checked where that one is sent",
    "/console/sign-out": "it ends the sign-in of this browser, whoever it is",
}
"""Forms that don't say who opened them, and why."""


def forms_of(app: FastAPI) -> set[str]:
    """The paths to which the console's forms are sent."""
    return {
        route.path
        for route in app.routes
        if isinstance(route, APIRoute)
        and "POST" in (route.methods or ())
        and route.path.startswith("/console")
    }


@pytest.mark.alike
def test_no_form_of_the_console_takes_what_somebody_else_opened(
    app: FastAPI, clinic: Clinic, api: Api
) -> None:
    every = forms_of(app)
    assert set(OF_NOBODY) < every
    robin = joined(app, clinic, api, role="owner")
    for path in sorted(every - set(OF_NOBODY)):
        there = re.sub(r"\{[^}]+\}", str(uuid4()), path)
        for author in (str(uuid4()), ""):
            answer = robin.desk.send(there, None, written_by=author)
            assert answer.status_code == 409, path
            assert "Somebody else opened this form" in words(answer.text), path
    assert robin.desk.get("/console/account").status_code == 200


@pytest.mark.alike
def test_a_password_of_somebody_else_s_form_comes_back_nowhere(
    app: FastAPI, clinic: Clinic, api: Api
) -> None:
    robin = joined(app, clinic, api)
    form = {"written_by": str(uuid4()), "present": "canary-text", "on_page": "/console/account"}
    answer = robin.desk.send("/console/account/second-factor", None, **form)
    assert answer.status_code == 409
    assert "canary-text" not in answer.text


@pytest.mark.alike
def test_forms_of_somebody_who_is_not_signed_in_are_refused_first(nobody: Desk) -> None:
    answer = nobody.send("/console/people", None, written_by=str(uuid4()))
    assert answer.status_code == 401
