"""A record has the same bytes in every answer, on both databases."""

import re
from typing import Any

import pytest

from tests.ground import Api
from tests.records.bodies import COLLECTIONS, create

NUMBERS: dict[str, list[tuple[str, Any]]] = {
    "measurement": [("/value", 4.0)],
    "episode": [("/plan/per_week", 2.0)],
    "session": [
        ("/measurements/0/value", 7.0),
        ("/needlings/0/needle/length_mm", 40.0),
        ("/needlings/0/needle/diameter_mm", 0.25),
    ],
}
OF_THE_WRITE = re.compile(rb',"(ended|alert)":null}$|,"possible_duplicates":.*]}$')
WHOLE = re.compile(rb"[0-9]\.0[,}\]]")


@pytest.mark.parametrize("with_fractions", [False, True])
@pytest.mark.parametrize("kind", COLLECTIONS)
def test_a_record_has_the_same_bytes_wherever_it_is_answered(
    api: Api, kind: str, *, with_fractions: bool
) -> None:
    made = create(api, kind, *(NUMBERS.get(kind, ()) if with_fractions else ()))
    assert made.status_code == 201, made.text
    path = made.headers["location"]
    # A write also answers what only its sender is told: what it ended, the alert it raised, and
    # which records the new one resembles.
    written = re.sub(OF_THE_WRITE, b"}", made.content)
    assert api.get(path).content == written
    assert written in api.get(path.rpartition("/")[0]).content
    assert not WHOLE.search(written)
    if kind == "session":
        assert written in api.get(f"{path}/versions").content
        assert api.get(f"{path}/versions/1").content == written


def test_a_change_answers_the_bytes_that_a_read_answers(api: Api) -> None:
    made = create(api, "session")
    path, held = made.headers["location"], {"If-Match": made.headers["etag"]}
    changed = api("PATCH", path, json={"note": "Changed."}, headers=held)
    assert changed.status_code == 200
    assert api.get(path).content == changed.content
    assert api.get(f"{path}/versions/1").content == re.sub(OF_THE_WRITE, b"}", made.content)
    signed = api("POST", f"{path}/sign", headers={"If-Match": changed.headers["etag"]})
    assert signed.status_code == 200, signed.text
    assert api.get(path).content == signed.content
