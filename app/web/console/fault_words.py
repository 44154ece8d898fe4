"""What a page says of a fault: plain words in place of pydantic's, which are for programmers. Pure.

The words of our own rules name no member of a body, so a page says them as they are.
"""

import re
from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Final

from app.core.values.fault_codes import OF_TYPES

WHOLE: Final = "Give a whole number."
NUMBER: Final = "Give a number."
DAY: Final = "Give a day, such as 2026-11-20."
MOMENT: Final = "Give a day and a time that the clinic's clock has."
EMAIL: Final = "Write it as: name@example.org."
YES_NO: Final = "Choose yes or no."
NONE: Final = "This can't be taken here."
"""What is said of a fault that no form should lead to."""
OF_LIMITS: Final[Mapping[str, str]] = {
    "less_than_equal": "Give at most {}.",
    "greater_than_equal": "Give at least {}.",
    "less_than": "Give less than {}.",
    "greater_than": "Give more than {}.",
    "string_too_long": "Give at most {} characters.",
    "string_too_short": "Give at least {} characters.",
    "too_long": "Give at most {} of them.",
    "too_short": "Give at least {} of them.",
    "multiple_of": "Give a multiple of {}.",
}
"""The words for a limit, which pydantic's message names first."""
OF_CODES: Final[Mapping[str, str]] = {
    "missing": "This is needed.",
    "int_type": WHOLE,
    "int_parsing": WHOLE,
    "int_parsing_size": WHOLE,
    "int_from_float": WHOLE,
    "float_type": NUMBER,
    "float_parsing": NUMBER,
    "finite_number": NUMBER,
    "bool_type": YES_NO,
    "bool_parsing": YES_NO,
    "uuid_parsing": "Choose one of those that are offered.",
    "uuid_type": "Choose one of those that are offered.",
    "string_pattern_mismatch": "Use only letters, digits, and signs such as - or _ between them.",
    "list_type": "Give several, with spaces between them, and decimals with a point.",
    **dict.fromkeys((code for code in OF_TYPES if code.startswith("date_")), DAY),
    **dict.fromkeys((code for code in OF_TYPES if code.startswith("datetime_")), MOMENT),
    **dict.fromkeys((code for code in OF_TYPES if code.startswith("timezone_")), MOMENT),
    **dict.fromkeys((code for code in OF_TYPES if code.startswith("time_")), "Give a time of day."),
}
"""The words for a value that is of another type than the field."""
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
_FOR_PROGRAMS: Final = re.compile(r" GET /v1/[a-z-]+ lists them\.", re.ASCII)
_PYDANTICS: Final = re.compile(
    r"(Input|String|List|Dictionary|Set|Tuple|Value|Data|Object|Datetimes?|Dates?|URL|UUID|JSON"
    r"|Decimal|Instance|Iteration|Error|Function|Generator|Keyword|Mapping|Unexpected|Field|Extra)"
    r"\b"
)
"""How pydantic's messages begin. A rule of ours may share its code, with words of its own."""
_FIGURE: Final = re.compile(r"-?\d+(?:\.\d+)?", re.ASCII)


def in_words(code: str, detail: str, zone: tzinfo | None = None) -> str:
    """Return what a page says of a fault. Instants are told by the clock of `zone`."""
    if code in OF_TYPES and not _PYDANTICS.match(detail):
        return detail
    if code == "literal_error":
        offered = re.findall(r"'([^']+)'", detail)
        return f"Choose one of these: {', '.join(offered)}.".replace("_", " ")
    figure = _FIGURE.search(detail)
    if code in OF_LIMITS and figure is not None:
        is_empty = code == "string_too_short" and figure[0] == "1"
        return OF_CODES["missing"] if is_empty else OF_LIMITS[code].format(figure[0])
    if code in OF_CODES:
        return EMAIL if code == "string_pattern_mismatch" and "@" in detail else OF_CODES[code]
    if code in OF_TYPES:
        return NONE
    detail = _FOR_PROGRAMS.sub("", detail)
    return detail if zone is None else _INSTANT.sub(lambda at: _local(at[0], zone), detail)


def _local(at: str, zone: tzinfo) -> str:
    return f"{datetime.fromisoformat(at).astimezone(zone):%Y-%m-%d %H:%M}"
