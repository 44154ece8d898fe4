"""Schemathesis with all its checks, stateful ones included, against a server that runs."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from fastapi import FastAPI

from tests.ground import Api
from tests.sweeps.world import REFERENCES, World

HERE = Path(__file__).parent
PATIENCE_S = 10


@pytest.fixture
def address(app: FastAPI) -> Iterator[str]:
    """Where the application is served over a real socket."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        deadline = time.monotonic() + PATIENCE_S
        while not server.started and time.monotonic() < deadline:
            time.sleep(0.02)
        yield "http://127.0.0.1:{}".format(listener.getsockname()[1])
        server.should_exit = True
        thread.join(PATIENCE_S)


def test_no_request_finds_an_answer_that_the_document_does_not_know(
    api: Api, address: str, pytestconfig: pytest.Config, tmp_path: Path
) -> None:
    world = World(api)
    known = {name: world.known(collection) for name, collection in REFERENCES.items()}
    known |= {"muscle": "infraspinatus", "instrument": "nprs"}
    run = subprocess.run(
        [
            sys.executable,
            "-m",
            "schemathesis.cli",
            f"--config-file={HERE / 'fuzz.toml'}",
            "run",
            f"{address}/openapi.json",
            "--checks=all",
            "--phases=examples,coverage,fuzzing,stateful",
            f"--max-examples={pytestconfig.getoption('--examples', 3)}",
            "--seed=1",
            "--no-shrink",
            "--warnings=off",
            "--no-color",
            f"--header=Authorization: Bearer {api.key}",
        ],
        cwd=tmp_path,
        env=os.environ
        | {
            "PYTHONPATH": str(HERE),
            "SCHEMATHESIS_HOOKS": "fuzz_hooks",
            "NEEDLEWORK_FUZZ_KNOWN": json.dumps(known),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-12_000:] + run.stderr[-2_000:]
    assert len(world.feed()) > 100
