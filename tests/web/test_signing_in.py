"""Who can sign in to the console, for how long, and how they sign out."""

from datetime import timedelta

import pytest
import time_machine
from fastapi import FastAPI
from httpx2 import Client

from app.core.http.rates import Rates
from app.core.values.clock import now
from tests.accounts.house import PASSWORD, WRONG, House
from tests.ground import Api, Clinic
from tests.web.console import Desk, security


def test_a_key_signs_a_browser_in_and_its_cookie_works_only_in_the_console(
    nobody: Desk, clinic: Clinic, api: Api
) -> None:
    answer = nobody.sign_in(key=clinic.key())
    cookie = answer.headers["set-cookie"]
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(cookie.split("; "))
    assert nobody.get("/console").status_code == 200
    token = cookie.partition("=")[2].partition(";")[0]
    for sent in (token, token.replace("nwb_", "nwa_"), token.replace("nwb_", "nw_")):
        assert Api(nobody.wire, sent).get("/v1/clinic").status_code == 401
    assert ("console.sign-in", None) in security(api)


def test_under_https_the_cookie_is_bound_to_this_host(
    app: FastAPI, wire: Client, clinic: Clinic
) -> None:
    del wire
    desk = Desk(app, base_url="https://clinic.example")
    answer = desk.sign_in(key=clinic.key())
    assert answer.headers["set-cookie"].startswith("__Host-needlework=nwb_")
    assert "Secure" in answer.headers["set-cookie"]
    assert desk.get("/console").status_code == 200


def test_only_the_owner_signs_in_with_the_owner_s_password(house: House) -> None:
    desk = Desk(house.app)
    assert desk.sign_in(name="owner", password=PASSWORD).status_code == 403
    house.put()
    for form in ({"password": WRONG}, {"password": PASSWORD, "name": "admin"}, {"password": ""}):
        answer = desk.sign_in(**{"name": "owner", **form})
        assert answer.status_code == 403
        assert "is wrong" in answer.text
        assert WRONG not in answer.text
        assert "set-cookie" not in answer.headers
    assert desk.sign_in(name="owner", password=PASSWORD).status_code == 303
    assert desk.get("/console").status_code == 200
    assert "wrong password" in house.noted()
    house.put("another long password")
    assert desk.get("/console").status_code == 401  # a new password signs out every browser


def test_after_several_failures_an_address_has_to_wait(house: House) -> None:
    house.put()
    house.app.state.password_rates = Rates(3, "password", 5)
    desk = Desk(house.app)
    for form in ({"name": "owner", "password": WRONG}, {"key": "nw_no"}, {"key": ""}):
        assert desk.sign_in(**form).status_code == 403
    for form in ({"name": "owner", "password": PASSWORD}, {"key": house.clinic.key()}):
        answer = desk.sign_in(**form)
        assert answer.status_code == 429
        assert "Too many tries" in answer.text
        assert int(answer.headers["retry-after"]) > 0


def test_a_wrong_or_revoked_key_is_refused_and_recorded(
    nobody: Desk, clinic: Clinic, api: Api
) -> None:
    key = clinic.key()
    assert nobody.sign_in(key=key[:-1] + ("A" if key[-1] != "A" else "B")).status_code == 403
    assert nobody.sign_in(key=key).status_code == 303
    assert api.post(f"/v1/clients/{key.split('_')[1]}/revoke").status_code == 200
    assert nobody.get("/console").status_code == 401
    assert nobody.sign_in(key=key).status_code == 403
    noted = security(api)
    assert {("console.sign-in", "wrong secret"), ("console.patients", "revoked key")} <= set(noted)


def test_signing_out_invalidates_the_cookie_on_the_server(desk: Desk, api: Api) -> None:
    held = dict(desk.wire.cookies)
    answer = desk.send("/console/sign-out")
    assert (answer.status_code, answer.headers["location"]) == (303, "/console")
    assert not desk.wire.cookies
    desk.wire.cookies.update(held)
    assert desk.get("/console").status_code == 401
    assert desk.send("/console/sign-out").status_code == 303
    assert security(api).count(("console.sign-out", None)) == 1


def test_signing_in_again_replaces_the_cookie(desk: Desk, clinic: Clinic) -> None:
    [first] = desk.wire.cookies.values()
    desk.let_in(clinic)
    [second] = desk.wire.cookies.values()
    assert first != second
    desk.wire.cookies.clear()
    desk.wire.cookies.set("needlework", first)
    assert desk.get("/console").status_code == 401


def test_a_browser_is_signed_out_after_half_an_hour_without_a_request(desk: Desk) -> None:
    began = now()
    for minutes, status in ((25, 200), (50, 200), (79, 200), (109, 401)):
        with time_machine.travel(began + timedelta(minutes=minutes), tick=False):
            page = desk.get("/console")
            assert page.status_code == status, minutes
            assert ("You are not signed in any more." in page.text) == (status == 401)


def test_a_browser_is_signed_out_after_eight_hours(desk: Desk) -> None:
    began = now()
    for minutes in range(20, 480, 20):
        with time_machine.travel(began + timedelta(minutes=minutes), tick=False):
            assert desk.get("/console").status_code == 200, minutes
    with time_machine.travel(began + timedelta(minutes=480), tick=False):
        assert desk.get("/console").status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "null"},
        {"Origin": "https://elsewhere.example"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://testserver"},
    ],
)
def test_a_form_from_another_site_is_refused(
    desk: Desk, clinic: Clinic, headers: dict[str, str]
) -> None:
    places = {"sign-in": {"key": clinic.key()}, "sign-out": {}, "search": {"family_name": "A"}}
    for place, form in places.items():
        answer = desk.send(f"/console/{place}", headers, **form)
        assert answer.status_code == 403
        assert "did not come from a page of this server" in answer.text
    assert desk.get("/console").status_code == 200


def test_an_old_browser_signs_in_with_its_origin_header(nobody: Desk, clinic: Clinic) -> None:
    origin = {"Origin": "http://testserver"}
    assert nobody.send("/console/sign-in", origin, key=clinic.key()).status_code == 303


@pytest.mark.parametrize(
    ("to", "leads"),
    [
        ("/console/patients/01a1ff39-8fe2-74ae-a879-3c9e3866e21e", None),
        ("/console", None),
        *((f"/console/{page}", None) for page in ("people", "account", "sign-ins", "alerts")),
        ("/console/sign-out", "/console"),
        ("/console/sign-in", "/console"),
        ("/console/people/link", "/console"),
        ("/console/nothing", "/console"),
        ("https://elsewhere.example/console", "/console"),
        ("//elsewhere.example", "/console"),
        ("/console/../v1", "/console"),
        ("/console\r\nSet-Cookie: a=b", "/console"),
    ],
)
def test_signing_in_redirects_only_to_pages_of_the_console(
    nobody: Desk, clinic: Clinic, to: str, leads: str | None
) -> None:
    answer = nobody.sign_in(key=clinic.key(), to=to)
    assert answer.headers["location"] == (leads or to)
