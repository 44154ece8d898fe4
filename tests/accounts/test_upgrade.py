"""The owner of a database from before accounts keeps everything, as an account."""

from functools import partial
from typing import Any
from uuid import UUID

import pyotp
import time_machine
from alembic import command
from alembic.config import Config

from app.accounts.service import owners, passwords, signing_in
from app.core.operation import perform
from app.core.values.clock import now
from app.state import inspection
from tests.accounts.house import PASSWORD, WRONG, House
from tests.ground import Api
from tests.serving import ROOT

BEFORE = "0023"
FORM = {"grant_type": "password", "username": "owner"}


def alembic(house: House, act: Any, revision: str) -> None:
    config = Config(ROOT / "alembic.ini")
    with house.clinic.database.owning() as db:
        config.attributes["connection"] = db
        act(config, revision)
        db.commit()


def counted(house: House, table: str) -> int:
    with house.clinic.database.reading() as db:
        return int(db.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one())  # noqa: S608 - our own tables


def test_an_owner_keeps_client_password_second_factor_and_what_they_made(house: House) -> None:
    database, clinic = house.clinic.database, house.clinic
    former = house.put(WRONG)
    op = clinic.operation()
    perform(database, op, partial(owners.remove, op))
    owner, secret = house.put(), passwords.new_totp_secret()
    own = Api(house.wire, house.signed_in()["access_token"])
    key = own.create("/v1/clients", name="Desk", scopes=["patients:read"])["api_key"]
    op = clinic.operation()
    perform(database, op, partial(signing_in.set_totp, op, UUID(owner), secret))
    alembic(house, command.downgrade, BEFORE)
    assert (counted(house, "owners"), counted(house, "clients WHERE kind = 'owner'")) == (1, 2)
    alembic(house, command.upgrade, "head")
    assert counted(house, "owners") == 0
    assert Api(house.wire, key).get("/v1/patients").status_code == 200
    with time_machine.travel(now(), tick=False):
        code = pyotp.TOTP(secret).at(now())
        assert house.ask().status_code == 400
        form = FORM | {"password": PASSWORD, "otp": code}
        given = house.wire.post("/oauth/token", data=form).json()
    accounts = Api(house.wire, given["access_token"]).get("/v1/accounts").json()["items"]
    told = {
        each["id"]: (each["role"], each["second_factor"], each["revoked_at"] is None)
        for each in accounts
    }
    assert told == {former: ("owner", False, False), owner: ("owner", True, True)}
    op = clinic.operation()
    assert perform(database, op, lambda: list(inspection.faults(op))) == []
