"""Runs the notebooks, and tells what of their outputs must not change.

`python -m tests.support.notebooks` (`make notebooks`) runs them and writes their outputs.
"""

import re
import sys
from html.parser import HTMLParser
from pathlib import Path

import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))

VARYING = (
    (re.compile(r"\bin \d[\d.,]* s\b"), "in so many seconds"),
    (re.compile(r"\b\d{4}-\d\d-\d\d \d\d:\d\d UTC\b"), "then"),
    # The id of a commit or release and the digest of a function: they depend on the versions of
    # Python and of packages.
    (re.compile(r"\b(?:[0-9a-f]{8}|[0-9a-f]{12}|[0-9a-f]{64})\b"), "digest"),
)
SECONDS = "seconds"
"""The heading of a column of measured times."""


def executed(path):
    """Return a notebook after it was run from top to bottom, without what differs between runs."""
    notebook = nbformat.read(path, as_version=4)
    resources = {"metadata": {"path": str(FOLDER)}}
    NotebookClient(notebook, timeout=180, kernel_name="python3", resources=resources).execute()
    for cell in notebook["cells"]:
        cell["metadata"] = {}
        if cell["cell_type"] == "code":
            cell["outputs"] = _joined(cell["outputs"])
    return notebook


def _joined(outputs):
    """Return outputs with what was printed in one piece; it comes as the kernel has time."""
    joined = []
    for output in outputs:
        last = joined[-1] if joined else None
        if last is not None and output.get("name") and output["name"] == last.get("name"):
            last["text"] += output["text"]
        else:
            joined.append(output)
    return joined


def shown(notebook):
    """Return what each code cell shows, errors included, without times and digests."""
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    return [[constant(_text(output)) for output in _joined(cell["outputs"])] for cell in cells]


def _text(output):
    if "data" not in output:
        return "".join(output.get("text") or output["traceback"])
    html = output["data"].get("text/html", "")
    # What shows itself by a view has measured times in a column of its own, which only HTML tells.
    return text_of(html) if 'class="lbl"' in html else output["data"]["text/plain"]


def constant(text):
    """Return a text in which times and digests are replaced by words."""
    for pattern, word in VARYING:
        text = pattern.sub(word, text)
    return text


def text_of(html):
    """Return the text of what a view shows, a line for each row of a table, without times.

    Of a picture its title and description are kept: lines depend on the version of matplotlib.
    """
    parser = _Shown()
    parser.feed(html)
    parser.close()
    return "\n".join(parser.lines)


class _Shown(HTMLParser):
    def __init__(self):
        super().__init__()
        self.lines, self._row, self._headings = [], None, []
        self._inside = []

    def handle_starttag(self, tag, attrs):
        if tag in ("style", "svg", "title", "desc"):
            self._inside.append(tag)
        elif tag == "tr":
            self._row = []
        elif tag in ("td", "th") and self._row is not None:
            self._row.append("")
        elif tag in ("p", "caption", "pre", "div"):
            self.lines.append("")

    def handle_endtag(self, tag):
        if self._inside and tag == self._inside[-1]:
            self._inside.pop()
        elif tag == "thead":
            self._headings = self.lines[-1].split(" | ")
        elif tag == "tr":
            named = zip(self._row, self._headings, strict=False)
            is_body = len(self._row) == len(self._headings)
            cells = [cell for cell, heading in named if heading != SECONDS]
            self.lines.append(" | ".join(cells if is_body else self._row))
            self._row = None
        elif tag == "table":
            self._headings = []

    def handle_data(self, data):
        if self._inside and self._inside[-1] not in ("title", "desc"):
            return
        if self._row:
            self._row[-1] += data
        elif data.strip():
            self.lines.append(data.strip())


def refresh(paths):
    """Run notebooks and write their outputs."""
    for path in paths:
        sys.stdout.write(f"Running {path.name} ...\n")
        nbformat.write(executed(path), path)


if __name__ == "__main__":
    wanted = sys.argv[1:]
    refresh([path for path in NOTEBOOKS if not wanted or path.stem in wanted])
