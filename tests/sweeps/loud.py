"""The real server, with every logger of the process at its lowest level.

Run `python -m tests.sweeps.loud --host --port` instead of `python -m app serve`.
"""

import logging
from typing import Final

import typer
from fastapi import FastAPI

from app.cli import serving

APPLICATION: Final = "tests.sweeps.loud:application"


def application() -> FastAPI:
    """The application, in a process that logs everything."""
    app = serving.application()
    logging.getLogger().setLevel(1)
    for name in logging.root.manager.loggerDict:
        logging.getLogger(name).setLevel(1)
    return app


if __name__ == "__main__":
    serving.APPLICATION = APPLICATION  # type: ignore[misc]
    typer.run(serving.serve)
