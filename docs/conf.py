"""The documentation as a site: `make site` writes it into `dist/site`."""

from __future__ import annotations

import tomllib
from pathlib import Path

_PROJECT = tomllib.loads(
    (Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8")
)["project"]

project = "segmenter"
author = "the segmenter maintainers"
release = version = _PROJECT["version"]
html_title = f"segmenter {release}"

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_heading_anchors = 3
myst_enable_extensions = ["deflist"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["page.css"]
html_show_sourcelink = False
html_show_sphinx = False
html_copy_source = False

# No address of anybody else: the page loads its own files only.
html_theme_options = {"source_repository": "", "footer_icons": []}
pygments_style = "default"

autodoc_typehints = "signature"
autodoc_member_order = "bysource"
