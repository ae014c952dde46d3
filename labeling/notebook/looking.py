"""What is asked of a workbench: preview, diff, buckets, errors, conflicts, uncovered, summary."""

from __future__ import annotations

from labeling.notebook.buckets import Slice, Value, bucket_of, conflicts_of, errors_of
from labeling.notebook.comparing import Comparing, Function, SetPair
from labeling.notebook.conflict_pairs import ConflictPairs, conflict_pairs
from labeling.notebook.diffs import Diff, diff_of_functions, diff_of_sets
from labeling.notebook.function_set import FunctionSet
from labeling.notebook.moment import Moment
from labeling.notebook.previews import Preview, preview_of
from labeling.notebook.rows import SampleRows
from labeling.notebook.summaries import Summary
from labeling.notebook.uncovered import Uncovered, uncovered_of


class Looking(Comparing):
    """Shows what labeling functions do, before and after they are added."""

    def preview(self, lf: Function) -> Preview:
        """Return what a labeling function would do among the others; it is not added.

        Coverage, new coverage, overlaps and conflicts are shares of all samples; precision is
        measured on the dev set, for each label where the function votes for several. Where the set
        has a function of that name, the preview says what changes against it. The label model is
        fitted without the dev set, with and without the function, when the preview is shown.

        Args:
            lf: a labeling function, or the name of one in the set.

        Raises:
            LabelingFunctionError: it is not a labeling function, or none of that name is there.
            UnknownLabelError: it votes for a label that the schema lacks.

        >>> import pandas as pd
        >>> from labeling import LabelSchema, Workbench
        >>> from labeling.functions import keywords
        >>> texts = pd.DataFrame({"text": ["free cash", "free love", "nice song"]})
        >>> workbench = Workbench(texts, LabelSchema(["ham", "spam"]), gold={0: "spam", 1: "ham"})
        >>> preview = workbench.preview(keywords("free", ["free"], label="spam"))
        >>> preview.measures.votes, preview.measures.new, str(preview.measures.precision)
        (2, 2, '0.500 [0.095, 0.905], n = 2')
        >>> len(workbench.functions)
        0
        """
        voted = self._voted(lf)
        self._looked_at_dev()
        return preview_of(self._moment(), voted, self._older(voted))

    def diff(
        self,
        before: Function | FunctionSet | None = None,
        after: Function | FunctionSet | None = None,
        *,
        base: FunctionSet | str | None = None,
    ) -> Diff:
        """Return which samples gain, lose or change a vote, with precision before and after.

        `diff(lf)` compares a function with the version in the set of that name, or if that is the
        same, with the version it replaced. `diff(a, b)` compares two functions, or two sets, the
        first being the one before. `diff()` compares the current set with the last commit, or with
        no functions where there is none. Of sets the majority votes are compared.

        Args:
            before: a function, its name, or a set of functions.
            after: the same, to compare `before` with.
            base: the set, or the id of the commit, to compare with.

        Raises:
            LabelingFunctionError: there is no function of that name, or a function is compared
                with a set.

        >>> import pandas as pd
        >>> from labeling import LabelSchema, Workbench
        >>> from labeling.functions import keywords
        >>> texts = pd.DataFrame({"text": ["free cash", "free love", "win"]})
        >>> workbench = Workbench(texts, LabelSchema(["ham", "spam"]))
        >>> lf = workbench.add(keywords("money", ["free"], label="spam"))
        >>> diff = workbench.diff(keywords("money", ["cash", "win"], label="spam"))
        >>> diff.gained, diff.lost, diff.flipped
        (1, 1, 0)
        """
        moment = self._moment()
        pair = self._compared(before, after, base)
        self._looked_at_dev()
        if isinstance(pair, SetPair):
            return diff_of_sets(moment, pair.before, pair.after, pair.title)
        return diff_of_functions(moment, pair.before, pair.after, self.functions, pair.title)

    def bucket(
        self,
        lf: Function | None = None,
        *,
        vote: Value = None,
        gold: Value = None,
        model: Value = None,
        conflict_with: Function | None = None,
        slice: Slice = None,
    ) -> SampleRows:
        """Return the samples that meet all conditions, with the parts of texts that fired marked.

        Args:
            lf: a labeling function or its name; without `vote`, the samples on which it votes.
            vote: a label, "any", or "abstain": of `lf`, or without it of any function ("abstain":
                of all). A list means one of several, as in all arguments that take labels.
            gold: a label, "any", or "none" for samples that are not in the dev set.
            model: the label model's label, "any", or "none" where it has none.
            conflict_with: a function that votes for another label than `lf`, or without `lf`, than
                any other function.
            slice: a boolean Series by sample id, an array in the order of the samples, or a
                function from the samples to one of these.

        Where a label is called "any", "none" or "abstain", the word means that label; -1 then
        means none.

        Raises:
            UnknownLabelError: a value is no label.
            LabelingFunctionError: there is no function of that name.
            DataError: the slice is not a bool for each sample.

        >>> import pandas as pd
        >>> from labeling import LabelSchema, Workbench
        >>> from labeling.functions import keywords
        >>> texts = pd.DataFrame({"text": ["free cash", "free love", "nice song"]})
        >>> workbench = Workbench(texts, LabelSchema(["ham", "spam"]), gold={0: "spam", 1: "ham"})
        >>> lf = workbench.add(keywords("free", ["free"], label="spam"))
        >>> workbench.bucket(lf, vote="spam", gold="ham").to_frame()["text"].tolist()
        ['free love']
        """
        voted = None if lf is None else self._voted(lf)
        other = None if conflict_with is None else self._voted(conflict_with)
        self._looked_at_dev()
        return bucket_of(self._moment(), voted, vote, gold, model, other, slice)

    def errors(self, lf: Function | None = None) -> SampleRows:
        """Return the samples of the dev set with a wrong vote, the most confident first.

        Confidence is the label model's probability of the wrong label.

        Args:
            lf: a labeling function or its name; `None` takes the label model's labels.

        Raises:
            LabelingFunctionError: there is no function of that name.
        """
        voted = None if lf is None else self._voted(lf)
        self._looked_at_dev()
        return errors_of(self._moment(), voted)

    def conflicts(
        self, a: Function | None = None, b: Function | None = None
    ) -> SampleRows | ConflictPairs:
        """Return the samples on which two functions vote for different labels.

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
            return conflict_pairs(self._moment())
        return conflicts_of(self._moment(), *pair)

    def uncovered(self, n_clusters: int = 8) -> Uncovered:
        """Return the samples on which no function votes, in clusters of similar texts.

        K-means on TF-IDF in a latent space. The words of a cluster are those that occur more often
        in it than in all other samples, by the z-score of their log-odds.

        Args:
            n_clusters: at most how many clusters.

        Raises:
            DataError: `n_clusters` is not a whole number from 1.
        """
        return uncovered_of(self._moment(), n_clusters)

    def summary(self) -> Summary:
        """Return all functions in a table, and the accuracy of the whole on the dev set."""
        self._looked_at_dev()
        return Summary(self._moment(), self._all_looks())

    def _moment(self) -> Moment:
        """Return what the workbench holds now; functions of which something changed vote again."""
        self.refresh()
        text = self._text_or_none()
        return Moment(
            self.samples, self.schema, self.functions, text, self.gold_codes, self._fits.of
        )
