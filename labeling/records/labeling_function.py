"""`LabelingFunction`, a named function that votes on a sample or abstains, and its pickling."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from typing import Any

import cloudpickle
import numpy as np

from labeling.records.clean_text import refuse_unsafe
from labeling.records.column_rules import ColumnRule
from labeling.records.function_pickling import dumps
from labeling.records.isolation import isolated
from labeling.records.recorded_calls import RecordedCall
from labeling.records.schema import ABSTAIN, LabelSchema
from labeling.rendering import Displayed, View

RowFunction = Callable[..., Any]
Preprocessor = Callable[[Any], Any]

VOTING_SCHEMA: ContextVar[LabelSchema | None] = ContextVar("VOTING_SCHEMA", default=None)
"""The schema of the votes while labeling functions are applied."""


class LabelingFunction(Displayed):
    """A named labeling function; made by `@labeling_function` and by the ready-made kinds.

    It keeps the docstring (the expert's reason), `__name__`, `__module__` and `__wrapped__` of the
    function it wraps. It can be pickled wherever that function was defined.

    Attributes:
        name: unique among the labeling functions that are used together.
        function: votes on one row.
        resources: passed to `function` as keyword arguments.
        pre: preprocessors from row to row that run before it, in this order.
        label: for a boolean function: the label it votes for when it returns True.
        batch: for models: a function from rows to a vote for each; `function` is then unused.
        reads: the columns it needs, as far as known, checked before anything runs.
        files: absolute paths of the files it was built from; its votes may change with them.
        rule: what `function` does, as data, for the ready-made kinds.
        compile: whether it may run on whole columns where that gives the same votes.
        version: of what it depends on and cannot be hashed, such as a model: cached votes are used
            again while it is the same. `None` where it has none.
        call: how it was made, for the ready-made kinds that can be written down again.
        closed: where a sample may have several labels: whether it says no to all labels that its
            answer does not name.

    >>> from types import SimpleNamespace
    >>> lf = LabelingFunction("has_link", lambda x: "http" in x.text, label="spam")
    >>> lf(SimpleNamespace(text="see http://x.org")), lf(SimpleNamespace(text="see you"))
    ('spam', -1)
    """

    name: str
    function: RowFunction
    resources: Mapping[str, Any]
    pre: tuple[Preprocessor, ...]
    label: str | int | None
    batch: Callable[[Sequence[Any]], Sequence[Any]] | None
    reads: tuple[str, ...]
    files: tuple[str, ...]
    rule: ColumnRule | None
    compile: bool = True  # of the class, so that functions pickled by older versions have it
    version: str | int | None = None
    call: RecordedCall | None = None
    closed: bool = False

    def __init__(
        self,
        name: str,
        function: RowFunction,
        *,
        resources: Mapping[str, Any] | None = None,
        pre: Sequence[Preprocessor] = (),
        label: str | int | None = None,
        batch: Callable[[Sequence[Any]], Sequence[Any]] | None = None,
        reads: Sequence[str] = (),
        files: Sequence[str] = (),
        rule: ColumnRule | None = None,
        compile: bool = True,
    ) -> None:
        refuse_unsafe([name], "The names of labeling functions")
        functools.update_wrapper(self, function)
        self.name = name
        self.function = function
        self.resources = dict(resources or {})
        self.pre = tuple(pre)
        self.label = label
        self.batch = batch
        self.reads = tuple(reads)
        self.files = tuple(files)
        self.rule = rule
        self.compile = bool(compile)

    def __repr__(self) -> str:
        return f"LabelingFunction({self.name!r})"

    def _view(self) -> View:
        from labeling.records.function_views import labeling_function_view

        return labeling_function_view(self)

    def what_label_is_for(self) -> str:
        """Return a sentence on what `label` means."""
        return f"Votes for {self.label!r} where it returns True."

    def __call__(self, x: Any) -> Any:
        """Return the vote on one sample: any object that has the attributes the function reads.

        With `label=`, True becomes that label and False ABSTAIN; otherwise the vote is what the
        function returned. `x` is not changed: the function and its preprocessors get a deep copy.
        """
        x = isolated(x)
        for preprocess in self.pre:
            x = preprocess(copy.copy(x))
        vote = self.batch([x])[0] if self.batch else self.function(x, **self.resources)
        if self.label is not None and is_yes_or_no(vote):
            return self.label if vote else ABSTAIN
        return vote

    def __reduce__(self) -> tuple[Any, ...]:
        # By value, through cloudpickle: the function's name in its module refers to this object,
        # and modules of labeling functions, notebooks and scripts cannot be imported by a worker.
        return _restored, (dumps_functions([self]),)


def vote_code(answer: Any, schema: LabelSchema, label: str | int | None = None) -> int:
    """Return the label code of a labeling function's return value.

    Args:
        answer: the return value.
        schema: the labels.
        label: the label that a boolean function votes for.

    Raises:
        UnknownLabelError: it is not a label.
        TypeError: it is a bool, and `label` is None.
    """
    if answer is None:
        return ABSTAIN
    if is_yes_or_no(answer):
        if label is None:
            raise TypeError(f"{answer!r} is not a label")
        return schema.index(label) if answer else ABSTAIN
    if not isinstance(answer, (str, float)) and answer == ABSTAIN and hasattr(answer, "__index__"):
        return ABSTAIN
    return schema.index(answer)


def dumps_functions(lfs: Sequence[LabelingFunction]) -> bytes:
    """Pickle labeling functions together; objects that they share are pickled once."""
    # How they were made is left out: it holds the words and tables once more.
    return dumps(
        [(type(lf), {key: value for key, value in vars(lf).items() if key != "call"}) for lf in lfs]
    )


def loads_functions(pickled: bytes) -> list[LabelingFunction]:
    """Unpickle labeling functions; for pipes between processes only, never for files."""
    lfs = []
    for kind, state in cloudpickle.loads(pickled):
        lf: LabelingFunction = kind.__new__(kind)
        vars(lf).update(state)
        lfs.append(lf)
    return lfs


def _restored(state: bytes) -> LabelingFunction:
    return loads_functions(state)[0]


def is_yes_or_no(value: object) -> bool:
    """Return whether a value is a bool, NumPy's included."""
    return isinstance(value, (bool, np.bool_))
