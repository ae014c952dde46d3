"""`SpanLabelingFunction`, a labeling function that marks parts of a text."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from labeling.records.isolation import isolated
from labeling.records.labeling_function import LabelingFunction, Preprocessor, RowFunction
from labeling.records.span_answers import Overlaps, marked_parts, without_overlaps
from labeling.records.spans import Span

_MISSING = object()


class SpanLabelingFunction(LabelingFunction):
    """A labeling function that marks spans; made by `@span_labeling_function` and ready-made kinds.

    Attributes:
        overlaps: which of its own spans stay where some overlap: "longest", or "error" to refuse
            them.
        column: the column of the text that its spans are in; `None` means that of `apply`.

    >>> from types import SimpleNamespace
    >>> lf = SpanLabelingFunction("first", lambda x: (0, x.text.find(" ")), label="PER")
    >>> lf(SimpleNamespace(text="Ann met Bob."))
    [Span(start=0, end=3, label='PER')]
    """

    overlaps: Overlaps
    column: str | None

    def __init__(
        self,
        name: str,
        function: RowFunction,
        *,
        label: str | int | None = None,
        overlaps: Overlaps = "longest",
        resources: Mapping[str, Any] | None = None,
        pre: Sequence[Preprocessor] = (),
        batch: Callable[[Sequence[Any]], Sequence[Any]] | None = None,
        column: str | None = None,
    ) -> None:
        reads = () if column is None else (column,)
        super().__init__(
            name,
            function,
            resources=resources,
            pre=pre,
            label=label,
            batch=batch,
            reads=reads,
            compile=False,
        )
        self.overlaps = overlaps
        self.column = column

    def __repr__(self) -> str:
        return f"SpanLabelingFunction({self.name!r})"

    def what_label_is_for(self) -> str:
        """Return a sentence on what `label` means."""
        return f"Marks spans as {self.label!r} unless it gives them a label."

    def __call__(self, x: Any) -> list[Span]:
        """Return the spans in one sample, sorted; the label is `None` where nothing is.

        Args:
            x: any object that has the attributes the function reads. Its column `text`, or that of
                a ready-made kind, is the text that the spans are in.

        Raises:
            DataError: what the function returned are no spans of the text.
        """
        x = isolated(x)
        text = self._text_of(x)
        for preprocess in self.pre:
            x = preprocess(copy.copy(x))
        answer = self.batch([x])[0] if self.batch else self.function(x, **self.resources)
        parts = marked_parts(answer, text, self.label)
        return [Span(*part) for part in without_overlaps(parts, self.overlaps, text)[0]]

    def _text_of(self, x: Any) -> str | None:
        name = self.column or "text"
        try:
            text = x[name] if isinstance(x, Mapping) else getattr(x, name, _MISSING)
        except KeyError:
            return None
        return text if isinstance(text, str) else None


def collected(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return a function that runs a generator to its end, so that its errors are those of a call.

    >>> collected(lambda x: (n for n in range(x)))(3)
    [0, 1, 2]
    """

    def call(x: Any) -> Any:
        answer = function(x)
        if answer is None or type(answer) is list:  # is most often; an iterator takes longer to see
            return answer
        return list(answer) if isinstance(answer, Iterator) else answer

    return call
