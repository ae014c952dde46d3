"""Columns of label files: the fixed ones, and the columns of the samples that people see."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from labeling.errors import LabelingError, listed, near, repeated
from labeling.label_files.cells import tidy
from labeling.records import PREFIX, LabelKind, LabelSchema, free_name

ASK, SAMPLE_ID, LABEL = "ask", "sample_id", "label"
ANNOTATOR, COMMENT = "annotator", "comment"
NOT_FOR = "not_for"  # who must not answer, in files of earlier versions
VOTES, WHY, REVIEWER, RATIONALE = "votes", "why", "reviewer", "rationale"
REWORK = "rework"
ANSWERS = {LabelKind.ONE: LABEL, LabelKind.SEVERAL: "labels", LabelKind.SPANS: "spans"}
JSONL = "jsonl"
MARK = "\0"  # begins the internal names of columns in which labels are marked

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
        kind: what a label is, by which column `label` is called.
        marks: labels with a column of their own in spreadsheets, in which people mark them.
        writes_marks: whether new files have these columns.

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
    kind: LabelKind = LabelKind.ONE
    marks: tuple[str, ...] = ()
    writes_marks: bool = False

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
        alike = repeated(map(_key, self.marks))
        if alike:
            raise LabelingError(
                "Labels must differ by more than case and white space to have a column each. Given"
                f" twice: {listed(alike)}; give them other names."
            )

    @property
    def own_headers(self) -> dict[str, str]:
        """The headers of the fixed columns, by their internal names."""
        taken = {_key(name) for name in (self.text, *self.show)}
        names = {name: ANSWERS[self.kind] if name == LABEL else name for name in RESERVED}
        return {name: free_name(header, taken) for name, header in names.items()}

    @property
    def renamed_headers(self) -> dict[str, str]:
        """The headers of the fixed columns, by those that they would have beside no others."""
        plain = ANSWERS[self.kind]
        return {
            plain if name == LABEL else name: header for name, header in self.own_headers.items()
        }

    @property
    def _mark_headers(self) -> dict[str, str]:
        """The headers of the columns in which labels are marked, by their internal names."""
        taken = {_key(name) for name in (self.text, *self.show, *self.own_headers.values())}
        headers = {}
        for label in self.marks:
            header = label
            while _key(header) in taken:
                header = PREFIX + header
            headers[mark_column(label)] = header
            taken.add(_key(header))
        return headers

    @property
    def _new_marks(self) -> tuple[str, ...]:
        """The internal names of columns for marks in new files."""
        return tuple(map(mark_column, self.marks)) if self.writes_marks else ()

    def header(self, name: str) -> str:
        """Return the header of a column in the files, by its internal name."""
        if name in RESERVED:
            return self.own_headers[name]
        if name.startswith(MARK):
            return self._mark_headers[name]
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
        answer = (*self._new_marks, LABEL)
        return (ASK, SAMPLE_ID, *self.sample_columns, *more, *answer, ANNOTATOR, COMMENT)

    def of_review(self) -> tuple[str, ...]:
        """Return the columns of a file for reviewers."""
        answer = (*self._new_marks, LABEL)
        return (ASK, SAMPLE_ID, *self.sample_columns, VOTES, WHY, *answer, REVIEWER, RATIONALE)

    def is_exact(self, name: str) -> bool:
        """Return whether a column's texts must be read back unchanged."""
        return name in (self.sample_columns[0], ANNOTATOR, REVIEWER, NOT_FOR)

    def is_typed(self, name: str) -> bool:
        """Return whether people type into a column, so that nothing in it is unescaped."""
        return name in TYPED or name.startswith(MARK)

    def signed(self, text: str) -> str:
        r"""Return what the digest in column `ask` is of: spans count each space of a text.

        >>> Columns("text").signed("a  b"), Columns("text", kind=LabelKind.SPANS).signed("a  b")
        ('a  b', 'a\\x20\\x20b')
        """
        if self.kind != LabelKind.SPANS:
            return text
        return text.encode("unicode_escape").decode("ascii").replace(" ", "\\x20")

    def find(self, header: str) -> str | None:
        """Return the internal name of a header, ignoring case and white space."""
        key = _key(header)
        for name in self.sample_columns:
            if key == _key(self.header(name)):
                return name
        fixed = next((name for name, header in self.own_headers.items() if key == header), None)
        marks = (name for name, header in self._mark_headers.items() if key == _key(header))
        return fixed or next(marks, None)

    def fault(self, headers: Sequence[str]) -> str | None:
        """Return what is wrong with the columns that a file has, or `None`."""
        present = [name for name in map(self.find, headers) if name is not None]
        duplicates = [name for name in repeated(present) if name != SAMPLE_ID]
        if duplicates:
            return f"Each column must be there once. There twice: {listed(duplicates)}; rename one."
        missing = [name for name in (ASK, self.sample_columns[0], LABEL) if name not in present]
        if not {ANNOTATOR, REVIEWER} & set(present):
            missing.append(ANNOTATOR)
        if any(name.startswith(MARK) for name in present):  # a label without would seem unmarked
            missing += [name for name in map(mark_column, self.marks) if name not in present]
        if not missing:
            return None
        missing = list(map(self.header, missing))
        others = [name for name in headers if name]
        return (
            f"There must be a column {' and a column '.join(map(repr, missing))}. The columns are"
            f" {listed(others, 20)}.{near(missing[0], others)}"
        )


def columns_of(schema: LabelSchema, text: str, show: tuple[str, ...], file_kind: str) -> Columns:
    """Return the columns of a project's files.

    Raises:
        LabelingError: names of columns or labels clash; spans are to be written into cells.
    """
    if schema.kind == LabelKind.SPANS and file_kind != JSONL:
        raise LabelingError(
            f"`kind` must be {JSONL!r} where labels are spans, which do not fit into the cells of a"
            f" spreadsheet. Got {file_kind!r}."
        )
    marks = schema.labels if schema.kind == LabelKind.SEVERAL else ()
    return Columns(text, show, schema.kind, marks, writes_marks=file_kind != JSONL)


def mark_column(label: str) -> str:
    """Return the internal name of the column in which a label is marked."""
    return f"{MARK}{label}"


def answer_columns(names: Iterable[str], columns: Columns) -> tuple[frozenset[str], frozenset[str]]:
    """Return the columns of a file in which labels are marked, and those that hold lists."""
    lists = () if columns.kind == LabelKind.ONE else (LABEL,)
    return frozenset(name for name in names if name.startswith(MARK)), frozenset(lists)


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
