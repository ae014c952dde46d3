"""A page of its own made of views: self-contained, without scripts, light and dark."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping

from labeling.rendering.formatting import clipped, undirected
from labeling.rendering.html import LONGEST_TITLE, html_of
from labeling.rendering.palettes import DARK, LIGHT, Palette
from labeling.rendering.views import View

POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action"
    " 'none'"
)
SANS = 'system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Liberation Sans",Arial,sans-serif'
LAYOUT = f"""
*{{box-sizing:border-box}}
html{{-webkit-text-size-adjust:100%}}
body{{margin:0;background:var(--page);color:var(--ink);font:400 1rem/1.6 {SANS};
overflow-wrap:anywhere}}
main{{max-width:64rem;margin:0 auto;padding:0 1.25rem 5rem}}
h1{{margin:3rem 0 .4rem;font-size:clamp(1.7rem,5vw,2.6rem);line-height:1.12}}
h2{{margin:3rem 0 .6rem;padding-top:.9rem;border-top:2px solid var(--ink);font-size:1.45rem;
line-height:1.25}}
nav ol{{list-style:none;display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;margin:1.2rem 0;padding:0}}
a{{color:var(--main);text-underline-offset:.18em}}
a:focus-visible{{outline:2px solid var(--main);outline-offset:3px}}
.lead{{color:var(--muted);margin:.3rem 0}}
main .lbl.lbl{{font-size:.9rem;max-width:none;--page:inherit}}
@media print{{a{{color:inherit;text-decoration:none}}}}
""".strip()


def page_of(
    title: str, sections: Mapping[str, Iterable[View]], sentences: Iterable[str] = ()
) -> str:
    """Return views as a whole HTML page that loads nothing and runs nothing.

    Args:
        title: of the page.
        sections: the views under each heading; a section without views is left out.
        sentences: shown below the title.

    >>> page = page_of("<b>", {"Labels": [View("spam", ("a < b",))], "Empty": []}, ["1 sample"])
    >>> "&lt;b&gt;" in page, "a &lt; b" in page, "<script" in page, "Empty" in page
    (True, True, False, False)
    """
    shown = {name: tuple(views) for name, views in sections.items()}
    filled = [(f"s{i}", name, views) for i, (name, views) in enumerate(shown.items()) if views]
    links = "".join(f'<li><a href="#{key}">{_text(name)}</a></li>' for key, name, _ in filled)
    bodies = "\n".join(
        f'<section aria-labelledby="{key}"><h2 id="{key}">{_text(name)}</h2>\n'
        + "\n".join(map(html_of, views))
        + "</section>"
        for key, name, views in filled
    )
    lead = "".join(f'<p class="lead">{_text(sentence)}</p>' for sentence in sentences)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        '<meta name="referrer" content="no-referrer">\n<link rel="icon" href="data:,">\n'
        f"<title>{_text(title)}</title>\n<style>\n{_colours()}\n{LAYOUT}\n</style>\n</head>\n"
        f"<body>\n<main>\n<h1>{_text(title)}</h1>\n{lead}\n"
        f'<nav aria-label="Sections"><ol>{links}</ol></nav>\n{bodies}\n</main>\n</body>\n</html>\n'
    )


def _colours() -> str:
    light, dark = _variables(LIGHT), _variables(DARK)
    return (
        f":root{{color-scheme:light dark;{light}}}\n"
        f"@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}"
    )


def _variables(palette: Palette) -> str:
    return ";".join(f"--{name}:{colour}" for name, colour in palette.items() if name != "map")


def _text(text: str) -> str:
    return html.escape(undirected(clipped(text, LONGEST_TITLE)))
