"""Texts in Markdown: whatever they hold, they are shown as they are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from labeling.rendering.formatting import clipped, undirected

SPECIAL = re.compile(r"[\\`*\[\]|~$]|(?<![^\W_])_|_(?![^\W_])")
FIRST = re.compile(r"^(\d*)([-+=#:.)]+)(?=\s|$)")
LONGEST = 2_000
PARAGRAPH = re.compile(r"\n\s*\n")
HTML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def inline(text: object, length: int = LONGEST) -> str:
    r"""Return a text on one line, with all that Markdown and HTML would act on escaped.

    >>> inline("a *b* | <c>\n- [d](e) lf_buy _x_"), inline("- a"), inline("1. b")
    ('a \\*b\\* \\| &lt;c&gt; - \\[d\\](e) lf_buy \\_x\\_', '\\- a', '1\\. b')
    """
    line = " ".join(undirected(clipped(text, length)).split()).translate(HTML)
    escaped = SPECIAL.sub(lambda match: f"\\{match[0]}", line)
    return FIRST.sub(r"\1\\\2", escaped)  # else it could begin a list or a heading


def paragraphs(text: str) -> list[str]:
    """Return the paragraphs of a text as Markdown, with empty lines between them.

    >>> paragraphs("one\\ntwo\\n\\n# three")
    ['one two', '', '\\\\# three']
    """
    parts = [inline(part) for part in PARAGRAPH.split(text.strip()) if part.strip()]
    return [line for part in parts for line in (part, "")][:-1]


def bullets(texts: Iterable[object]) -> list[str]:
    """Return texts as a list."""
    return [f"- {inline(text)}" for text in texts]


def table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """Return a table: numbers to the right, and texts to the left.

    >>> table(["label", "samples"], [["a|b", 1200]])
    ['| label | samples |', '|:--|--:|', '| a\\\\|b | 1,200 |']
    """
    given = [list(row) for row in rows]
    numeric = [
        bool(given) and all(isinstance(row[column], (int, float)) for row in given)
        for column in range(len(headings))
    ]
    lines = [
        _row(headings),
        "|" + "|".join("--:" if is_number else ":--" for is_number in numeric) + "|",
    ]
    return lines + [_row([_cell(value) for value in row]) for row in given]


def _cell(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return "" if value is None else inline(value, 400)
    return f"{value:,}" if isinstance(value, int) else f"{value:.3f}"


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def code_block(text: str, language: str = "") -> list[str]:
    """Return a text as a block of code, whose fence is longer than any in it.

    >>> code_block("pip install x", "sh")
    ['```sh', 'pip install x', '```']
    """
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}{language}", *map(undirected, text.splitlines()), fence]
