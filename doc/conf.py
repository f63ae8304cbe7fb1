# SPDX-License-Identifier: BSD-3-Clause
"""The guide. Built by `meson compile docs`, which gives the version and breathe's project."""

project = "mext"
copyright = "the mext authors"
extensions = ["breathe"]
root_doc = "index"
highlight_language = "none"

breathe_default_project = "mext"
breathe_domain_by_extension = {"h": "c"}
breathe_show_include = False
breathe_show_define_initializer = True

# What the C compiler and DPDK declare is documented elsewhere.
nitpick_ignore_regex = [
    ("c:identifier", r"u?int(8|16|32|64)_t|uintptr_t|size_t|bool|rte_\w+"),
]

html_theme = "alabaster"
html_theme_options = {
    "description": "managed external storage for DPDK packet buffers",
    "fixed_sidebar": True,
    "page_width": "72em",
    "sidebar_width": "17em",
    "body_max_width": "54em",
}
html_static_path = ["static"]
html_sidebars = {"**": ["about.html", "navigation.html", "searchbox.html"]}
html_copy_source = False
html_show_sourcelink = False
