"""No cell of a CSV runs in a spreadsheet, and every text comes back as it was."""

import csv
import io
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.transfer.formulas import guarded, unguarded
from tests.ground import Api
from tests.transfer.test_imports import counts

SIGNS = "=+-@＝＋－＠"  # noqa: RUF001 - full-width signs
SPACES = [chr(n) for n in range(0x3100) if chr(n).isspace() or unicodedata.category(chr(n)) == "Zs"]


@given(st.text(st.sampled_from([*SIGNS, *SPACES, "'", "a", "1", "\u200b"])) | st.text())
def test_every_text_comes_back(text: str) -> None:
    assert unguarded(guarded(text)) == text


@given(st.text(st.sampled_from([*SPACES, "\ufeff", "\u200b"])), st.sampled_from(SIGNS), st.text())
def test_a_sign_behind_any_blanks_is_guarded(blanks: str, sign: str, rest: str) -> None:
    assert guarded(blanks + sign + rest) == f"'{blanks}{sign}{rest}"


@pytest.mark.parametrize("text", ["", "Ana", "a;=1+1", "7", "'s-Gravenhage", "(=1)", "’=1"])  # noqa: RUF001 - an apostrophe
def test_another_text_is_taken_as_it_is(text: str) -> None:
    assert unguarded(text) == text


NAMES = [" =1+1", "＝1+1", "\t=1", "'=1", "''", "-1", "a;=1+1", "'s-Gravenhage"]  # noqa: RUF001 - a full-width sign


def test_what_an_export_wrote_is_read_back_equal(api: Api, other_api: Api) -> None:
    for name in NAMES:
        api.patient(given_name=name)
    sent = [patient["given_name"] for patient in api.get("/v1/patients").json()["items"]]
    exported = list(csv.DictReader(io.StringIO(api.get("/v1/exports/patients.csv").text)))
    rows = io.StringIO()
    writer = csv.writer(rows)
    writer.writerow(["type", "given_name"])
    for each in exported:
        assert not each["given_name"].lstrip().startswith(tuple(SIGNS))
        writer.writerow(["patient", each["given_name"]])
    answer = other_api(
        "POST", "/v1/imports", content=rows.getvalue(), headers={"Content-Type": "text/csv"}
    )
    assert counts(answer.json()) == (len(NAMES), 0, 0), answer.text
    read = [patient["given_name"] for patient in other_api.get("/v1/patients").json()["items"]]
    assert sorted(read) == sorted(sent)
