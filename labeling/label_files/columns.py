"""The columns of the files: those of every project, and the project's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from labeling.errors import LabelingError, near, repeated, shown
from labeling.label_files.cells import tidy

ASK, SAMPLE_ID, LABEL = "ask", "sample_id", "label"
ANNOTATOR, COMMENT, NOT_FOR = "annotator", "comment", "not_for"
VOTES, WHY, REVIEWER, RATIONALE = "votes", "why", "reviewer", "rationale"

RESERVED = (
    *(ASK, SAMPLE_ID, LABEL, ANNOTATOR, COMMENT, NOT_FOR),
    *(VOTES, WHY, REVIEWER, RATIONALE),
)
TYPED = frozenset({LABEL, COMMENT, RATIONALE})  # people's own words, not ours come back
FILLED_IN = (*TYPED, ANNOTATOR, REVIEWER)


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a project's files.

    Args:
        text: the samples' column that is labeled.
        show: more columns of the samples that people see.

    Raises:
        LabelingError: a name that is given twice, is empty, or that the files use themselves.

    >>> Columns("text", ("author",)).of_batch()
    ('ask', 'sample_id', 'text', 'author', 'label', 'annotator', 'comment')
    >>> Columns("text").named(" Label ")
    'label'
    """

    text: str
    show: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in (self.text, *self.show):
            if not isinstance(name, str) or not tidy(name):
                raise LabelingError(
                    f"A column's name must be a text that is not empty. Got {name!r}."
                )
        doubled = repeated(_key(name) for name in (self.text, *self.show))
        if doubled:
            raise LabelingError(
                f"`text` and `show` must name different columns. Given twice: {shown(doubled)}."
            )
        clash = [name for name in (self.text, *self.show) if _key(name) in RESERVED]
        if clash:
            raise LabelingError(
                f"`text` and `show` must not name columns that the files have for other things,"
                f" which are {shown(RESERVED, 20)}. Got {shown(clash)}; rename them in the samples."
            )

    def of_batch(self, *, again: bool = False) -> tuple[str, ...]:
        """Return the columns of a file for annotators; `again`: of one that asks for more votes."""
        barred = (NOT_FOR,) if again else ()
        return (ASK, SAMPLE_ID, self.text, *self.show, *barred, LABEL, ANNOTATOR, COMMENT)

    def of_review(self) -> tuple[str, ...]:
        """Return the columns of a file for reviewers."""
        return (ASK, SAMPLE_ID, self.text, *self.show, VOTES, WHY, LABEL, REVIEWER, RATIONALE)

    def is_exact(self, name: str) -> bool:
        """Return whether a column's texts must come back unchanged, and not only be shown."""
        return name in (self.text, ANNOTATOR, REVIEWER, NOT_FOR)

    def named(self, header: str) -> str | None:
        """Return the column that a header stands for, whatever its case and white space."""
        key = _key(header)
        if key in RESERVED:
            return key
        return next((name for name in (self.text, *self.show) if _key(name) == key), None)

    def fault(self, headers: Sequence[str]) -> str | None:
        """Return what is wrong with the columns that a file has, or `None`."""
        there = [name for name in map(self.named, headers) if name is not None]
        doubled = [name for name in repeated(there) if name != SAMPLE_ID]
        if doubled:
            return f"Each column must be there once. There twice: {shown(doubled)}; rename one."
        missing = [name for name in (ASK, self.text, LABEL) if name not in there]
        if not {ANNOTATOR, REVIEWER} & set(there):
            missing.append(ANNOTATOR)
        if not missing:
            return None
        others = [name for name in headers if name]
        return (
            f"There must be a column {' and a column '.join(map(repr, missing))}. The columns are"
            f" {shown(others, 20)}.{near(missing[0], others)}"
        )


def _key(name: str) -> str:
    return tidy(name).casefold()
