"""What the examples need of curl, for a machine that has none: a bare Debian, say.

Options that no example uses are an error.
"""

import re
import sys
from argparse import ArgumentParser, Namespace
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from urllib.parse import quote, urlsplit

FORM = "application/x-www-form-urlencoded"


def asked() -> Namespace:
    parser = ArgumentParser("curl", allow_abbrev=False)
    parser.add_argument("url")
    parser.add_argument("-s", action="store_true", help="no progress, of which there is none here")
    parser.add_argument("-i", action="store_true", help="write the head, too")
    parser.add_argument("-o", type=Path, help="where to write, in place of the output")
    parser.add_argument("-X", help="the method")
    parser.add_argument("-H", action="append", default=[], help="a header")
    parser.add_argument("-d", action="append", default=[], help="a part of the body, or @file")
    parser.add_argument(
        "--data-urlencode", action="append", default=[], help="name=text or name@file"
    )
    parser.add_argument("--data-binary", help="@file: the body, to the last byte")
    return parser.parse_args()


def body(given: Namespace) -> bytes | None:
    if given.data_binary is not None:
        return Path(given.data_binary.removeprefix("@")).read_bytes()
    parts = [
        Path(part[1:]).read_bytes().replace(b"\n", b"") if part.startswith("@") else part.encode()
        for part in given.d
    ]
    for part in given.data_urlencode:
        name, sign, value = re.split("([=@])", part, maxsplit=1)
        value = Path(value).read_text("utf-8") if sign == "@" else value
        parts.append(f"{name}={quote(value, safe='')}".encode())
    return b"&".join(parts) if parts else None


def head(answer: HTTPResponse) -> bytes:
    lines = [f"HTTP/1.1 {answer.status} {answer.reason}"]
    lines += [f"{name}: {value}" for name, value in answer.getheaders()]
    return "".join(f"{line}\r\n" for line in [*lines, ""]).encode("latin-1")


def main() -> None:
    """Send one request, and write what comes."""
    given = asked()
    content = body(given)
    headers = {"Content-Type": FORM} if content is not None else {}
    for header in given.H:
        name, _, value = header.partition(":")
        headers[name.strip()] = value.strip()
    place = urlsplit(given.url)
    connection = HTTPConnection(place.netloc)
    path = place._replace(scheme="", netloc="").geturl() or "/"
    connection.request(given.X or ("GET" if content is None else "POST"), path, content, headers)
    answer = connection.getresponse()
    written = (head(answer) if given.i else b"") + answer.read()
    if given.o is None:
        sys.stdout.buffer.write(written)
    else:
        given.o.write_bytes(written)


if __name__ == "__main__":
    main()
