"""A file is split into rows one by one, whatever it contains."""

import csv
import io
import json
from typing import Any

import pytest

from app.core.values.problems import Invalid
from app.transfer.rows import CSV, NDJSON, ROW_MAX_BYTES, Row, rows


def cut(content: bytes, media: str = NDJSON) -> list[Row]:
    return list(rows(io.BytesIO(content), media))


def values(content: str) -> list[tuple[int, Any]]:
    """The rows of a CSV file: each row's JSON, or the code of its fault."""
    found = cut(content.encode(errors="surrogateescape"), CSV)
    return [(row.line, row.fault.code if row.fault else json.loads(row.raw)) for row in found]


def test_empty_lines_are_no_rows_but_count_as_lines() -> None:
    assert [(row.line, row.raw.strip()) for row in cut(b"1\n\n \t\r\n2\r\n")] == [
        (1, b"1"),
        (4, b"2"),
    ]


def test_a_last_line_needs_no_newline() -> None:
    assert [row.raw for row in cut(b"1\n2")] == [b"1\n", b"2"]


def test_a_byte_order_mark_is_not_part_of_the_first_row() -> None:
    assert [row.raw for row in cut(b"\xef\xbb\xbf1\n\xef\xbb\xbf2")] == [b"1\n", b"\xef\xbb\xbf2"]


@pytest.mark.parametrize("over", [0, 1, 5 * ROW_MAX_BYTES])
def test_a_line_over_the_limit_is_rejected_and_the_next_one_is_read(over: int) -> None:
    long = b"x" * (ROW_MAX_BYTES + over)
    first, second = cut(long + b"\n2")
    assert (first.line, first.raw, bool(first.fault)) == (
        1,
        b"" if over else long + b"\n",
        over > 0,
    )
    assert (second.line, second.raw, second.fault) == (2, b"2", None)


def test_a_csv_field_is_text_where_the_member_is_text_and_json_elsewhere() -> None:
    header = "type,phone,identifiers,birth_date,status\r\n"
    row = 'patient,5550100,"[{""system"": ""chart"", ""value"": ""7""}]",1980-01-01,\r\n'
    assert values(header + row) == [
        (
            2,
            {
                "type": "patient",
                "phone": "5550100",
                "identifiers": [{"system": "chart", "value": "7"}],
                "birth_date": "1980-01-01",
            },
        )
    ]
    assert values("type,soreness,bruising,comment\nfollow_up,4,true,4\n") == [
        (2, {"type": "follow_up", "soreness": 4, "bruising": True, "comment": "4"})
    ]


def test_a_bad_csv_row_is_rejected_at_its_first_line_and_the_next_one_is_read() -> None:
    header = "type,given_name\n"
    good = "patient,Ada\n"
    for bad, code in (
        ("patient\n", "csv_width"),
        ("patient,a,b\n", "csv_width"),
        ('patient,"a"b\n', "csv_invalid"),
        ("patient,B\udcff\n", "json_invalid"),
        (f"patient,{'x' * (csv.field_size_limit() + 1)}\n", "csv_invalid"),
        (f"patient,{'x,' * ROW_MAX_BYTES}\n", "csv_invalid"),
    ):
        found = values(header + good + bad + good)
        assert [line for line, _ in found] == [2, 3, 4]
        assert found[1] == (3, code)
        assert found[2][1] == {"type": "patient", "given_name": "Ada"}


def test_a_csv_row_may_span_lines_and_an_empty_line_is_not_a_row() -> None:
    content = 'type,given_name\npatient,"Ada\nB"\n,\n\npatient,Ben\n'
    assert values(content) == [
        (2, {"type": "patient", "given_name": "Ada\nB"}),
        (6, {"type": "patient", "given_name": "Ben"}),
    ]


@pytest.mark.parametrize(
    "content",
    [
        *("", "\n", "given_name\nAda\n", "type,a,a\n"),
        # What the parser can't read: line ends of old Macs, open quotes, a field without an end.
        *("type,given_name\rpatient,a\r", '"type', 'type,"given_name\n', f"type,{'a' * 200_000}\n"),
    ],
    ids=lambda content: repr(content[:30]),
)
def test_a_csv_file_without_a_proper_header_is_refused(content: str) -> None:
    with pytest.raises(Invalid):
        values(content)
