"""Code samples for an operation: curl, Python (httpx) and TypeScript (openapi-fetch). Pure.

The address of the server and the key come from the environment: `NEEDLEWORK` and `KEY`.
"""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple
from urllib.parse import quote, urlencode

WIDTH: Final = 88
FORM: Final = "application/x-www-form-urlencoded"
TOKEN: Final = "Authorization"  # noqa: S105 - the name of a header
BINARY: Final = {
    "application/pdf": "pdf",
    "application/vnd.apache.parquet": "parquet",
    "application/zip": "zip",
}
"""Media types of answers that are saved as files, with the extension of the file."""
PREAMBLE: Final = """\
import createClient from "openapi-fetch";
import type { paths } from "./needlework";

"""
"""`openapi-typescript` writes the types of `./needlework` from the document."""


class Style(NamedTuple):
    """How a language writes JSON's values."""

    words: Mapping[str, str]
    """Its own words for null, true and false."""
    indent: str = "  "
    bare_names: bool = False
    padding: str = ""
    trailing_comma: str = ","
    single_quotes: bool = True
    """Whether a string with double quotes in it stands in single quotes."""


JSON: Final = Style({}, trailing_comma="", single_quotes=False)
PYTHON: Final = Style({"null": "None", "true": "True", "false": "False"}, indent="    ")
TYPESCRIPT: Final = Style({}, bare_names=True, padding=" ")


@dataclass(frozen=True)
class Sample:
    """A request of which samples are made, and the media type of its answer."""

    method: str
    path: str
    """The template, such as `/v1/sessions/{id}`."""
    parameters: Mapping[str, str | int]
    query: Mapping[str, str | int]
    headers: Mapping[str, str]
    media: str | None
    body: Any
    answer: str | None
    needs_token: bool

    @property
    def address(self) -> str:
        """The path with its parameters and the query."""
        values = {name: quote(str(value), safe="") for name, value in self.parameters.items()}
        path = re.sub(r"\{(\w+)\}", lambda found: values[found[1]], self.path)
        return f"{path}?{urlencode(self.query)}" if self.query else path

    @property
    def is_json(self) -> bool:
        """Whether the body is JSON."""
        return self.media is not None and self.media.endswith("json") and not self.is_text

    @property
    def is_text(self) -> bool:
        """Whether the body is sent as it is."""
        return isinstance(self.body, str)

    @property
    def file(self) -> str | None:
        """The name of the file to save the answer in, if it is binary."""
        ending = BINARY.get(self.answer or "")
        return None if ending is None else f"answer.{ending}"


def samples(sample: Sample) -> list[dict[str, str]]:
    """Return the value of `x-codeSamples`: a sample in each language."""
    return [
        {"lang": "Shell", "label": "curl", "source": curl(sample)},
        {"lang": "Python", "label": "Python (httpx)", "source": python(sample)},
        {
            "lang": "TypeScript",
            "label": "TypeScript (openapi-fetch)",
            "source": typescript(sample),
        },
    ]


def curl(sample: Sample) -> str:
    """Return a command for a POSIX shell."""
    implied = "GET" if sample.body is None else "POST"
    method = "" if sample.method == implied else f"-X {sample.method} "
    lines = [f'curl -s {method}"$NEEDLEWORK{sample.address}"']
    if sample.needs_token:
        lines.append(f'-H "{TOKEN}: Bearer $KEY"')
    lines += [f"-H {shlex.quote(f'{name}: {value}')}" for name, value in sample.headers.items()]
    if sample.media not in (None, FORM):
        lines.append(f'-H "Content-Type: {sample.media}"')
    if sample.media == FORM:
        lines += [f"-d {shlex.quote(urlencode({name: v}))}" for name, v in sample.body.items()]
    elif sample.body is not None:
        text = sample.body if sample.is_text else literal(sample.body, JSON)
        lines.append(f"-d {shlex.quote(text)}")
    if sample.file:
        lines.append(f"-o {sample.file}")
    return " \\\n  ".join(lines) + "\n"


def python(sample: Sample) -> str:
    """Return a program that sends the request and prints the answer."""
    return "".join(_python(sample))


def _python(sample: Sample) -> Iterator[str]:
    headers = [f'"{name}": {_line(value, PYTHON)}' for name, value in sample.headers.items()]
    if sample.needs_token:
        headers.insert(0, f'"{TOKEN}": f"Bearer {{os.environ[\'KEY\']}}"')
    if sample.is_text:
        headers.append(f'"Content-Type": "{sample.media}"')
    yield "import os\n"
    yield "from pathlib import Path\n" if sample.file else ""
    yield "\nimport httpx\n\n"
    yield f"answer = httpx.{sample.method.lower()}(\n"
    yield f"    f\"{{os.environ['NEEDLEWORK']}}{sample.address}\",\n"
    yield f"    headers={_within('{', headers, '}')},\n" if headers else ""
    if sample.body is not None:
        word = "json" if sample.is_json else "data" if sample.media == FORM else "content"
        yield f"    {word}={_literal(sample.body, PYTHON, '    ', len(word) + 6)},\n"
    yield ")\nanswer.raise_for_status()\n"
    if sample.file:
        yield f'Path("{sample.file}").write_bytes(answer.content)\n'
    else:
        yield f"print(answer.{_reading(sample, 'json()', 'text')})\n"


def _within(left: str, parts: list[str], right: str) -> str:
    """Return parts on one line if they fit, else on one line each."""
    line = f"{left}{', '.join(parts)}{right}"
    if len(line) < WIDTH - len("    headers=,"):
        return line
    lines = "".join(f"        {part},\n" for part in parts)
    return f"{left}\n{lines}    {right}"


def _reading(sample: Sample, as_json: str, as_text: str) -> str:
    return as_json if (sample.answer or "").partition(";")[0].endswith("/json") else as_text


def typescript(sample: Sample) -> str:
    """Return a module that sends the request and prints the answer."""
    return PREAMBLE + "".join(_typescript(sample))


def _typescript(sample: Sample) -> Iterator[str]:
    yield "const client = createClient<paths>({\n"
    yield "  baseUrl: process.env.NEEDLEWORK,\n"
    if sample.needs_token:
        yield "  headers: { Authorization: `Bearer ${process.env.KEY}` },\n"
    yield "});\n"
    places = {"path": sample.parameters, "query": sample.query, "header": sample.headers}
    given = {place: dict(values) for place, values in places.items() if values}
    options = []
    if given:
        options.append(f"params: {_literal(given, TYPESCRIPT, '  ', 10)}")
    if sample.body is not None:
        options.append(f"body: {_literal(sample.body, TYPESCRIPT, '  ', 8)}")
    if sample.media == FORM:
        options.append("bodySerializer: (body) => new URLSearchParams({ ...body })")
    if sample.is_text:
        options.append("bodySerializer: (body) => body")
        options.append(f'headers: {{ "Content-Type": "{sample.media}" }}')
    kind = "blob" if sample.file else _reading(sample, "", "text")
    if kind:
        options.append(f'parseAs: "{kind}"')
    lines = "".join(f"  {option},\n" for option in options)
    more = f", {{\n{lines}}}" if options else ""
    call = f'client.{sample.method}("{sample.path}"{more})'
    yield f"const {{ data, error }} = await {call};\n"
    yield "if (error) throw error;\nconsole.log(data);\n"


def literal(value: Any, style: Style) -> str:
    """Return a value as a literal of a language, on as few lines as fit."""
    return _literal(value, style, "", 0)


def _literal(value: Any, style: Style, indent: str, column: int) -> str:
    line = _line(value, style)
    if len(indent) + column + len(line) < WIDTH or not isinstance(value, dict | list) or not value:
        return line
    deeper = indent + style.indent
    left, right = "{}" if isinstance(value, dict) else "[]"
    parts = [
        f"{deeper}{name}{_literal(part, style, deeper, len(name) + 1)}"
        for name, part in _parts(value, style)
    ]
    lines = ",\n".join(parts)
    return f"{left}\n{lines}{style.trailing_comma}\n{indent}{right}"


def _line(value: Any, style: Style) -> str:
    """Return a value on one line."""
    if not isinstance(value, dict | list):
        return _scalar(value, style)
    inner = ", ".join(f"{name}{_line(part, style)}" for name, part in _parts(value, style))
    if isinstance(value, list):
        return f"[{inner}]"
    return f"{{{style.padding}{inner}{style.padding}}}" if value else "{}"


def _parts(value: dict[str, Any] | list[Any], style: Style) -> Iterator[tuple[str, Any]]:
    """Yield the parts of an object with their names, and those of a list without."""
    if isinstance(value, list):
        yield from (("", part) for part in value)
        return
    for name, part in value.items():
        bare = style.bare_names and re.fullmatch(r"[A-Za-z_]\w*", name)
        yield f"{name if bare else _scalar(name, style)}: ", part


def _scalar(value: str | float | bool | None, style: Style) -> str:  # noqa: FBT001 - JSON's values
    text = json.dumps(value, ensure_ascii=False)
    if isinstance(value, str):
        if style.single_quotes and '"' in value and "'" not in value:
            inner = text[1:-1].replace('\\"', '"')
            return f"'{inner}'"
        return text
    return style.words.get(text, text)
