"""What the pictures are drawn with: SVG without script, styles or anything from elsewhere.

A shade is darker the more it stands for, and no meaning rests on a hue: a grey print shows it all.
"""

import re
from collections.abc import Iterable
from html import escape
from typing import Final

from app.progress.rules.wording import RELEASES

INK: Final = "#1b1b1b"
PAPER: Final = "#ffffff"
FAINT: Final = "#565656"
"""Of small words: 7 to 1 on paper."""
DARK: Final = 0.65
"""From this shade on, what stands on it is white: with either, it is legible at 4 to 1."""
SIZE: Final = 12
SMALLEST: Final = 5
LETTER: Final = 0.5
"""How wide a letter is on average, for each 1 of its height, in the usual fonts."""
LIGHTEST: Final = (0xE9, 0xEF, 0xF3)
DARKEST: Final = (0x1D, 0x45, 0x5E)
# What XML has no place for, and what would turn the words beside it round.
NOT_SHOWN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\u202a-\u202e\u2066-\u2069]")


def drawn(
    name: str, size: tuple[float, float], words: tuple[str, str], parts: Iterable[str]
) -> str:
    """An SVG of this width and height, whose `words` are its title and its description.

    The name tells it from another picture on the same page.
    """
    width, height = size
    title, told = words
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}"'
        f' width="{width:g}" height="{height:g}" role="img"'
        f' aria-labelledby="{name}-title {name}-desc" font-family="sans-serif" font-size="{SIZE}"'
        f' fill="{INK}"><title id="{name}-title">{escaped(title)}</title>'
        f'<desc id="{name}-desc">{escaped(told)}</desc>'
        f'<rect width="{width:g}" height="{height:g}" fill="{PAPER}"/>{"".join(parts)}</svg>'
    )


def escaped(words: str) -> str:
    """As a picture shows it: without control characters, however they are written."""
    return escape(NOT_SHOWN.sub("\N{REPLACEMENT CHARACTER}", words))


def text(x: float, y: float, words: str, **how: object) -> str:
    """Words on a line; `how` they look."""
    given = {"anchor": "text-anchor", "size": "font-size", "weight": "font-weight"}
    more = "".join(f' {given.get(name, name)}="{value}"' for name, value in how.items())
    return f'<text x="{x:g}" y="{y:g}"{more}>{escaped(words)}</text>'


def fitted(words: str, room: float) -> dict[str, object]:
    """The size of words that would not fit otherwise."""
    size = room / max(len(words), 1) / LETTER
    return {} if size >= SIZE else {"size": f"{max(size, SMALLEST):.3g}"}


def titled(words: str) -> str:
    """What a shape says when it is pointed at."""
    return f"<title>{escaped(words)}</title>"


def line(x1: float, y1: float, x2: float, y2: float, width: float = 1) -> str:
    """A straight line."""
    return f'<path d="M{x1:g} {y1:g}L{x2:g} {y2:g}" stroke="{INK}" stroke-width="{width:g}"/>'


def shade(share: float) -> str:
    """A colour between the lightest and the darkest, by a share from 0 to 1."""
    mixed = (
        round(light + share * (dark - light)) for light, dark in zip(LIGHTEST, DARKEST, strict=True)
    )
    return "#" + "".join(f"{part:02x}" for part in mixed)


def ink_on(share: float) -> str:
    """What is legible on that shade."""
    return PAPER if share >= DARK else INK


def mark(release: str, x: float, y: float, r: float, ink: str = INK) -> str:
    """A release as a circle of this radius: open, half full or full."""
    right = f"M{x:g} {y - r:g}a{r:g} {r:g} 0 0 1 0 {2 * r:g}"
    left = f"a{r:g} {r:g} 0 0 1 0 {-2 * r:g}"
    filled = {
        "none": "",
        "partial": f'<path d="M{x:g} {y + r:g}{left}Z" fill="{ink}"/>',
        "complete": f'<path d="{right}{left}Z" fill="{ink}"/>',
    }[release]
    return f'{filled}<path d="{right}{left}Z" fill="none" stroke="{ink}"/>'


def legend(x: float, y: float, size: float = 12) -> list[str]:
    """What the marks of a release mean, in one line."""
    parts = []
    for release, words in RELEASES.items():
        parts.append(mark(release, x + size / 4, y - size / 3, size / 4))
        parts.append(text(x + size * 0.8, y, words, size=f"{size:g}"))
        x += size * (2.2 + 0.44 * len(words))
    return parts
