"""Small pieces of HTML for a notebook's cell: text that cannot become markup, tables, folded parts, pictures.

A piece is `Html`; whatever else is put into one is escaped. Pictures stand as images, so nothing in them can run. The
words are readable without the style sheet, which some viewers take away, in light and dark, and in a narrow cell.
"""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence

IGNORED = "tex2jax_ignore mathjax_ignore"
"""Class names that keep a notebook from setting `$...$` in a text as a formula."""
MET, MISSED = "\N{CHECK MARK} met", "\N{MULTIPLICATION SIGN} missed"
STYLE = """
.sciopt{font-size:.93em;line-height:1.4;max-width:62em}
.sciopt table{border-collapse:collapse;margin:.4em 0;font-size:inherit}
.sciopt th,.sciopt td{padding:.15em .7em .15em 0!important;text-align:right!important;vertical-align:top;
white-space:nowrap;background:none!important;border:0!important}
.sciopt tr{background:none!important;border-bottom:1px solid rgba(128,128,128,.3)!important}
.sciopt th{font-weight:600}
.sciopt .l{text-align:left!important;white-space:normal;overflow-wrap:anywhere;min-width:7em}
.sciopt .wide{overflow-x:auto}
.sciopt pre{white-space:pre-wrap;overflow-wrap:anywhere;max-height:22em;overflow:auto;margin:.3em 0;padding:.4em .6em;
border-left:3px solid rgba(128,128,128,.4);background:rgba(128,128,128,.08);color:inherit;font-size:.93em}
.sciopt code{overflow-wrap:anywhere;white-space:normal;background:none;color:inherit;padding:0}
.sciopt details{margin:.3em 0}
.sciopt summary{cursor:pointer;font-weight:600}
.sciopt p{margin:.25em 0;overflow-wrap:anywhere}
.sciopt .dim{opacity:.72}
.sciopt .beside{display:flex;flex-wrap:wrap;gap:.4em 1.6em;align-items:flex-start}
.sciopt .beside>div{max-width:24em;min-width:0}.sciopt .beside>div+div{flex:1 1 22em;max-width:none}
.sciopt img{max-width:100%;height:auto;background:#fff;border-radius:6px;margin:0}
.sciopt .met,.sciopt .missed{white-space:nowrap}.sciopt .met b{color:#1d8348}.sciopt .missed b{color:#cb4b16}
""".replace("\n", "")


class Html(str):
    """Text that is markup already."""

    __slots__ = ()


def escaped(text: object) -> Html:
    """Anything as text: no markup, no control characters, no characters that turn the reading direction.

    >>> escaped("<b>&")
    '&lt;b&gt;&amp;'
    """
    if isinstance(text, Html):
        return text
    readable = "".join(c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in str(text))
    return Html(html.escape(readable, quote=True))


def tag(name: str, *parts: object, **attributes: str | None) -> Html:
    """One element; `_class` is written `class`, `text_anchor` `text-anchor`.

    >>> tag("p", "a < b", _class="dim")
    '<p class="dim">a &lt; b</p>'
    """
    said = "".join(
        f' {key.strip("_").replace("_", "-")}="{escaped(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    inner = "".join(map(escaped, parts))
    return Html(f"<{name}{said}>" if name in ("img", "br") else f"<{name}{said}>{inner}</{name}>")


def card(*parts: object) -> str:
    """All that a cell shows, with its style."""
    return tag("div", Html(f"<style>{STYLE}</style>"), *parts, _class=f"sciopt {IGNORED}")


def line(*parts: object, dim: bool = False) -> Html:
    """A paragraph."""
    return tag("p", *parts, _class="dim" if dim else None)


def table(columns: Sequence[object], rows: Sequence[Sequence[object]], *, left: Sequence[int] = (0,)) -> Html:
    """Rows under column heads; the columns `left` hold text, the others numbers, which are set to the right."""

    def cells(kind: str, row: Sequence[object]) -> Html:
        sides = ("l" if place in left else None for place in range(len(row)))
        scope = "col" if kind == "th" else None
        return tag("tr", *(tag(kind, each, _class=side, scope=scope) for each, side in zip(row, sides, strict=True)))

    head = tag("thead", cells("th", columns))
    return tag(
        "div", tag("table", head, tag("tbody", *(cells("td", row) for row in rows))), _class="wide", tabindex="0"
    )


def folded(summary: object, *parts: object, opened: bool = False) -> Html:
    """A part that a click or the Enter key opens."""
    return tag("details", tag("summary", summary), *parts, **({"open": ""} if opened else {}))


def picture(svg: str, *, alt: str, width: int | None = None) -> Html:
    """A drawing as an image; `alt` says in words what it shows, `width` is in pixels."""
    data = base64.b64encode(svg.encode("utf-8", "replace")).decode()
    wide = None if width is None else str(width)
    return tag("img", src=f"data:image/svg+xml;base64,{data}", alt=alt, width=wide)


def verdict(met: bool, words: str = "") -> Html:
    """Whether a goal is met, by a sign, a word and a colour; `words` say by how much it is not."""
    sign, _, word = (MET if met else MISSED).partition(" ")
    return tag("span", tag("b", sign), f" {word}{f' by {words}' if words else ''}", _class="met" if met else "missed")
