"""The walk checks everything in its time, at its pace, and is done once by several processes."""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import time_machine
from sqlalchemy import select, update

from app.core.db.database import Database
from app.core.operation import perform
from app.core.values.clock import now
from app.patients.models import Patient
from app.patients.schemas import PatientBody
from app.patients.service import PATIENTS
from app.records.models import FoundDifference
from app.records.service import create
from app.settings import settings
from app.state import walk as walking
from app.state.models import StateWalk
from tests import templates
from tests.cli.program import url_of
from tests.ground import Clinic, create_clinic, migrated_like
from tests.ledger.attacker import history, owning

PATIENTS_THERE = 700


@pytest.fixture(name="crowd", scope="module")
def database_with_many_patients(
    database: Database, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Clinic]:
    """To be copied: to create the patients takes longer than most of the tests."""
    with migrated_like(database, tmp_path_factory.mktemp("crowd")) as own:
        clinic = filled(own)
        own.close()
        yield clinic


@pytest.fixture(name="clinic")
def clinic_with_many_patients(crowd: Clinic, tmp_path: Path) -> Iterator[Clinic]:
    with (
        templates.copied(url_of(crowd.database), tmp_path / "copy") as url,
        closing(Database(url)) as own,
    ):
        yield Clinic(crowd.id, own)


def filled(own: Database) -> Clinic:
    clinic = create_clinic(own)
    op = clinic.operation("imports.create")
    bodies = [(PATIENTS, PatientBody(given_name=f"P {n}")) for n in range(PATIENTS_THERE)]
    perform(own, op, lambda: create(op, bodies))
    return clinic


@pytest.fixture(name="slow")
def walk_of_a_hundred_rows_a_minute(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("NEEDLEWORK_WALK_ROWS_PER_MINUTE", "100")
    settings.cache_clear()
    yield
    monkeypatch.undo()
    settings.cache_clear()


def minutes(clinic: Clinic, count: int) -> Iterator[int]:
    """Let so many minutes pass, with a walk in each."""
    began = now()
    for minute in range(1, count + 1):
        with time_machine.travel(began + timedelta(minutes=minute)):
            walking.walk(clinic.database)
        yield minute


def column(clinic: Clinic, one: Any) -> Any:
    with clinic.database.reading(clinic.id) as db:
        return db.execute(select(one)).scalar()


def altered(clinic: Clinic, which: int) -> UUID:
    """Alter one patient's row, and return their id."""
    with owning(clinic) as db:
        ids = db.execute(select(Patient.id).order_by(Patient.id)).scalars().all()
        db.execute(update(Patient).where(Patient.id == ids[which]).values(given_name="Eve"))
    return ids[which]


@pytest.mark.usefixtures("slow")
@pytest.mark.parametrize("which", [0, 350, 699])
def test_a_difference_is_found_within_the_promised_time(clinic: Clinic, which: int) -> None:
    id_ = altered(clinic, which)
    for _ in minutes(clinic, 8):
        if column(clinic, FoundDifference.resource_id):
            break
    assert column(clinic, FoundDifference.resource_id) == id_


@pytest.mark.usefixtures("slow")
def test_each_minute_has_its_share_and_the_walk_begins_anew(clinic: Clinic) -> None:
    seen = {}
    for minute in minutes(clinic, 16):
        seen[minute] = (column(clinic, StateWalk.after_id), column(clinic, StateWalk.finished_at))
    finished = [minute for minute, (_, at) in seen.items() if at is not None]
    assert finished[0] in {7, 8}
    assert len({after for after, _ in list(seen.values())[:6]}) == 6
    assert len({at for _, at in seen.values() if at is not None}) == 2


def test_however_many_rows_there_are_a_day_is_enough(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walking, "DAY_MINUTES", 2)  # a short day
    monkeypatch.setattr(settings(), "walk_rows_per_minute", 1)
    list(minutes(clinic, 2))
    assert column(clinic, StateWalk.finished_at) is not None


@pytest.mark.usefixtures("slow")
def test_rows_that_come_during_a_walk_make_it_faster(clinic: Clinic) -> None:
    list(minutes(clinic, 1))
    first = column(clinic, StateWalk.after_id)
    assert first is not None
    op = clinic.operation("imports.create")
    bodies = [(PATIENTS, PatientBody(given_name=f"Q {n}")) for n in range(PATIENTS_THERE)]
    perform(clinic.database, op, lambda: create(op, bodies))
    list(minutes(clinic, 15))  # 1,400 rows at 100 a minute
    assert column(clinic, StateWalk.finished_at) is not None


def test_a_second_process_doesn_t_repeat_a_step(clinic: Clinic) -> None:
    walking.walk(clinic.database)
    moved = column(clinic, StateWalk.moved_at)
    walking.walk(clinic.database)
    assert column(clinic, StateWalk.moved_at) == moved


def test_a_walk_over_a_sound_clinic_leaves_no_entry(clinic: Clinic) -> None:
    before = len(history(clinic))
    list(minutes(clinic, 4))
    assert len(history(clinic)) == before
    assert column(clinic, FoundDifference.resource_id) is None
