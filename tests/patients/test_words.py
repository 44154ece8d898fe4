"""The words by which patients are found, in the database."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import text

from app.core.db.database import Database
from app.core.db.schema import migrate
from app.main import create_app
from tests.ground import Api, create_clinic, migrated_like
from tests.patients.test_finding import PEOPLE, find
from tests.serving import ROOT
from tests.wire import wired

WORDS = "SELECT patient_id, position, field, word FROM patient_words ORDER BY 1, 2"
LONG = "x-" * 100
PERSIAN, ARABIC = "\u062d\u0633\u06cc\u0646\u06cc", "\u062d\u0633\u064a\u0646\u064a"
"""One name, with the yeh of a Persian and of an Arabic keyboard."""


def stored(database: Database) -> list[tuple[object, ...]]:
    with database.owning() as db:
        return [tuple(row) for row in db.execute(text(WORDS))]


def test_the_migration_gives_words_to_patients_stored_before(
    database: Database, tmp_path: Path
) -> None:
    config = Config(ROOT / "alembic.ini")
    with migrated_like(database, tmp_path) as own, wired(create_app(own)) as wire:
        clinics = [Api(wire, create_clinic(own).key()) for _ in range(2)]
        for api in clinics:
            for given_name, family_name, birth_date, chart in PEOPLE:
                named = {"given_name": given_name, "family_name": family_name}
                chart_number = [{"system": "urn:e", "value": chart}]
                api.patient(**named, birth_date=birth_date, identifiers=chart_number)
            api.patient(family_name=LONG)
            api.patient()
        before = stored(own)
        with own.owning() as db:
            config.attributes["connection"] = db
            command.downgrade(config, "0018")
            db.commit()
        migrate(own)
        assert stored(own) == before
        for api in clinics:
            assert find(api, "lopez") == (["María José Garcia-Lopez"], [])
            assert find(api, "P-1001") == (["Seán O'Brien"], [])


def test_names_of_either_arabic_keyboard_are_found_also_if_they_were_stored_before(
    database: Database, tmp_path: Path
) -> None:
    config = Config(ROOT / "alembic.ini")
    with migrated_like(database, tmp_path) as own, wired(create_app(own)) as wire:
        api = Api(wire, create_clinic(own).key())
        person = api.patient(given_name="Sara", family_name=PERSIAN)
        api.patient(given_name="Ana", family_name="Lopez")
        assert find(api, ARABIC) == find(api, PERSIAN) == ([f"Sara {PERSIAN}"], [])
        before = stored(own)
        with own.owning() as db:
            config.attributes["connection"] = db
            command.downgrade(config, "0028")
            # As an earlier program stored it.
            old = {"old": PERSIAN, "new": ARABIC}
            db.execute(text("UPDATE patient_words SET word = :old WHERE word = :new"), old)
            db.commit()
        assert find(api, ARABIC)[0] == []
        migrate(own)
        assert {row[3] for row in stored(own)} == {PERSIAN, *(row[3] for row in before)}
        assert find(api, ARABIC) == ([f"Sara {PERSIAN}"], [])
        migrate(own)
        held = {"If-Match": '"1"'}
        api("PATCH", f"/v1/patients/{person['id']}", json={"given_name": "Sarah"}, headers=held)
        assert find(api, PERSIAN) == ([f"Sarah {PERSIAN}"], [])


def test_a_patients_words_go_with_the_patient(api: Api, database: Database) -> None:
    person = api.patient(given_name="Ana", identifiers=[{"system": "urn:e", "value": "E-1"}])
    held = {"If-Match": '"1"'}
    api("PATCH", f"/v1/patients/{person['id']}", json={"given_name": "Bea"}, headers=held)
    own = [row for row in stored(database) if str(row[0]).replace("-", "") == squeezed(person)]
    assert [row[1:] for row in own] == [(0, "name", "bea"), (1, "identifier", "e1")]


def squeezed(person: dict[str, str]) -> str:
    return person["id"].replace("-", "")
