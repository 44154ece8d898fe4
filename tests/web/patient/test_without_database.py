"""The pages of a link while the database is down."""

from collections.abc import Iterator
from contextlib import closing

import pytest
from httpx2 import Client

from app.core.db.database import Database
from app.core.values.clock import uuid7
from app.main import create_app
from tests.serving import free_port
from tests.web.patient.conftest import FORM, STRANGE
from tests.wire import wired

PATH = f"/r/{STRANGE}"


@pytest.fixture(name="wire", scope="module")
def a_server_without_its_database() -> Iterator[Client]:
    url = f"postgresql://nobody:secret@127.0.0.1:{free_port()}/none"
    with closing(Database(url)) as database, wired(create_app(database)) as wire:
        yield wire


@pytest.mark.parametrize("path", [PATH, f"{PATH}/stop"])
def test_a_page_says_what_to_do_in_an_emergency(wire: Client, path: str) -> None:
    answer = wire.get(path)
    assert answer.status_code == 503
    assert "doesn't work at the moment" in answer.text
    assert "Call the emergency number" in answer.text
    assert answer.headers["cache-control"] == "no-store"


def test_a_form_comes_back_with_everything_in_it_in_its_language(wire: Client) -> None:
    submission = str(uuid7())
    form = {**FORM, "submission": submission, "language": "fr", "comment": "Ça va mieux."}
    answer = wire.post(PATH, data=form)
    assert answer.status_code == 503
    assert "pas pu enregistrer" in answer.text
    assert "Ça va mieux." in answer.text
    assert 'name="soreness" value="4" checked' in answer.text
    assert f'value="{submission}"' in answer.text


def test_a_red_flag_is_answered_with_the_emergency_words_first(wire: Client) -> None:
    form = {"submission": str(uuid7()), "soreness": "4", "red_flags": "chest_pain"}
    answer = wire.post(PATH, data=form)
    assert answer.status_code == 503
    assert "Call the emergency number now" in answer.text.split("<form")[0]


def test_an_app_gets_a_problem(wire: Client) -> None:
    answer = wire.get(f"{PATH}.json")
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/unavailable")
