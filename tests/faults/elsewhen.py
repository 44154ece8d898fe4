"""The application on a machine whose clock is wrong by a number of days."""

import os
from datetime import UTC, datetime, timedelta

import time_machine
from fastapi import FastAPI

from app.main import create_app as create_punctual_app

DAYS = "TESTS_CLOCK_IS_WRONG_BY_DAYS"


def create_app() -> FastAPI:
    """The application with that clock, which keeps running."""
    wrong = datetime.now(UTC) + timedelta(days=int(os.environ[DAYS]))
    time_machine.travel(wrong, tick=True).start()
    return create_punctual_app()
