"""What is asked of a workbench of spans or of several labels: preview, diff, buckets, errors."""

from __future__ import annotations

from labeling.notebook.buckets import Slice, Value
from labeling.notebook.comparing import Comparing, Function, SetPair
from labeling.notebook.function_set import FunctionSet
from labeling.notebook.parts.part_buckets import (
    PartConflictPairs,
    part_bucket,
    part_conflict_pairs,
    part_conflicts,
)
from labeling.notebook.parts.part_diffs import (
    PartDiff,
    part_diff_of_functions,
    part_diff_of_sets,
)
from labeling.notebook.parts.part_errors import part_errors
from labeling.notebook.parts.part_overview import part_dev_set_sentence
from labeling.notebook.parts.part_previews import PartPreview, part_preview
from labeling.notebook.parts.part_rows import PartRows
from labeling.notebook.parts.part_summaries import PartSummary
from labeling.notebook.parts.part_table import noun_of
from labeling.notebook.parts.part_uncovered import PartUncovered, part_uncovered
from labeling.notebook.parts.state import PartState


class PartLooking(PartState, Comparing):
    """Shows what labeling functions do to parts, before and after they are added.

    A part is a span, or a label of a sample.
    """

    def preview(self, lf: Function) -> PartPreview:
        """Return what a labeling function would do among the others; it is not added.

        Coverage and new coverage are shares of all samples, overlaps and conflicts of what it says;
        precision and recall are measured on the dev set, recall on the gold of the labels that it
        gives. Where the set has a function of that name, the preview says what changes against it.
        The label model is fitted without the dev set, with and without the function, when the
        preview is shown.

        Args:
            lf: a labeling function, or the name of one in the set.

        Raises:
            LabelingFunctionError: it is not a labeling function, or none of that name is there.
            UnknownLabelError: it gives a label that the schema lacks.

        >>> import pandas as pd
        >>> from labeling import LabelSchema, Workbench
        >>> from labeling.functions import span_regex
        >>> notes = pd.DataFrame({"text": ["Ann met Bob.", "Bob left."]})
        >>> schema = LabelSchema(["PER"], kind="spans")
        >>> workbench = Workbench(notes, schema, gold={0: [(0, 3, "PER"), (8, 11, "PER")]})
        >>> preview = workbench.preview(span_regex("PER", r"Bob"))
        >>> preview.measures.votes, preview.measures.samples, str(preview.measures.recall)
        (2, 2, '0.500 [0.095, 0.905], n = 2')
        """
        voted = self._voted(lf)
        self._looked_at_dev()
        return part_preview(self._part_moment(), voted, self._older(voted))

    def diff(
        self,
        before: Function | FunctionSet | None = None,
        after: Function | FunctionSet | None = None,
        *,
        base: FunctionSet | str | None = None,
    ) -> PartDiff:
        """Return which spans, or labels of samples, are gained, lost or given another label.

        `diff(lf)` compares a function with the version in the set of that name, or if that is the
        same, with the version it replaced. `diff(a, b)` compares two functions, or two sets, the
        first being the one before. `diff()` compares the current set with the last commit, or with
        no functions where there is none.

        Of sets, a part is there where any function gives it a label; of several labels it has the
        one of most functions. What the label model decides of it is in `model`.

        Args:
            before: a function, its name, or a set of functions.
            after: the same, to compare `before` with.
            base: the set, or the id of the commit, to compare with.

        Raises:
            LabelingFunctionError: there is no function of that name, or a function is compared
                with a set.

        >>> import pandas as pd
        >>> from labeling import LabelSchema, Workbench
        >>> from labeling.functions import span_regex
        >>> notes = pd.DataFrame({"text": ["Ann met Bob.", "Bob left."]})
        >>> workbench = Workbench(notes, LabelSchema(["PER"], kind="spans"))
        >>> lf = workbench.add(span_regex("PER", r"Ann", name="names"))
        >>> diff = workbench.diff(span_regex("PER", r"Bob", name="names"))
        >>> diff.gained, diff.lost, diff.flipped
        (2, 1, 0)
        """
        moment = self._part_moment()
        pair = self._compared(before, after, base)
        self._looked_at_dev()
        if isinstance(pair, SetPair):
            return part_diff_of_sets(moment, pair.before, pair.after, pair.title)
        return part_diff_of_functions(moment, pair.before, pair.after, self.functions, pair.title)

    def bucket(
        self,
        lf: Function | None = None,
        *,
        vote: Value = None,
        gold: Value = None,
        model: Value = None,
        conflict_with: Function | None = None,
        slice: Slice = None,
    ) -> PartRows:
        """Return the spans, or labels of samples, that meet all conditions, a row for each.

        Args:
            lf: a labeling function or its name; without `vote`, the spans that it marks, or the
                labels that it says yes or no to.
            vote: a label, "any" (label), "(none)" where it speaks against the part, or "abstain":
                of `lf`, or without it of any function ("abstain": of all). A list means one of
                several, as in all arguments that take labels.
            gold: a label, "any" (label), "(none)" where the dev set has no such part, or "none" for
                samples that are not in the dev set. `bucket(gold="any", vote="abstain")` returns
                what all functions miss.
            model: the label model's label, "any" (label), "(none)", or "none" where no function
                speaks of the part.
            conflict_with: a function that says something else of it than `lf`, or without `lf`,
                than any other function.
            slice: a boolean Series by sample id, an array in the order of the samples, or a
                function from the samples to one of these.

        Where a label is called "any", "(none)", "none" or "abstain", the word means that label; -1
        then means none.

        Raises:
            UnknownLabelError: a value is no label.
            LabelingFunctionError: there is no function of that name.
            DataError: the slice is not a bool for each sample.

        >>> import pandas as pd
        >>> from labeling import LabelSchema, Workbench
        >>> from labeling.functions import span_regex
        >>> notes = pd.DataFrame({"text": ["Ann met Bob.", "Bob left."]})
        >>> schema = LabelSchema(["PER"], kind="spans")
        >>> workbench = Workbench(notes, schema, gold={0: [(0, 3, "PER"), (8, 11, "PER")]})
        >>> lf = workbench.add(span_regex("PER", r"Ann"))
        >>> workbench.bucket(gold="any", vote="abstain").to_frame()["span"].tolist()
        ['Bob']
        """
        voted = None if lf is None else self._voted(lf)
        other = None if conflict_with is None else self._voted(conflict_with)
        self._looked_at_dev()
        return part_bucket(self._part_moment(), voted, vote, gold, model, other, slice)

    def errors(self, lf: Function | None = None) -> PartRows:
        """Return the wrong spans, or labels of samples, of the dev set, the most confident first.

        The column `error` says what is wrong: "spurious" (nothing is there), "wrong label", "wrong
        edges" (it overlaps a gold span that it does not match), "wrong no" (a function says that a
        sample has not a label which it has); and of the label model "missed": a gold span, or label
        of a sample, that it does not give. A gold span beside one with wrong edges is not counted
        as missed.

        Confidence is the label model's probability of what is wrong; what no function speaks of
        comes last.

        Args:
            lf: a labeling function or its name; `None` takes what the label model decides.

        Raises:
            LabelingFunctionError: there is no function of that name.
        """
        voted = None if lf is None else self._voted(lf)
        self._looked_at_dev()
        return part_errors(self._part_moment(), voted)

    def conflicts(
        self, a: Function | None = None, b: Function | None = None
    ) -> PartRows | PartConflictPairs:
        """Return the spans, or labels of samples, of which two functions say different things.

        Of a span, functions say different things where they give it different labels, or one of
        them marks a longer or crossing span instead. A span inside a longer one is no conflict
        over the longer one.

        Args:
            a: a labeling function or its name; `None` returns the table of all pairs that conflict,
                with who is right on the dev set.
            b: another one; `None` is any other.

        Raises:
            LabelingFunctionError: there is no function of that name, or both are the same.
        """
        self._looked_at_dev()
        pair = self._voted_pair(a, b)
        if pair is None:
            return part_conflict_pairs(self._part_moment())
        return part_conflicts(self._part_moment(), *pair)

    def uncovered(self, n_clusters: int = 8) -> PartUncovered:
        """Return the samples of which no function says anything, in clusters of similar texts.

        It tells as well how many gold spans, or labels of samples, no function speaks of.

        Args:
            n_clusters: at most how many clusters.

        Raises:
            DataError: `n_clusters` is not a whole number from 1.
        """
        self._looked_at_dev()
        return part_uncovered(self._part_moment(), n_clusters)

    def summary(self) -> PartSummary:
        """Return all functions in a table, and how well the label model does on the dev set."""
        self._looked_at_dev()
        return PartSummary(self._part_moment(), self._all_looks())

    def _dev_set_sentence(self) -> str:
        return part_dev_set_sentence(self.gold, self.schema, noun_of(self._silent))
