"""A running server with patients of few and of many sessions, and a browser."""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import pytest
from fastapi import FastAPI
from httpx2 import Client
from playwright.sync_api import Browser

from app.accounts.service import owners, passwords
from app.core.db.database import Database
from app.core.operation import perform
from tests import browser, templates
from tests.accounts.conftest import empty_database, new_house  # noqa: F401 - fixtures of ours, too
from tests.auth.local_provider import CLIENT_ID, LocalProvider, link_person, local_provider
from tests.ground import Api, Clinic, create_clinic
from tests.progress.charts import Chart, take_in
from tests.serving import HOST, serving
from tests.web.console import Desk
from tests.web.histories import COUNTS, FAMILY, history

PASSWORD = "correct horse battery staple"


class Served(NamedTuple):
    """A running server, the key of its clinic, and its patients by their number of sessions."""

    address: str
    log: Path
    key: str
    is_sqlite: bool
    patients: dict[int, str]
    provider: LocalProvider

    @property
    def form(self) -> dict[str, str]:
        """The fields of the sign-in form for this server."""
        if self.is_sqlite:
            return {"#name": "owner", "#password": PASSWORD}
        return {"#key": self.key}


@pytest.fixture(name="served", scope="module", params=["sqlite", "postgresql"])
def a_server_with_patients(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("console")
    is_sqlite = request.param == "sqlite"
    with ExitStack() as stack:
        url = stack.enter_context(templates.migrated(folder, is_sqlite=is_sqlite))
        database = stack.enter_context(closing(Database(url)))
        clinic = create_clinic(database)
        if is_sqlite:
            op = clinic.operation("accounts.create")
            perform(database, op, partial(owners.set_owner, op, passwords.hash_password(PASSWORD)))
        provider = stack.enter_context(local_provider())
        environment = {
            "NEEDLEWORK_DATABASE_URL": url,
            "NEEDLEWORK_OIDC_ISSUER": provider.url,
            "NEEDLEWORK_OIDC_CLIENT_ID": CLIENT_ID,
            "NEEDLEWORK_OUTGOING_TO_LOOPBACK": "1",
        }
        running = stack.enter_context(serving(folder / "log", **environment))
        address = f"http://{HOST}:{running.port}"
        wire = stack.enter_context(Client(base_url=address))
        api = Api(wire, clinic.key())
        patients = {}
        for count in COUNTS:
            records = list(history(count))
            take_in(api, records)
            patients[count] = records[1]["id"]
        dana = UUID(api.practitioner(given_name="Dana", family_name="Okafor")["id"])
        link_person(clinic, provider, dana)
        yield Served(address, folder / "log", api.key, is_sqlite, patients, provider)
        assert FAMILY.lower() not in (folder / "log").read_text().lower()


@pytest.fixture(name="browser", scope="module")
def a_browser() -> Iterator[Browser]:
    with browser.launched() as running:
        yield running


@pytest.fixture(name="desk")
def signed_in(app: FastAPI, wire: Client, clinic: Clinic) -> Desk:
    del wire  # it starts the application
    return Desk(app).let_in(clinic)


@pytest.fixture(name="nobody")
def not_signed_in(app: FastAPI, wire: Client) -> Desk:
    del wire
    return Desk(app)


@pytest.fixture(name="chart")
def a_chart(api: Api) -> Chart:
    """A chart with three sessions, a soreness report and an adverse event."""
    chart = Chart(api)
    for day, pain in ((0, 8), (7, 5), (14, 2)):
        visit = chart.visit(
            day,
            pain,
            needlings=[
                {"muscle": "infraspinatus", "side": "left", "ache": pain, "release": "partial"},
                {
                    "muscle": "multifidus_cervicis",
                    "side": "right",
                    "spinal_level": "C5",
                    "release": "complete",
                },
            ],
            needle_count=dict.fromkeys(("opened", "inserted", "removed", "disposed"), 2),
        )
        if day == 7:
            chart.report(visit, 25, 4)
    chart.event(8)
    return chart
