"""The parts that the pictures are drawn with: SVG without scripts, styles or external resources.

A darker shade means more. No meaning depends on colour, so a greyscale print shows everything.
"""

import re
from collections.abc import Iterable
from html import escape
from typing import Final

from app.progress.rules.wording import RELEASES

INK: Final = "#1b1b1b"
PAPER: Final = "#ffffff"
FAINT: Final = "#565656"
"""The colour of small text: a contrast of 7 to 1 on white."""
DARK: Final = 0.65
"""From this shade on, text on it is white. The contrast is then at least 4 to 1 on every shade."""
SIZE: Final = 12
SMALLEST: Final = 5
LETTER: Final = 0.58
"""The average width of a letter, as a share of its height, in the widest of the usual fonts."""
LIGHTEST: Final = (0xE9, 0xEF, 0xF3)
DARKEST: Final = (0x1D, 0x45, 0x5E)
# Characters that XML does not allow, and those that change the direction of the text around them.
NOT_SHOWN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\u202a-\u202e\u2066-\u2069]")


def svg_document(
    name: str, size: tuple[float, float], words: tuple[str, str], parts: Iterable[str]
) -> str:
    """An SVG of this width and height. `words` are its title and its description.

    `name` makes its element ids unique, so that a page can hold several pictures.
    """
    width, height = size
    title, description = words
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}"'
        f' width="{width:g}" height="{height:g}" role="img"'
        f' aria-labelledby="{name}-title {name}-desc" font-family="sans-serif" font-size="{SIZE}"'
        f' fill="{INK}"><title id="{name}-title">{escaped(title)}</title>'
        f'<desc id="{name}-desc">{escaped(description)}</desc>'
        f'<rect width="{width:g}" height="{height:g}" fill="{PAPER}"/>{"".join(parts)}</svg>'
    )


def escaped(words: str) -> str:
    """Text for an SVG: escaped, with each control character replaced."""
    return escape(NOT_SHOWN.sub("\N{REPLACEMENT CHARACTER}", words))


def text(x: float, y: float, words: str, **style: object) -> str:
    """One line of text. `style` holds `anchor`, `size`, `weight` and other SVG attributes."""
    names = {"anchor": "text-anchor", "size": "font-size", "weight": "font-weight"}
    attributes = "".join(f' {names.get(name, name)}="{value}"' for name, value in style.items())
    return f'<text x="{x:g}" y="{y:g}"{attributes}>{escaped(words)}</text>'


def font_size_to_fit(words: str, room: float) -> dict[str, object]:
    """The `size` for `text` at which words fit into this width; empty where they fit anyway."""
    size = room / max(len(words), 1) / LETTER
    return {} if size >= SIZE else {"size": f"{max(size, SMALLEST):.3g}"}


def tooltip(words: str) -> str:
    """The text that appears when somebody points at a shape."""
    return f"<title>{escaped(words)}</title>"


def line(x1: float, y1: float, x2: float, y2: float, width: float = 1) -> str:
    """A straight line."""
    return f'<path d="M{x1:g} {y1:g}L{x2:g} {y2:g}" stroke="{INK}" stroke-width="{width:g}"/>'


def shade(share: float) -> str:
    """A colour from the lightest (share 0) to the darkest (share 1)."""
    mixed = (
        round(light + share * (dark - light)) for light, dark in zip(LIGHTEST, DARKEST, strict=True)
    )
    return "#" + "".join(f"{part:02x}" for part in mixed)


def ink_on(share: float) -> str:
    """The text colour that is legible on that shade."""
    return PAPER if share >= DARK else INK


def mark(release: str, x: float, y: float, r: float, ink: str = INK) -> str:
    """A release as a circle of radius `r`: empty, half full or full."""
    right = f"M{x:g} {y - r:g}a{r:g} {r:g} 0 0 1 0 {2 * r:g}"
    left = f"a{r:g} {r:g} 0 0 1 0 {-2 * r:g}"
    filled = {
        "none": "",
        "partial": f'<path d="M{x:g} {y + r:g}{left}Z" fill="{ink}"/>',
        "complete": f'<path d="{right}{left}Z" fill="{ink}"/>',
    }[release]
    return f'{filled}<path d="{right}{left}Z" fill="none" stroke="{ink}"/>'


def legend(x: float, y: float, size: float = 12) -> list[str]:
    """The meaning of each release mark, in one line."""
    parts = []
    for release, words in RELEASES.items():
        parts.append(mark(release, x + size / 4, y - size / 3, size / 4))
        parts.append(text(x + size * 0.8, y, words, size=f"{size:g}"))
        x += size * (2.2 + 0.44 * len(words))
    return parts
