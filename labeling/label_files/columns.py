"""Columns of label files: the fixed ones, and the columns of the samples that people see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from labeling.errors import LabelingError, listed, near, repeated
from labeling.label_files.cells import tidy
from labeling.records import PREFIX, free_names

ASK, SAMPLE_ID, LABEL = "ask", "sample_id", "label"
ANNOTATOR, COMMENT = "annotator", "comment"
NOT_FOR = "not_for"  # who must not answer, in files of earlier versions
VOTES, WHY, REVIEWER, RATIONALE = "votes", "why", "reviewer", "rationale"
REWORK = "rework"

RESERVED = (
    ASK,
    SAMPLE_ID,
    LABEL,
    ANNOTATOR,
    COMMENT,
    NOT_FOR,
    REWORK,
    VOTES,
    WHY,
    REVIEWER,
    RATIONALE,
)
TYPED = frozenset({LABEL, COMMENT, RATIONALE})  # typed by people, so that nothing is unescaped
OF_SAMPLE = " of the sample"
FILLED_IN = (*TYPED, ANNOTATOR, REVIEWER)


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a project's files.

    In the code, fixed columns have the names above, and those of the samples `internal_name(name)`.
    In files the samples' columns keep their names, and a fixed column whose name is taken is called
    `labeling_<name>`; see `header`.

    Args:
        text: the samples' column that is labeled.
        show: more columns of the samples that people see.

    Raises:
        LabelingError: a name that is given twice, or is empty.

    >>> Columns("text", ("author",)).of_batch()
    ('ask', 'sample_id', 'text', 'author', 'label', 'annotator', 'comment')
    >>> Columns("text").find(" Label ")
    'label'
    >>> Columns("Label").find("label"), Columns("Label").header("label")
    ('Label', 'labeling_label')
    """

    text: str
    show: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in (self.text, *self.show):
            if not isinstance(name, str) or not tidy(name):
                raise LabelingError(
                    f"A column's name must be a text that is not empty. Got {name!r}."
                )
        duplicates = repeated(_key(name) for name in (self.text, *self.show))
        if duplicates:
            raise LabelingError(
                f"`text` and `show` must name different columns. Given twice: {listed(duplicates)}."
            )

    @property
    def own_headers(self) -> dict[str, str]:
        """The headers of the fixed columns, by their internal names."""
        return free_names(RESERVED, {_key(name) for name in (self.text, *self.show)})

    def header(self, name: str) -> str:
        """Return the header of a column in the files, by its internal name."""
        if name in RESERVED:
            return self.own_headers[name]
        return name.removesuffix(OF_SAMPLE)

    def internal_name(self, name: str) -> str:
        """Return the internal name of a samples' column, which differs from all fixed ones."""
        return f"{name}{OF_SAMPLE}" if name in RESERVED else name

    @property
    def sample_columns(self) -> tuple[str, ...]:
        """The internal names of the samples' columns, that of the text first."""
        return tuple(map(self.internal_name, (self.text, *self.show)))

    def of_batch(self, *, rework: bool = False) -> tuple[str, ...]:
        """Return the columns of a file for annotators.

        Args:
            rework: whether it asks for some again, since the votes were rejected.
        """
        more = (REWORK,) if rework else ()
        return (ASK, SAMPLE_ID, *self.sample_columns, *more, LABEL, ANNOTATOR, COMMENT)

    def of_review(self) -> tuple[str, ...]:
        """Return the columns of a file for reviewers."""
        return (ASK, SAMPLE_ID, *self.sample_columns, VOTES, WHY, LABEL, REVIEWER, RATIONALE)

    def is_exact(self, name: str) -> bool:
        """Return whether a column's texts must be read back unchanged."""
        return name in (self.sample_columns[0], ANNOTATOR, REVIEWER, NOT_FOR)

    def find(self, header: str) -> str | None:
        """Return the internal name of a header, ignoring case and white space."""
        key = _key(header)
        for name in self.sample_columns:
            if key == _key(self.header(name)):
                return name
        return next((name for name, header in self.own_headers.items() if key == header), None)

    def fault(self, headers: Sequence[str]) -> str | None:
        """Return what is wrong with the columns that a file has, or `None`."""
        present = [name for name in map(self.find, headers) if name is not None]
        duplicates = [name for name in repeated(present) if name != SAMPLE_ID]
        if duplicates:
            return f"Each column must be there once. There twice: {listed(duplicates)}; rename one."
        missing = [name for name in (ASK, self.sample_columns[0], LABEL) if name not in present]
        if not {ANNOTATOR, REVIEWER} & set(present):
            missing.append(ANNOTATOR)
        if not missing:
            return None
        missing = list(map(self.header, missing))
        others = [name for name in headers if name]
        return (
            f"There must be a column {' and a column '.join(map(repr, missing))}. The columns are"
            f" {listed(others, 20)}.{near(missing[0], others)}"
        )


def is_header_of(header: str, name: str) -> bool:
    """Return whether a header may be that of a fixed column, in the files of any project.

    >>> (
    ...     is_header_of(" Ask", "ask"),
    ...     is_header_of("labeling_ask", "ask"),
    ...     is_header_of("task", "ask"),
    ... )
    (True, True, False)
    """
    key = _key(header)
    while key.startswith(PREFIX):
        key = key.removeprefix(PREFIX)
    return key == name


def _key(name: str) -> str:
    return tidy(name).casefold()
