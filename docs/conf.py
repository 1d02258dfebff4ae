"""How Sphinx builds these documents: `make docs`. Nothing is fetched, neither while building nor while reading.

Formulas are MathML, made by docutils and shown by browsers themselves, so that there is no script or font to carry.
Not nitpicky: types of other packages in signatures have no page that could be known without a network.
"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "_ext"))

import sciopt  # noqa: E402  (the extensions must be found first)

project = "sciopt"
author = "The sciopt authors"
project_copyright = "The sciopt authors"
version = release = sciopt.__version__
html_title = f"sciopt {release}"

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "mathml",
    "command_line",
    "notebooks",
    "repository",
    "docstrings",
]
exclude_patterns = ["_ext", "_templates"]
templates_path = ["_templates"]

myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 4

nb_execution_mode = "off"
nb_merge_streams = True

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
autodoc_class_signature = "mixed"
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 100
add_module_names = False
smartquotes = False
default_role = "code"
napoleon_numpy_docstring = False

pygments_dark_style = "github-dark"
html_theme = "furo"
html_math_renderer = "mathml"
html_static_path = ["_static"]
html_css_files = ["sciopt.css"]
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    "top_of_page_buttons": [],
    "light_css_variables": {"color-brand-primary": "#0b5d8a", "color-brand-content": "#0b5d8a"},
    "dark_css_variables": {"color-brand-primary": "#6cc0ee", "color-brand-content": "#6cc0ee"},
}
copybutton_prompt_text = r"\$ |>>> |\.\.\. "
copybutton_prompt_is_regexp = True
