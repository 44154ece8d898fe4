"""A file is split into rows one by one, whatever it contains."""

import csv
import io
import json
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.values.problems import Invalid
from app.transfer.bodies import MEMBERS, READERS, read_row
from app.transfer.csv_records import records
from app.transfer.lines import LINE_MAX_BYTES, lines
from app.transfer.rows import CSV, NDJSON, Row, rows

CLINIC = UUID(int=7)


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


@pytest.mark.parametrize("over", [0, 1, 5 * LINE_MAX_BYTES])
def test_a_line_over_the_limit_is_rejected_and_the_next_one_is_read(over: int) -> None:
    long = b"x" * (LINE_MAX_BYTES + over)
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


def faults(content: str) -> list[tuple[int, str]]:
    return [(line, found) for line, found in values(content) if isinstance(found, str)]


ROWS = [
    ("patient\n", "csv_width"),
    ("patient,a,b\n", "csv_width"),
    ('patient,"a"b\n', "csv_invalid"),
    ("patient,5'10\"\n", "csv_invalid"),
    ('patient, "Ada"\n', "csv_invalid"),
    ('patient,"Ada\n', "csv_unclosed_quote"),
    ('patient,"\n', "csv_unclosed_quote"),
    ("patient,B\udcff\n", "not_utf8"),
    (f"patient,{'x' * (csv.field_size_limit() + 1)}\n", "csv_field_too_long"),
    (f"patient,{'x,' * LINE_MAX_BYTES}\n", "line_too_long"),
    (f'patient,"{"x" * LINE_MAX_BYTES}"\n', "line_too_long"),
]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(("bad", "code"), ROWS, ids=lambda value: repr(value[:20]))
def test_a_bad_csv_row_is_one_error_at_its_line_and_the_next_one_is_read(
    bad: str, code: str, end: str
) -> None:
    good = "patient,Ada\n"
    found = values(f"type,given_name\n{good}{bad}{good}{good}".replace("\n", end))
    ada = {"type": "patient", "given_name": "Ada"}
    assert found == [(2, ada), (3, code), (4, ada), (5, ada)]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", ['patient,"Ben"\n', "patient,Ben\n", 'patient,"Ben\nB"\n', ""])
def test_an_unclosed_quote_is_one_error_that_says_where_it_began(last: str, end: str) -> None:
    content = 'type,given_name,family_name\npatient,"A\nda","X\npatient,Cy,\n' + last
    [unclosed, *others] = [
        row for row in cut(content.replace("\n", end).encode(), CSV) if row.fault
    ]
    assert unclosed.fault is not None
    assert (unclosed.line, unclosed.fault.code) == (2, "csv_unclosed_quote")
    assert "character 5 of line 3" in unclosed.fault.detail
    assert [row.fault.code for row in others if row.fault] == (["csv_width"] if last else [])


@given(
    st.lists(st.lists(st.text(max_size=8), min_size=1, max_size=4), min_size=1, max_size=5),
    st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_every_csv_record_comes_back_as_it_was_written(written: list[list[str]], end: str) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=end, quoting=csv.QUOTE_ALL).writerows(written)
    found = records(lines(io.BytesIO(text.getvalue().encode())))
    assert [record.cells for record in found] == written


@given(st.lists(st.sampled_from([b"\n", b"\r", b"\r\n", b"a", b" ", b'"', b"\xff", b"x" * 70_000])))
def test_lines_are_what_the_file_has_and_end_where_python_ends_them(pieces: list[bytes]) -> None:
    content = b"".join(pieces)
    found = list(lines(io.BytesIO(content)))
    assert [line.raw for line in found] == content.splitlines(keepends=True)
    assert [line.number for line in found] == list(range(1, len(found) + 1))


def test_a_csv_row_may_span_lines_and_an_empty_line_is_not_a_row() -> None:
    content = 'type,given_name\npatient,"Ada\nB"\n,\n\npatient,Ben\n'
    assert values(content) == [
        (2, {"type": "patient", "given_name": "Ada\nB"}),
        (6, {"type": "patient", "given_name": "Ben"}),
    ]


HEADERS = [
    ("", "csv_header", "empty"),
    ("\n", "csv_header", "empty"),
    ("given_name\nAda\n", "csv_header", "No column is named `type`"),
    ("type,a,a\n", "csv_header", "Columns 2 and 3"),
    ("type,sex,Sex\n", "csv_header", "Columns 2 and 3"),
    ("type;given_name\npatient;Ada\n", "csv_header", "separated by ';'"),
    ("Visit Date;Time\r\n", "csv_header", "separated by ';'"),
    ("type\tgiven_name\n", "csv_header", "separated by tabs"),
    ("type|given_name\n", "csv_header", "separated by '|'"),
    ("type,n\udce9\n", "not_utf8", "Save the file as UTF-8"),
    ("type,given\0name\n", "nul_character", "NUL"),
    ('type,"given"_name\n', "csv_invalid", "character 6 of line 1"),
    ('"type', "csv_unclosed_quote", "character 1 of line 1"),
    ('type,"given_name\npatient,Ada\n', "csv_unclosed_quote", "character 6 of line 1"),
    ('type,"given_name\npatient,"Ada"\n', "csv_unclosed_quote", "character 6 of line 1"),
    (f"type,{'a' * 200_000}\n", "csv_field_too_long", "131,072"),
    (f"type,{'a,' * LINE_MAX_BYTES}\n", "line_too_long", "1,048,576"),
    ('{"type": "patient"}\n', "csv_invalid", "character 2 of line 1"),
]


@pytest.mark.parametrize(("content", "code", "cause"), HEADERS, ids=lambda text: repr(text[:30]))
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_csv_file_without_a_proper_header_is_refused_with_line_and_cause(
    content: str, code: str, cause: str, mark: str
) -> None:
    with pytest.raises(Invalid) as refused:
        values(mark + content)
    [error] = refused.value.members["errors"]
    assert (error["line"], error["code"]) == (1, code)
    assert cause in error["detail"]


@pytest.mark.parametrize("header", ["Type,Given_Name", " type , given_name ", "TYPE,GIVEN_NAME"])
def test_the_names_of_columns_are_read_in_any_case(header: str) -> None:
    assert values(f"{header}\npatient,Ada\n") == [(2, {"type": "patient", "given_name": "Ada"})]


WIDE = ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"]


@pytest.mark.parametrize("encoding", WIDE)
@pytest.mark.parametrize("media", [CSV, NDJSON])
def test_a_file_in_utf_16_or_utf_32_is_refused_as_such(media: str, encoding: str) -> None:
    content = "type,given_name\npatient,Ada\n" if media == CSV else '{"type": "patient"}\n'
    with pytest.raises(Invalid) as refused:
        cut(content.encode(encoding), media)
    [error] = refused.value.members["errors"]
    assert (error["line"], error["code"]) == (1, "not_utf8")
    assert "UTF-16 or UTF-32" in error["detail"]


@pytest.mark.parametrize("column", [*sorted(MEMBERS - {"type"}), "unknown"])
@pytest.mark.parametrize("byte", [b"\xff", b"\xe9", b"\x00"])
def test_a_byte_that_is_no_text_rejects_its_row_in_any_column(column: str, byte: bytes) -> None:
    for type_ in READERS:
        content = f"type,{column}\n{type_},1".encode() + byte + b"\n"
        [row] = cut(content, CSV)
        if byte == b"\x00":
            with pytest.raises(Invalid) as refused:
                read_row(row.raw, CLINIC)
            [error] = refused.value.members["errors"]
            assert (error["pointer"], error["code"]) == (f"/{column}", "nul_character")
        else:
            assert row.fault is not None
            assert (row.fault.pointer, row.fault.code) == (f"/{column}", "not_utf8")


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_json_lines_end_alike_and_a_bad_one_is_rejected_with_its_line(end: bytes) -> None:
    content = [b"1", b"\xff", b"\0", b"x" * (LINE_MAX_BYTES + 1), b"", b"2"]
    found = cut(end.join(content))
    assert [(row.line, row.raw.strip() if not row.fault else row.fault.code) for row in found] == [
        (1, b"1"),
        (2, "not_utf8"),
        (3, "nul_character"),
        (4, "line_too_long"),
        (6, b"2"),
    ]
