"""Links that work where the repository is shown lead to the pages here: README, notebooks, and what stands beside.

The pages keep links as a code host needs them (`../README.md`, `../notebooks/NAME.ipynb`).
"""

from __future__ import annotations

import os
from typing import Any

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx

PAGES = {
    "../README": "index",
    "../CONTRIBUTING": "contributing",
    "../CHANGELOG": "changelog",
    "../benchmarks/README": "benchmarks",
    "../notebooks/README": "tutorials/index",
}
NOTEBOOKS = "../notebooks/"


def page_of(target: str) -> str:
    """The page for a document outside of this folder; what has none stays as it is, and is a warning.

    >>> page_of("../README"), page_of("../notebooks/05_your_own_objective"), page_of("plans")
    ('index', 'tutorials/05_your_own_objective', 'plans')
    """
    if target in PAGES:
        return PAGES[target]
    return f"tutorials/{target.removeprefix(NOTEBOOKS)}" if target.startswith(NOTEBOOKS) else target


def lead_to_pages(app: Sphinx, document: nodes.document) -> None:
    """Turn the links of one page, before they are resolved; targets are absolute or relative to the source folder."""
    for link in document.findall(pending_xref):
        if link.get("refdomain") == "doc":
            place = os.path.relpath(os.path.join(app.srcdir, link["reftarget"]), app.srcdir)
            link["reftarget"] = page_of(place.replace(os.sep, "/"))


def setup(app: Sphinx) -> dict[str, Any]:
    """Look at each page when it was read."""
    app.connect("doctree-read", lead_to_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
