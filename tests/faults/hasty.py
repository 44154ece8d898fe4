"""The application with a hasty courier and asker: a claim of what died ends after seconds."""

from datetime import timedelta

from fastapi import FastAPI

from app.asks.service import claims
from app.deliveries import courier
from app.main import create_app as create_sound_app

EVERY_S = 0.1
CLAIMED_FOR_S = 2


def create_app() -> FastAPI:
    """The application with these."""
    courier.EVERY_S = EVERY_S  # type: ignore[misc]
    courier.CLAIMED_FOR = timedelta(seconds=CLAIMED_FOR_S)  # type: ignore[misc]
    claims.CLAIMED_FOR = timedelta(seconds=CLAIMED_FOR_S)  # type: ignore[misc]
    return create_sound_app()
