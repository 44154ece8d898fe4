"""Schemathesis with all its checks, including stateful ones, against a running server."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from app.core.db.database import Database
from tests.ground import Api
from tests.serving import HOST, serving
from tests.sweeps.world import REFERENCES, World

HERE = Path(__file__).parent
# The phase "coverage" sends thousands of requests, nearly all of which fail before they reach a
# database. The short form leaves it out: the other sweeps check the same for every operation.
SHORT = 3
# With fewer examples, a read that forgets the clinic is not detected.
FOUND_WITHIN = 40
PHASES = "examples,fuzzing,stateful"
RUN = (
    "--checks=all",
    "--seed=1",
    "--no-shrink",
    "--warnings=off",
    "--no-color",
)


@pytest.fixture
def address(database: Database, tmp_path: Path) -> Iterator[str]:
    """The address of a separate server process on the database."""
    url = database.engine.url.render_as_string(hide_password=False)
    own = {"NEEDLEWORK_DATABASE_URL": url, "NEEDLEWORK_RESEARCH_KEY": "k" * 32}
    with serving(tmp_path / "server.log", **own) as server:
        yield f"http://{HOST}:{server.port}"


@pytest.mark.alike
def test_every_answer_is_documented(
    api: Api, address: str, pytestconfig: pytest.Config, tmp_path: Path
) -> None:
    world = World(api)
    known = {name: world.known(collection) for name, collection in REFERENCES.items()}
    known |= {"muscle": "infraspinatus", "instrument": "nprs"}
    examples = pytestconfig.getoption("--examples", SHORT)
    phases = PHASES if examples == SHORT else f"{PHASES},coverage"
    run = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", f"--config-file={HERE / 'fuzz.toml'}"),
            *("run", f"{address}/openapi.json", *RUN),
            *(f"--phases={phases}", f"--max-examples={examples}"),
            f"--header=Authorization: Bearer {api.key}",
        ],
        cwd=tmp_path,
        env=os.environ
        | {
            "PYTHONPATH": str(HERE),
            "SCHEMATHESIS_HOOKS": "fuzz_hooks",
            "NEEDLEWORK_FUZZ_KNOWN": json.dumps(known),
            "NEEDLEWORK_FUZZ_OWN": str(UUID(hex=api.key.split("_")[1])),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-12_000:] + run.stderr[-2_000:]
    done = {change["operation"] for change in world.feed()}
    assert {"sessions.create", "follow_ups.create", "consents.create"} <= done


@pytest.mark.alike
def test_no_request_of_one_clinic_finds_another_clinics_record(
    api: Api, other_api: Api, address: str, pytestconfig: pytest.Config, tmp_path: Path
) -> None:
    """Run Schemathesis's object authorization check: each clinic tries the other's ids."""
    who = {"ours": api.key, "theirs": other_api.key}
    headers = [
        {"name": name, "fixedHeaders": [{"name": "Authorization", "value": f"Bearer {key}"}]}
        for name, key in who.items()
    ]
    (tmp_path / "auth.json").write_text(json.dumps({"auth": headers}))
    config = tmp_path / "schemathesis.toml"
    config.write_text(f'auth.wfc = {{ path = "auth.json", peers = {json.dumps(list(who))} }}')
    run = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", f"--config-file={config}"),
            *("run", f"{address}/openapi.json", "--checks=object_level_authorization", *RUN[1:]),
            *("--phases=fuzzing,stateful", "--include-path-regex=^/v1/(patients|practitioners)"),
            f"--max-examples={max(FOUND_WITHIN, pytestconfig.getoption('--examples', SHORT))}",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-12_000:] + run.stderr[-2_000:]
    assert World(api).feed()
    assert World(other_api).feed()
