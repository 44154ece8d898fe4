"""Dockerfile and compose.yaml have the properties that can be checked in their text."""

import json
import re
from typing import Any

import pytest
import yaml
from sqlalchemy import make_url

from app.core.values import bounds
from app.transfer.routes import FILE_MAX_BYTES
from tests.house.tree import ROOT

SECRET = re.compile(r"password|secret|token|key", re.IGNORECASE)
FROM_ENVIRONMENT = re.compile(r"\$\{\w+:\?[^}]+\}")
PINNED = re.compile(r"[a-z/]+:\d+[\w.]*-[\w.-]+(@sha256:[0-9a-f]{64})?")
DEFAULT = re.compile(r"\$\{\w+:-([^}]+)\}")


def dockerfile() -> list[tuple[str, str]]:
    """The Dockerfile's instructions, each with its argument on one line."""
    text = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text("utf-8"), flags=re.MULTILINE)
    lines = re.sub(r" *\\\n *", " ", text).splitlines()
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in lines if line)]


def arguments(instruction: str) -> list[str]:
    return [rest for word, rest in dockerfile() if word == instruction]


@pytest.fixture(name="compose")
def read_compose() -> Any:
    return yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))


def test_the_image_is_built_in_stages_from_a_pinned_base() -> None:
    bases = arguments("FROM")
    assert len(bases) > 1
    assert {base.split(" AS ")[0] for base in bases} == {"${PYTHON}"}
    [python] = arguments("ARG")
    assert PINNED.fullmatch(python.removeprefix("PYTHON="))


def test_an_image_can_be_pinned_by_its_digest(compose: Any) -> None:
    assert PINNED.fullmatch(f"python:3.11-slim-trixie@sha256:{'0' * 64}")
    assert not PINNED.fullmatch("python:3.11-slim-trixie@sha256:1")
    services = compose["services"]
    built = services["app"]["build"]["args"]["PYTHON"]
    database, python = (
        DEFAULT.sub(r"\1", given) for given in (services["database"]["image"], built)
    )
    assert PINNED.fullmatch(database)
    assert arguments("ARG") == [f"PYTHON={python}"]


def test_the_image_installs_only_packages_with_a_hash() -> None:
    installs = [run for run in arguments("RUN") if " install " in run and "pip" in run]
    assert installs
    assert all("--require-hashes" in run and "--only-binary :all:" in run for run in installs)


def test_the_image_runs_without_root_and_has_a_health_check() -> None:
    last_stage = dockerfile()[
        max(i for i, (word, _) in enumerate(dockerfile()) if word == "FROM") :
    ]
    users = [rest for word, rest in last_stage if word == "USER"]
    assert int(users[-1]) >= 1000
    [check] = arguments("HEALTHCHECK")
    assert "'/readyz'" in check
    program = json.loads(check.split("CMD ")[1])
    compile(program[2], "healthcheck", "exec")


def test_the_image_serves_by_the_documented_command() -> None:
    [command] = arguments("CMD")
    assert json.loads(command)[:4] == ["python", "-m", "app", "serve"]


def test_everything_that_is_copied_exists_and_is_not_ignored() -> None:
    let_in = {
        line.removeprefix("!")
        for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines()
        if line.startswith("!")
    }
    copied = {
        source
        for copy in arguments("COPY")
        if "--from=" not in copy
        for source in copy.split()[:-1]
    }
    assert copied == let_in
    assert [source for source in copied if not (ROOT / source).exists()] == []


def test_no_secret_is_in_the_files(compose: Any) -> None:
    settings = {
        name: str(value)
        for service in compose["services"].values()
        for name, value in service.get("environment", {}).items()
    }
    # The name of a file with a secret is allowed.
    held = {name: value for name, value in settings.items() if not name.endswith("_FILE")}
    secrets = {name: value for name, value in held.items() if SECRET.search(name)}
    urls = {name: value for name, value in settings.items() if "://" in value}
    assert secrets
    assert urls
    assert all(FROM_ENVIRONMENT.search(value) for value in (secrets | urls).values())


def test_the_app_waits_for_a_healthy_and_migrated_database(compose: Any) -> None:
    services = compose["services"]
    assert ":-postgres:18" in services["database"]["image"]
    assert "pg_isready" in services["database"]["healthcheck"]["test"]
    assert services["migrate"]["command"] == ["python", "-m", "app", "migrate"]
    conditions = {name: on["condition"] for name, on in services["app"]["depends_on"].items()}
    assert conditions == {
        "database": "service_healthy",
        "migrate": "service_completed_successfully",
    }


def test_the_app_serves_as_a_role_that_does_not_own_the_tables(compose: Any) -> None:
    services = compose["services"]
    owner = services["database"]["environment"]["POSTGRES_USER"]
    migrating = services["migrate"]["environment"]
    serving = make_url(services["app"]["environment"]["NEEDLEWORK_DATABASE_URL"]).username
    assert make_url(migrating["NEEDLEWORK_OWNER_URL"]).username == owner != serving
    assert make_url(migrating["NEEDLEWORK_DATABASE_URL"]).username == serving
    assert "NEEDLEWORK_OWNER_URL" not in services["app"]["environment"]
    assert compose["configs"]["roles"]["content"].startswith(f"CREATE ROLE {serving} LOGIN ")


def test_the_app_is_confined_and_listens_on_this_machine_only(compose: Any) -> None:
    app = compose["services"]["app"]
    assert (app["read_only"], app["cap_drop"]) == (True, ["ALL"])
    assert all(port.startswith("127.0.0.1:") for port in app["ports"])


def test_every_container_has_limits_of_memory_and_processes(compose: Any) -> None:
    for name, service in compose["services"].items():
        assert service["mem_limit"], name
        assert service["pids_limit"], name
    app = compose["services"]["app"]
    assert app["memswap_limit"] == app["mem_limit"]


def test_the_app_has_memory_for_all_uploads_and_charts_at_once(compose: Any) -> None:
    app = compose["services"]["app"]
    [temporary] = [each.partition(":size=")[2] for each in app["tmpfs"]]
    uploads = bounds.UPLOADS * FILE_MAX_BYTES
    assert temporary.endswith("m")
    assert int(temporary.removesuffix("m")) * bounds.MIB >= uploads
    charts = 2 * 600 * bounds.MIB
    assert int(app["mem_limit"].removesuffix("g")) * 1024 * bounds.MIB > uploads + charts
