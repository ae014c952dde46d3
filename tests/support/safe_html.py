"""Texts that could do harm in a page, and what is checked of the HTML that shows them."""

import re
from html.parser import HTMLParser

from labeling.rendering.html import STYLE

TEXT = (
    "\u202eright to left\u2066 <script>alert(1)</script> </style><img src=x onerror=alert(2)>"
    " \"'> \x00\x07\x1b[31m \ud800 \U0001f600 &lt; \u05e9\u05dc\u05d5\u05dd\r\n\t\u2028 end"
)
NAME = "</style><script>alert(3)</script>\"'>\U0001f600 \u05e9\u05dc\u05d5\u05dd"
TAGS = set(
    re.split(
        " ",
        "div style p table caption thead tbody tr th td svg g path defs use rect line circle text"
        " pattern title desc clippath bdi mark pre code small span",
    )
)
ATTRIBUTES = set(
    re.split(
        " ",
        "class style role aria-hidden aria-label aria-labelledby dir width height viewbox x y x1 x2"
        " y1 y2 cx cy r d id href fill stroke stroke-width text-anchor font-size font-family xmlns"
        " xmlns:xlink transform clip-path patternunits",
    )
)


class Elements(HTMLParser):
    """The elements of a page, and its text."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.attributes, self.texts = set(), [], []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.attributes += attributes

    def handle_data(self, data):
        self.texts.append(data)


def check_html(page):
    """Check that no element, attribute, address or control character came from data."""
    page.encode("utf-8")
    found = Elements(page)
    assert found.tags <= TAGS
    assert {name for name, _ in found.attributes} <= ATTRIBUTES
    assert all(value.startswith("#") for name, value in found.attributes if name == "href")
    assert page.count("<style>") == 1 == page.count("</style>")
    assert f"<style>{STYLE}</style>" in page
    text = "".join(found.texts)
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]", text)
    return text
