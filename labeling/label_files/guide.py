"""The guide for annotators, `HOW_TO_LABEL.txt`."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from labeling.label_files.answers import NONE
from labeling.label_files.assignment import Roster
from labeling.label_files.cells import escaped
from labeling.label_files.columns import Columns
from labeling.label_files.labels import SKIP
from labeling.records import LabelKind, LabelSchema

GUIDE = "HOW_TO_LABEL.txt"

NAMED = (
    "1. Open the file with your name in it. Your name stands in column `{header[annotator]}`"
    " already."
)
COPY = """\
1. Make a copy of the file in this folder, under any name, and label in the copy.
   Write your name into column `{header[annotator]}` of each row that you label, always the same\
 way.
   {votes} people are needed for each row, each in a copy of their own. """
ANYBODY = f"""{COPY}Leave a row to others
   if you labeled its text before, in another file."""
EARLIER_ANYBODY = f"""{COPY}Where a column `{{header[not_for]}}`
   names you, leave the row to others."""

ONE = f"""\
2. Read the text in column `{{text}}`, and write one of these into column `{{label}}`:

{{labels}}

   In doubt, write {SKIP}: that is better than a guess. What is not labeled yet stays empty."""
SEVERAL = f"""\
2. Read the text in column `{{text}}`, and write an x into the column of each label that it has:

{{labels}}

   If it has none of them, write {NONE} into column `{{label}}`. In doubt, write {SKIP} there: that
   is better than a guess. What is not labeled yet stays empty; a row with one x counts.
   In .jsonl files `{{label}}` is a list of labels instead: [] for none of them, null if not labeled
   yet, "{SKIP}" in doubt."""
SPANS = f"""\
2. Read the text in `{{text}}`, and write each part of it that has one of these labels into the list
   `{{label}}`:

{{labels}}

   A part is written as {{{{"start": 0, "end": 5, "label": "...", "text": "..."}}}}: `start` and
   `end` count characters from 0, `end` is the first one after the part, and `text` is the part
   itself, by which the other two are checked. Write [] if there is no such part, and "{SKIP}" in
   doubt: that is better than a guess. What is not labeled yet stays null."""
STEPS = {LabelKind.ONE: ONE, LabelKind.SEVERAL: SEVERAL, LabelKind.SPANS: SPANS}

MARK = "This file is kept up to date for as long as nobody changes it (mark {digest})."


@dataclass(frozen=True, slots=True)
class Guide:
    """The guide for annotators, and the means to tell whether they changed it.

    Attributes:
        text: the text of the file.
        labels: the labels and their descriptions, as they are written in it.
        earlier: matches the text of earlier versions, which had no mark.
    """

    text: str
    labels: tuple[str, ...] = field(repr=False)
    earlier: re.Pattern[str] = field(repr=False)

    def is_unchanged(self, current: str) -> bool:
        """Return whether a text is as a version of this package wrote it."""
        current = _normalized(current)
        body = current.rpartition("\n\n")[0]
        is_marked = current == _normalized(_marked(body + "\n"))
        return is_marked or self.earlier.fullmatch(current) is not None

    def missing_in(self, current: str) -> list[str]:
        """Return the labels and descriptions that a text does not have as whole words."""
        return [
            label
            for label in self.labels
            if not re.search(rf"(?<!\w){re.escape(label)}(?!\w)", current)
        ]


def guide(schema: LabelSchema, columns: Columns, annotators: Roster, votes: int) -> Guide:
    """Return the guide for a project.

    >>> how = guide(LabelSchema(["ham", "spam"]), Columns("text"), Roster([], "annotators"), 2)
    >>> how.text.splitlines()[0], how.is_unchanged(how.text), how.is_unchanged("our own words")
    ('HOW TO LABEL', True, False)
    """
    headers = columns.own_headers
    first = (NAMED if annotators.names else ANYBODY).format(votes=votes, header=headers)
    copied = [
        re.escape(text.format(votes="\0", header=headers)).replace("\0", "[0-9]+")
        for text in (ANYBODY, EARLIER_ANYBODY)
    ]
    any_first = f"(?:{'|'.join([re.escape(NAMED.format(header=headers)), *copied])})"
    label = f"   (?:{'|'.join(re.escape(escaped(label)) for label in schema)})"
    earlier = re.escape(_normalized(_text("\0", "\1", columns)))
    earlier = earlier.replace("\0", any_first).replace("\1", f"{label}(?:\\n{label})*")
    descriptions = [escaped(text) for text in schema.descriptions.values()]
    return Guide(
        _marked(_text(first, "\n".join(_described(schema)), columns)),
        (*map(escaped, schema), *descriptions),
        re.compile(earlier),
    )


def _marked(text: str) -> str:
    """Return a text with a digest below it, which tells whether it was changed."""
    digest = hashlib.blake2b(_normalized(text).encode(), digest_size=4).hexdigest()
    return f"{text}\n{MARK.format(digest=digest)}\n"


def _normalized(text: str) -> str:
    """Return a text without trailing white space, which editors may change on their own."""
    return "\n".join(line.rstrip() for line in text.splitlines()).rstrip("\n")


def _text(first: str, labels: str, columns: Columns) -> str:
    header = columns.own_headers
    return f"""\
HOW TO LABEL

{first}
{STEPS[columns.kind].format(text=escaped(columns.text), label=header["label"], labels=labels)}
3. Column `{header["comment"]}` is for your reasons; nothing has to be in it.
4. Save the file as what it is (.csv, .xlsx or .jsonl) in this folder, as often as you like.

You may sort and filter whole rows, add columns, and change your mind about a label. Please leave
the columns `{header["ask"]}` and `{escaped(columns.text)}` as they are: a row in which\
 they were changed is not counted.

Files named review-... are for reviewers. What others said is in column `{header["votes"]}`, and\
 why the sample
needs a decision in column `{header["why"]}`. Write your label, your name into column\
 `{header["reviewer"]}`, and your
reasons into column `{header["rationale"]}`.
"""


def _described(schema: LabelSchema) -> Iterator[str]:
    """Yield a line for each label, and below it its description."""
    for label in schema:
        yield f"   {escaped(label)}"
        if label in schema.descriptions:
            yield f"      {escaped(schema.descriptions[label])}"
