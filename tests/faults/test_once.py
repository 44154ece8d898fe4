"""R4: a change that is sent many times, even at once, is made once."""

from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from uuid import uuid4

import pytest

from tests.faults import crashing
from tests.faults.account import check_account, check_written
from tests.faults.callers import Answer
from tests.faults.conftest import Site
from tests.faults.load import Load, at_once
from tests.serving import serving

TIMES = 50
CRASHING = ("uvicorn", f"{crashing.__name__}:create_app", "--factory")


def answers_of(load: Load, ask: Callable[[Load, int], Answer]) -> list[Answer]:
    """The answers to the same request, sent by fifty clients at once."""
    answers: list[Answer] = at_once(lambda n: ask(load, n), TIMES)
    assert [answer.body for answer in answers] == [answers[0].body] * TIMES
    return answers


def test_one_key_sent_fifty_times_at_once_is_one_record(site: Site) -> None:
    load = Load(site, TIMES)
    key = {"Idempotency-Key": "the same"}
    answers = answers_of(
        load, lambda load, n: load.callers[n].write("POST", "/v1/sessions", load.visit(), **key)
    )
    assert {answer.status for answer in answers} == {201}
    assert [answer.replayed for answer in answers].count(False) == 1
    once = [*load.callers[0].written[:2], load.callers[0].written[-1]]
    check_written(site.clinic, once, site.caller())
    check_account(site.clinic)


def test_one_id_sent_fifty_times_at_once_is_one_record(site: Site) -> None:
    load = Load(site, TIMES)
    visit = load.visit(id=str(uuid4()))
    answers = answers_of(load, lambda load, n: load.callers[n].write("POST", "/v1/sessions", visit))
    assert sorted(answer.status for answer in answers) == [200] * (TIMES - 1) + [201]
    check_account(site.clinic)


@pytest.mark.parametrize(
    "own_id",
    [
        pytest.param(False, id="server's id"),
        pytest.param(True, id="client's id", marks=pytest.mark.at_length),
    ],
)
def test_a_crash_between_commit_and_answer_leaves_one_record(
    site: Site, tmp_path: Path, *, own_id: bool
) -> None:
    load = Load(site, 1)
    [caller] = load.callers
    visit = load.visit(**({"id": str(uuid4())} if own_id else {}))
    key = {"Idempotency-Key": str(uuid4())}
    environment = {"NEEDLEWORK_DATABASE_URL": site.deployment.url}
    with serving(tmp_path / "server.log", CRASHING, **environment) as doomed:
        unlucky = site.caller(doomed.port)
        with pytest.raises((OSError, HTTPException)):
            unlucky.once("POST", "/v1/sessions", visit, **key, **{crashing.HEADER: "yes"})
    answer = caller.write("POST", "/v1/sessions", visit, **key)
    assert (answer.status, answer.replayed) == (201, True)
    check_written(site.clinic, caller.written, caller)
    check_account(site.clinic)
