"""The page itself: one document with its style, scripts and data inside, and a policy that lets nothing else in.

The policy (CSP) forbids every load from elsewhere. Styles and scripts are allowed by their hashes alone; pictures are
`data:` texts. No script is made from text.
"""

from __future__ import annotations

import base64
import hashlib
import html
from collections.abc import Sequence
from importlib.resources import files

from sciopt.report.html.plain import embedded, plain

STYLES = ("page.css", "parts.css", "print.css")
SCRIPTS = (
    "dom.js",
    "numbers.js",
    "rows.js",
    "chart.js",
    "comparison.js",
    "summary.js",
    "trajectory.js",
    "table.js",
    "evaluation.js",
    "exhibits.js",
    "poses.js",
    "histogram.js",
    "slices.js",
    "steps.js",
    "faithfulness.js",
    "provenance.js",
    "page.js",
)
"""In the order in which they are joined to one script; each tells at its top what it is for."""
VIEWER = "3Dmol-min.js"
"""3Dmol.js 2.5.5 (BSD-3-Clause), as its npm package `3dmol` has it."""
LICENCE = "3Dmol-LICENSE.txt"
"""Its licence, which every file with the viewer carries, too."""

MARK = '<meta name="generator" content="sciopt report">'
"""By this a report is known again."""


def asset(name: str) -> str:
    """The text of a file that belongs to the page."""
    return files("sciopt.report.html").joinpath(f"assets/{name}").read_text(encoding="utf-8")


def composed(data: object, *, title: str, viewer: bool) -> str:
    """The whole file of a report for some plain data; `viewer` says whether it brings along the 3D viewer."""
    head = f"{_HEAD}{MARK}\n<title>{html.escape(str(plain(title)))}</title>\n"
    return assembled(data, scripts=SCRIPTS, viewer=viewer, head=head, body=_BODY)


def assembled(
    data: object, *, scripts: Sequence[str], viewer: bool, head: str = "", body: str, style: str = "", last: str = ""
) -> str:
    """One document with plain data, our style, and these of our scripts as one; `style` and `last` end the two."""
    sheet = "\n".join([*map(asset, STYLES), *filter(None, [style])])
    own = "(() => {\n" + "\n".join(map(asset, scripts)) + last + "})();\n"
    carried = [*([asset(VIEWER)] if viewer else []), own]
    return "".join(
        [
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n',
            f'<meta http-equiv="Content-Security-Policy" content="{policy(sheet, carried)}">\n',
            f"{head}<style>{sheet}</style>\n</head>\n<body>\n{body}",
            f'<script type="application/json" id="data">{embedded(plain(data))}</script>\n',
            *(f"<script>{script}</script>\n" for script in carried),
            "</body>\n</html>\n",
        ]
    )


_HEAD = """\
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
"""
_BODY = """\
<a class="skip" href="#main">Skip to the content</a>
<header id="head"></header>
<div id="frame"><nav id="contents" aria-label="Contents"></nav><main id="main" tabindex="-1"></main></div>
<noscript><p>This report draws itself with JavaScript, which is switched off here. Nothing is loaded from elsewhere.</p>
</noscript>
"""


def policy(style: str, scripts: Sequence[str]) -> str:
    """What the page may do: run exactly these scripts, use exactly this style, show what it has inside."""
    allowed = " ".join(f"'{digest(script)}'" for script in scripts)
    rules = (
        "default-src 'none'",
        f"script-src {allowed}",
        f"style-src '{digest(style)}'",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
    )
    return "; ".join(rules)


def digest(text: str) -> str:
    """A text's hash as a policy writes it."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
