"""Renders a `View` as HTML that needs no script and takes its colours from the page around it."""

from __future__ import annotations

import html
import math
from typing import assert_never

from labeling.rendering.excerpts import pieces_of, span_pieces
from labeling.rendering.formatting import NONE, clipped, percent, scalar, undirected, whole
from labeling.rendering.views import (
    Cell,
    Code,
    Excerpt,
    Interval,
    Part,
    Picture,
    Share,
    SpanText,
    Table,
    View,
)

# The text's colour is that of the page, in light and dark themes alike; bars and dots have colours
# of middle lightness, which stand out from white and from black. Hatches are whitish, and tell bars
# apart in grey. The doubled class outranks the rules that JupyterLab has for tables.
STYLE = """
.lbl{color:inherit;font:13px/1.45 system-ui,sans-serif;max-width:88em;overflow-x:auto;
--page:rgba(255,255,255,.75);--ink:currentColor;--muted:currentColor;--line:rgba(128,128,128,.45);
--main:#2f7fd1;--second:#cf7a1c;--sans:system-ui,sans-serif}
.lbl .lbl-title{font-weight:600;font-size:1.08em;margin:.2em 0 .4em}
.lbl p{margin:.25em 0}
.lbl.lbl table{border-collapse:collapse;margin:.4em 0;color:inherit;font-size:1em;table-layout:auto;
width:auto}
.lbl .lbl-caption{margin:.5em 0 .2em}
.lbl.lbl th,.lbl.lbl td{border-bottom:1px solid var(--line);padding:.22em .55em;text-align:left;
vertical-align:top;color:inherit;background:transparent;white-space:normal;max-width:46em}
.lbl.lbl th{font-weight:600}
.lbl.lbl td.lbl-number,.lbl.lbl th.lbl-number{text-align:right;font-variant-numeric:tabular-nums}
.lbl td svg{vertical-align:middle;margin-right:.5em;max-width:none}
.lbl .lbl-picture{max-width:36em}
.lbl mark{background:rgba(207,122,28,.32);color:inherit;border-bottom:2px solid var(--second);
font-weight:600}
.lbl mark.lbl-span{font-weight:inherit;padding:0 .15em;border-radius:.15em}
.lbl mark.lbl-span small{font-size:.72em;font-weight:600;margin-left:.35em;opacity:.85}
.lbl mark.lbl-s0{background:rgba(47,127,209,.28);border-bottom:2px solid #2f7fd1}
.lbl mark.lbl-s1{background:rgba(207,122,28,.28);border-bottom:2px dashed #cf7a1c}
.lbl mark.lbl-s2{background:rgba(60,155,90,.28);border-bottom:2px dotted #3c9b5a}
.lbl mark.lbl-s3{background:rgba(160,90,190,.28);border-bottom:3px double #a05abe}
.lbl mark.lbl-s4{background:rgba(200,70,90,.28);border-top:2px solid #c8465a;border-bottom:0}
.lbl mark.lbl-s5{background:rgba(110,125,140,.28);border-top:2px dashed #6e7d8c;border-bottom:0}
.lbl pre{background:rgba(128,128,128,.12);color:inherit;padding:.5em .8em;margin:.4em 0;
overflow-x:auto}
.lbl pre code{background:transparent;color:inherit}
.lbl .lbl-muted{opacity:.75}
.lbl bdi{overflow-wrap:anywhere}
.lbl bdi.lbl-words{overflow-wrap:normal}
.lbl .lbl-line{white-space:nowrap}
""".strip()

BAR_WIDTH, BAR_HEIGHT = 44, 10
SPAN_COLOURS = 6  # of labels of spans; further labels begin again, and each span has its label
LONGEST_WORD = 24
LONGEST_TITLE = 400
LONGEST_SENTENCE = 2_000
LONGEST_CODE = 20_000
"""Characters that are shown: a line of data may have any length."""


def html_of(view: View, *, with_style: bool = True) -> str:
    """Return a view as one element of HTML, with every text escaped.

    Args:
        view: the view.
        with_style: whether `STYLE` is in the element; a page of many views has it once.

    >>> text = html_of(View("<b>", ("a < b",)))
    >>> "&lt;b&gt;" in text, "<p>a &lt; b</p>" in text, "<script" in text
    (True, True, False)
    """
    parts = "".join(map(_part, view.parts))
    title = f'<div class="lbl-title">{_text(view.title, LONGEST_TITLE)}</div>'
    style = f"<style>{STYLE}</style>" if with_style else ""
    return f'<div class="lbl">{style}{title}{parts}</div>'


def _part(part: Part) -> str:
    match part:
        case str():
            return f"<p>{_text(part)}</p>"
        case Table():
            return _table(part)
        case Picture():
            return f'<div class="lbl-picture">{part.svg}</div>'
        case Code():
            return _code(part)
        case Excerpt():
            return f"<p>{_excerpt(part)}</p>"
        case _:
            assert_never(part)


def _table(table: Table) -> str:
    numbers = [
        bool(table.rows) and all(_is_number(row[column]) for row in table.rows)
        for column in range(len(table.headings))
    ]
    heads = "".join(
        f"<th{_class(is_number)}>{_text(heading)}</th>"
        for heading, is_number in zip(table.headings, numbers, strict=True)
    )
    body = "".join(
        "<tr>"
        + "".join(
            f"<td{_class(is_number)}>{_cell(cell)}</td>"
            for cell, is_number in zip(row, numbers, strict=True)
        )
        + "</tr>"
        for row in table.rows
    )
    # Not a <caption>, which is as narrow as its table.
    caption = f'<p class="lbl-caption">{_text(table.caption)}</p>' if table.caption else ""
    more = (
        f'<p class="lbl-muted">and {whole(table.left_out)} more</p>' if table.left_out > 0 else ""
    )
    return f"{caption}<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>{more}"


def _is_number(cell: Cell) -> bool:
    return cell is None or (isinstance(cell, (int, float)) and not isinstance(cell, bool))


def _class(is_number: bool) -> str:
    return ' class="lbl-number"' if is_number else ""


def _cell(cell: Cell) -> str:
    match cell:
        case str():
            return _excerpt(Excerpt(cell))
        case None | int() | float():
            return scalar(cell)
        case Share():
            return _share(cell)
        case Interval():
            return _interval(cell)
        case Excerpt():
            return _excerpt(cell)
        case SpanText():
            return _span_text(cell)
        case Code():
            return _code(cell)
        case _:
            assert_never(cell)


def _share(share: Share) -> str:
    if math.isnan(share.value):
        return NONE
    width = BAR_WIDTH * min(max(share.value, 0.0), 1.0)
    bar = (
        f'<svg role="img" aria-hidden="true" width="{BAR_WIDTH}" height="{BAR_HEIGHT}">'
        f'<rect width="{BAR_WIDTH}" height="{BAR_HEIGHT}" fill="none" stroke="var(--line)"/>'
        f'<rect width="{width:.1f}" height="{BAR_HEIGHT}" fill="var(--main)"/></svg>'
    )
    count = "" if share.n is None else f" <span class='lbl-muted'>of {whole(share.n)}</span>"
    return f'<span class="lbl-line">{bar}{percent(share.value)}</span>{count}'


def _interval(interval: Interval) -> str:
    n = f'<span class="lbl-muted lbl-line">n = {whole(interval.n)}</span>'
    if math.isnan(interval.value):
        return f"{NONE} {n}"
    if not interval.is_known:
        return f"{interval.value:.3f} {n}"
    low, high, at = (
        BAR_WIDTH * min(max(end, 0.0), 1.0) for end in (interval.low, interval.high, interval.value)
    )
    middle = BAR_HEIGHT / 2
    line = (
        f'<svg role="img" aria-hidden="true" width="{BAR_WIDTH}" height="{BAR_HEIGHT}">'
        f'<rect width="{BAR_WIDTH}" height="{BAR_HEIGHT}" fill="none" stroke="var(--line)"/>'
        f'<line x1="{low:.1f}" x2="{high:.1f}" y1="{middle:g}" y2="{middle:g}"'
        ' stroke="var(--second)" stroke-width="3"/>'
        f'<circle cx="{at:.1f}" cy="{middle:g}" r="3.5" fill="var(--main)"/></svg>'
    )
    ends = f"[{interval.low:.3f}, {interval.high:.3f}]"
    return f'<span class="lbl-line">{line}{interval.value:.3f} {ends}</span> {n}'


def _excerpt(excerpt: Excerpt) -> str:
    pieces = "".join(
        f"<mark>{html.escape(piece)}</mark>" if is_marked else html.escape(piece)
        for piece, is_marked in pieces_of(excerpt.text, excerpt.marks)
    )
    # Isolated: a text from right to left, or with such a mark, leaves the rest of the line alone.
    # Words of usual length are not broken, however little room a column has.
    has_short_words = max(map(len, excerpt.text.split()), default=0) <= LONGEST_WORD
    kind = ' class="lbl-words"' if has_short_words else ""
    return f'<bdi dir="auto"{kind}>{pieces}</bdi>'


def _span_text(shown: SpanText) -> str:
    pieces = "".join(
        f'<mark class="lbl-span lbl-s{number % SPAN_COLOURS}">{html.escape(piece)}'
        f"<small>{_text(label)}</small></mark>"
        if label
        else html.escape(piece)
        for piece, label, number in span_pieces(shown.text, shown.spans)
    )
    return f'<bdi dir="auto">{pieces}</bdi>'


def _code(code: Code) -> str:
    return f"<pre><code>{_text(code.text, LONGEST_CODE)}</code></pre>"


def _text(text: str, longest: int = LONGEST_SENTENCE) -> str:
    return html.escape(undirected(clipped(text, longest)))
