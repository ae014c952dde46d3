"""What people are told about how to label in the files."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from labeling.label_files.assignment import Roster
from labeling.label_files.cells import escaped
from labeling.label_files.columns import Columns
from labeling.label_files.labels import SKIP
from labeling.records import LabelSchema

GUIDE = "HOW_TO_LABEL.txt"

NAMED = (
    "1. Open the file with your name in it. Your name stands in column `{own[annotator]}` already."
)
ANYBODY = """\
1. Make a copy of the file in this folder, under any name, and label in the copy.
   Write your name into column `{own[annotator]}` of each row that you label, always the same way.
   {votes} people are needed for each row, each in a copy of their own. Where a column `{own[not_for]}`
   names you, leave the row to others."""


MARK = "This file is kept up to date for as long as nobody changes it (mark {digest})."


@dataclass(frozen=True, slots=True)
class Guide:
    """How to label, for the people who do, and what tells whether they have changed it.

    Attributes:
        text: what the file is to hold.
        labels: the labels, and what they mean, as they are written in it.
        earlier: what versions wrote that set no mark below it.
    """

    text: str
    labels: tuple[str, ...] = field(repr=False)
    earlier: re.Pattern[str] = field(repr=False)

    def is_unchanged(self, found: str) -> bool:
        """Return whether a text is as some version of this package wrote it."""
        found = _lines(found)
        body = found.rpartition("\n\n")[0]
        return found == _lines(_marked(body + "\n")) or self.earlier.fullmatch(found) is not None

    def missing_in(self, found: str) -> list[str]:
        """Return the labels, and sentences on what they mean, that a text has not as whole words."""
        return [
            label
            for label in self.labels
            if not re.search(rf"(?<!\w){re.escape(label)}(?!\w)", found)
        ]


def guide(schema: LabelSchema, columns: Columns, annotators: Roster, votes: int) -> Guide:
    """Return how to label.

    >>> how = guide(LabelSchema(["ham", "spam"]), Columns("text"), Roster([], "annotators"), 2)
    >>> how.text.splitlines()[0], how.is_unchanged(how.text), how.is_unchanged("our own words")
    ('HOW TO LABEL', True, False)
    """
    own = columns.own_headers
    first = (NAMED if annotators.names else ANYBODY).format(votes=votes, own=own)
    anybody = re.escape(ANYBODY.format(votes="\0", own=own)).replace("\0", "[0-9]+")
    firsts = f"(?:{re.escape(NAMED.format(own=own))}|{anybody})"
    name = f"   (?:{'|'.join(re.escape(escaped(label)) for label in schema)})"
    earlier = re.escape(_lines(_text("\0", "\1", columns)))
    earlier = earlier.replace("\0", firsts).replace("\1", f"{name}(?:\\n{name})*")
    descriptions = [escaped(text) for text in schema.descriptions.values()]
    return Guide(
        _marked(_text(first, "\n".join(_described(schema)), columns)),
        (*map(escaped, schema), *descriptions),
        re.compile(earlier),
    )


def _marked(text: str) -> str:
    """Return a text with a line below it that tells whether it was changed."""
    digest = hashlib.blake2b(_lines(text).encode(), digest_size=4).hexdigest()
    return f"{text}\n{MARK.format(digest=digest)}\n"


def _lines(text: str) -> str:
    """Return a text without what an editor may change unasked: ends of lines and of the text."""
    return "\n".join(line.rstrip() for line in text.splitlines()).rstrip("\n")


def _text(first: str, labels: str, columns: Columns) -> str:
    own = columns.own_headers
    return f"""\
HOW TO LABEL

{first}
2. Read the text in column `{escaped(columns.text)}`, and write one of these into column `{own["label"]}`:

{labels}

   In doubt, write {SKIP}: that is better than a guess. What is not labeled yet stays empty.
3. Column `{own["comment"]}` is for your reasons; nothing has to be in it.
4. Save the file as what it is (.csv, .xlsx or .jsonl) in this folder, as often as you like.

You may sort and filter whole rows, add columns, and change your mind about a label. Please leave
the columns `{own["ask"]}` and `{escaped(columns.text)}` as they are: a row in which they were changed is not counted.

Files named review-... are for reviewers. What others said is in column `{own["votes"]}`, and why the sample
needs a decision in column `{own["why"]}`. Write your label, your name into column `{own["reviewer"]}`, and your
reasons into column `{own["rationale"]}`.
"""


def _described(schema: LabelSchema) -> Iterator[str]:
    """Yield a line for each label, and below it what it means."""
    for label in schema:
        yield f"   {escaped(label)}"
        if label in schema.descriptions:
            yield f"      {escaped(schema.descriptions[label])}"
