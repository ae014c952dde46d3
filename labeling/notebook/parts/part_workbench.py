"""The workbenches of spans and of several labels; `Workbench` makes them by the schema."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, Literal

import numpy as np

from labeling.analysis.set_quality import set_scores
from labeling.analysis.span_quality import span_scores
from labeling.errors import DataError, GoldError
from labeling.functions import labeling_function
from labeling.functions.span_decorator import span_labeling_function
from labeling.label_models import SetModel, SpanModel
from labeling.notebook.commit_log import Measure
from labeling.notebook.commit_votes import KeptVotes
from labeling.notebook.parts.dev_set import text_at
from labeling.notebook.parts.looking import PartLooking
from labeling.notebook.parts.suggesting import PartSuggesting
from labeling.notebook.parts.versions import PartVersions, kept_faults
from labeling.notebook.vote_cells import sets_of_cells, spans_of_cells
from labeling.notebook.workbench import Workbench
from labeling.records import (
    AnyVotes,
    Gold,
    LabelingFunction,
    LabelKind,
    SetVotes,
    SoftSets,
    SoftSpans,
    SpanVotes,
    checked_spans,
    expect,
    gold_sets,
    gold_spans,
)
from labeling.records.estimates import Estimate
from labeling.records.samples import id_index
from labeling.records.set_votes import Answers
from labeling.records.span_marks import Marks


class PartWorkbench(  # type: ignore[misc]  # results of parts are their own
    PartSuggesting, PartVersions, PartLooking, Workbench
):
    """A workbench where labels have parts: spans of a text, or several labels of a sample.

    Its verbs are those of `Workbench`; what they return shows a row for each part.
    """


class SpanWorkbench(PartWorkbench, kind=LabelKind.SPANS):
    """A workbench of spans; `Workbench` makes it of a schema of `kind="spans"`.

    Raises:
        DataError: also if the column of the text is not known.

    >>> import pandas as pd
    >>> from labeling import LabelSchema, Workbench
    >>> notes = pd.DataFrame({"text": ["Ann met Bob.", "No one came."]}, index=["n1", "n2"])
    >>> schema = LabelSchema(["PER"], kind="spans")
    >>> workbench = Workbench(notes, schema, gold={"n1": [(0, 3, "PER"), (8, 11, "PER")]})
    >>> @workbench.lf(label="PER")
    ... def first_word(x):
    ...     yield 0, x.text.find(" ")
    >>> workbench.votes()
    SpanVotes(2 samples x 1 voter, 2 spans, labels 'PER')
    """

    _measure = Measure("f1", "dev F1")

    def _take_gold(self, gold: Gold | None) -> None:
        self._text = self.text  # spans are in it
        super()._take_gold(gold)

    def _checked_gold(self, gold: Gold | None) -> dict[Hashable, Any]:
        checked = gold_spans(gold, self.samples.index, self.schema)
        rows = self.samples.index.get_indexer(id_index(list(checked))).tolist()
        for row, (sample_id, spans) in zip(rows, checked.items(), strict=True):
            try:
                checked_spans(spans, self.schema, text_at(self.samples, self.text, row))
            except DataError as error:
                raise GoldError(f"Gold of sample {sample_id!r}: {error}") from error
        return checked

    def _posteriors(self, votes: SpanVotes) -> SoftSpans:
        return SpanModel().fit(votes).predict(votes)

    def _f1(self, predicted: Any) -> Estimate:
        return span_scores(predicted, self.gold, self.schema).f1

    def _votes_again(self, kept: KeptVotes) -> SpanVotes:
        ids, texts = self.samples.index, self.samples[self.text].tolist()
        votes = spans_of_cells(kept.cells, kept.lf.name, ids, self.schema, texts)
        faults, n_trimmed = kept_faults(kept, ids), kept.notes.get("trimmed", 0)
        trimmed = {kept.lf.name: n_trimmed} if n_trimmed else {}
        return SpanVotes(
            votes.marks, ids, votes.voters, self.schema, faults=faults, trimmed=trimmed
        )

    def _of_one(self, votes: AnyVotes) -> SpanVotes:
        return expect(votes, SpanVotes, "Votes")

    @property
    def _silent(self) -> SpanVotes:
        return SpanVotes(Marks.empty(), self.samples.index, ["nobody"], self.schema)

    def lf(  # type: ignore[override]  # span functions are not compiled
        self,
        function: Callable[..., Any] | None = None,
        /,
        *,
        label: str | int | None = None,
        overlaps: Literal["longest", "error"] = "longest",
        name: str | None = None,
        resources: Mapping[str, Any] | None = None,
        pre: Sequence[Callable[[Any], Any]] = (),
        version: str | int | None = None,
    ) -> Any:
        """Make a function a span labeling function and add it; running the cell again replaces it.

        Args are those of `labeling.span_labeling_function`.
        """

        def decorate(decorated: Callable[..., Any]) -> LabelingFunction:
            made = span_labeling_function(
                label=label,
                overlaps=overlaps,
                name=name,
                resources=resources,
                pre=pre,
                version=version,
            )(decorated)
            self.add(made)
            return made

        return decorate if function is None else decorate(function)


class SetWorkbench(PartWorkbench, kind=LabelKind.SEVERAL):
    """A workbench of several labels a sample; `Workbench` makes it of `kind="several"`.

    >>> import pandas as pd
    >>> from labeling import LabelSchema, Workbench
    >>> posts = pd.DataFrame({"text": ["so happy :)", "angry, yet happy"]}, index=["p1", "p2"])
    >>> schema = LabelSchema(["joy", "anger"], kind="several")
    >>> workbench = Workbench(posts, schema, gold={"p2": ["joy", "anger"]})
    >>> @workbench.lf
    ... def feelings(x):
    ...     return {
    ...         label for label, word in [("joy", "happy"), ("anger", "angry")] if word in x.text
    ...     }
    >>> workbench.votes()
    SetVotes(2 samples x 1 voter, 3 yes, 0 no, labels 'joy', 'anger')
    """

    _measure = Measure("micro_f1", "dev micro F1")

    def _checked_gold(self, gold: Gold | None) -> dict[Hashable, Any]:
        return gold_sets(gold, self.samples.index, self.schema)

    def _posteriors(self, votes: SetVotes) -> SoftSets:
        if self.project is None:
            return SetModel().fit(votes).predict(votes)
        config = self.project.config
        model = SetModel(exclusive=config.exclusive, implies=dict(config.implies))
        return model.fit(votes).predict(votes)

    def _f1(self, predicted: Any) -> Estimate:
        return set_scores(predicted, self.gold, self.schema).micro

    def _votes_again(self, kept: KeptVotes) -> SetVotes:
        ids = self.samples.index
        votes = sets_of_cells(kept.cells, kept.lf.name, ids, self.schema)
        return SetVotes(votes.answers, ids, votes.voters, self.schema, kept_faults(kept, ids))

    def _of_one(self, votes: AnyVotes) -> SetVotes:
        return expect(votes, SetVotes, "Votes")

    @property
    def _silent(self) -> SetVotes:
        nothing = np.zeros(0, dtype=np.int64)
        answers = Answers(nothing, nothing, nothing, nothing.astype(bool))
        return SetVotes(answers, self.samples.index, ["nobody"], self.schema)

    def lf(
        self,
        function: Callable[..., Any] | None = None,
        /,
        *,
        label: str | int | None = None,
        closed: bool = False,
        name: str | None = None,
        resources: Mapping[str, Any] | None = None,
        pre: Sequence[Callable[[Any], Any]] = (),
        compile: bool = True,
        version: str | int | None = None,
    ) -> Any:
        """Make a function a labeling function and add it; running the cell again replaces it.

        Args are those of `labeling.labeling_function`.
        """

        def decorate(decorated: Callable[..., Any]) -> LabelingFunction:
            made = labeling_function(
                label=label,
                closed=closed,
                name=name,
                resources=resources,
                pre=pre,
                compile=compile,
                version=version,
            )(decorated)
            self.add(made)
            return made

        return decorate if function is None else decorate(function)
