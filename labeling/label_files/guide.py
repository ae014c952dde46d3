"""What people are told about how to label in the files."""

from __future__ import annotations

from collections.abc import Iterator

from labeling.label_files.cells import escaped
from labeling.label_files.columns import Columns
from labeling.label_files.dealing import People
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


def guide(schema: LabelSchema, columns: Columns, annotators: People, votes: int) -> str:
    """Return how to label, for the people who do.

    >>> text = guide(LabelSchema(["ham", "spam"]), Columns("text"), People([], "annotators"), 2)
    >>> text.splitlines()[0]
    'HOW TO LABEL'
    """
    labels = "\n".join(_described(schema))
    own = columns.own_headers
    first = (NAMED if annotators.names else ANYBODY).format(votes=votes, own=own)
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
