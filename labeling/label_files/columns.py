"""The columns of the files: those of every project, and the project's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from labeling.errors import LabelingError, near, repeated, shown
from labeling.label_files.cells import tidy
from labeling.records import PREFIX, free_names

ASK, SAMPLE_ID, LABEL = "ask", "sample_id", "label"
ANNOTATOR, COMMENT, NOT_FOR = "annotator", "comment", "not_for"
VOTES, WHY, REVIEWER, RATIONALE = "votes", "why", "reviewer", "rationale"

RESERVED = (
    *(ASK, SAMPLE_ID, LABEL, ANNOTATOR, COMMENT, NOT_FOR),
    *(VOTES, WHY, REVIEWER, RATIONALE),
)
TYPED = frozenset({LABEL, COMMENT, RATIONALE})  # people's own words, not ours come back
OF_SAMPLE = " of the sample"
FILLED_IN = (*TYPED, ANNOTATOR, REVIEWER)


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a project's files.

    Inside, our columns go by the names above, and those of the samples by `inside(name)`. In files
    the samples' columns have their own names, and where one has a name of ours, ours is called
    `labeling_<name>`; see `header`.

    Args:
        text: the samples' column that is labeled.
        show: more columns of the samples that people see.

    Raises:
        LabelingError: a name that is given twice, or is empty.

    >>> Columns("text", ("author",)).of_batch()
    ('ask', 'sample_id', 'text', 'author', 'label', 'annotator', 'comment')
    >>> Columns("text").named(" Label ")
    'label'
    >>> Columns("Label").named("label"), Columns("Label").header("label")
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
        doubled = repeated(_key(name) for name in (self.text, *self.show))
        if doubled:
            raise LabelingError(
                f"`text` and `show` must name different columns. Given twice: {shown(doubled)}."
            )

    @property
    def own_headers(self) -> dict[str, str]:
        """What our columns are called in the files, by their names inside."""
        return free_names(RESERVED, {_key(name) for name in (self.text, *self.show)})

    def header(self, name: str) -> str:
        """Return what a column is called in the files, by its name inside."""
        if name in RESERVED:
            return self.own_headers[name]
        return name.removesuffix(OF_SAMPLE)

    def inside(self, name: str) -> str:
        """Return what a column of the samples is called inside, where ours keep their names."""
        return f"{name}{OF_SAMPLE}" if name in RESERVED else name

    @property
    def sample_columns(self) -> tuple[str, ...]:
        """The samples' columns by their names inside, that of the text first."""
        return tuple(map(self.inside, (self.text, *self.show)))

    def of_batch(self, *, again: bool = False) -> tuple[str, ...]:
        """Return the columns of a file for annotators; `again`: of one that asks for more votes."""
        barred = (NOT_FOR,) if again else ()
        return (ASK, SAMPLE_ID, *self.sample_columns, *barred, LABEL, ANNOTATOR, COMMENT)

    def of_review(self) -> tuple[str, ...]:
        """Return the columns of a file for reviewers."""
        return (ASK, SAMPLE_ID, *self.sample_columns, VOTES, WHY, LABEL, REVIEWER, RATIONALE)

    def is_exact(self, name: str) -> bool:
        """Return whether a column's texts must come back unchanged, and not only be shown."""
        return name in (self.sample_columns[0], ANNOTATOR, REVIEWER, NOT_FOR)

    def named(self, header: str) -> str | None:
        """Return the column that a header stands for, whatever its case and white space."""
        key = _key(header)
        for name in self.sample_columns:
            if key == _key(self.header(name)):
                return name
        return next((name for name, own in self.own_headers.items() if key == own), None)

    def fault(self, headers: Sequence[str]) -> str | None:
        """Return what is wrong with the columns that a file has, or `None`."""
        there = [name for name in map(self.named, headers) if name is not None]
        doubled = [name for name in repeated(there) if name != SAMPLE_ID]
        if doubled:
            return f"Each column must be there once. There twice: {shown(doubled)}; rename one."
        missing = [name for name in (ASK, self.sample_columns[0], LABEL) if name not in there]
        if not {ANNOTATOR, REVIEWER} & set(there):
            missing.append(ANNOTATOR)
        if not missing:
            return None
        missing = list(map(self.header, missing))
        others = [name for name in headers if name]
        return (
            f"There must be a column {' and a column '.join(map(repr, missing))}. The columns are"
            f" {shown(others, 20)}.{near(missing[0], others)}"
        )


def is_header_of(header: str, name: str) -> bool:
    """Return whether a header may be that of a column of ours, in the files of any project.

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
