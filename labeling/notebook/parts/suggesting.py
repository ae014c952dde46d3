"""Suggestions of functions that mark spans or name several labels."""

from __future__ import annotations

from collections.abc import Collection
from typing import NoReturn

from labeling.errors import DataError, LabelingError
from labeling.notebook.parts.looking import PartLooking
from labeling.notebook.parts.part_highlights import Highlight, PartHighlighted, highlight_of
from labeling.notebook.parts.part_pools import part_pool
from labeling.notebook.parts.part_suggestions import PartRequest, suggested_parts
from labeling.notebook.suggesting import Accepting
from labeling.notebook.suggestions.making import highlighted, text_at
from labeling.notebook.suggestions.next_examples import NextExample
from labeling.notebook.suggestions.proposals import Propose
from labeling.notebook.suggestions.results import Suggestions
from labeling.notebook.suggestions.rules import Rule
from labeling.records import is_whole_number


class PartSuggesting(PartLooking, Accepting):
    """Suggests labeling functions where labels have parts."""

    def suggest(
        self,
        n: int = 10,
        *,
        kinds: Collection[str] | None = None,
        propose: Propose | None = None,
    ) -> Suggestions:
        r"""Return labeling functions to accept or reject, best first; there must be a dev set.

        Where samples have several labels, each label is told from the rest: candidates and ranking
        are those of `Workbench.suggest`, and a rule's precision is what a classifier that learned
        the dev set, and the topics of all texts, says of the samples on which it votes.

        Spans: candidates are the dev set's spans themselves, as lists of the names that are nearly
        always a span of the label ("lookup") and as single words and phrases ("ngram"), and
        patterns ("regex") of their letters and digits, first and last words, and what stands before
        and after them. Precision is the share of what a candidate marks in the dev set that is a
        gold span of the label; `precision_low`, a 10 % lower bound in which the spans of a sample
        count as one, must be above 0.5. No two variants of one are offered.

        Args:
            n: how many at most.
            kinds: of candidates; `None` is all.
            propose: not for labels that have parts.

        Raises:
            DataError: there is no dev set, no such kind, or `propose` is given.

        >>> import pandas as pd
        >>> from labeling import LabelSchema, Workbench
        >>> texts = pd.DataFrame({"text": [f"Lake View, IL 6061{n}" for n in range(8)]})
        >>> gold = {n: [(11, 13, "STATE"), (14, 19, "ZIP")] for n in range(5)}
        >>> workbench = Workbench(texts, LabelSchema(["STATE", "ZIP"], kind="spans"), gold)
        >>> found = workbench.suggest()
        >>> found.to_frame()[["name", "label", "n", "precision", "coverage"]]
                      name  label  n  precision  coverage
        number
        1         state_il  STATE  5        1.0       1.0
        2       zip_number    ZIP  5        1.0       1.0
        """
        if not is_whole_number(n) or n < 1:
            raise DataError(f"`n` must be a whole number of at least 1. Got {n!r}.")
        if propose is not None:
            raise DataError(
                "`propose` must be None where samples have spans or several labels: proposals are"
                " checked for functions that vote for one label. Write the function below"
                " @workbench.lf instead."
            )
        asked = None if kinds is None else [kinds] if isinstance(kinds, str) else list(kinds)
        self._looked_at_dev()
        request = PartRequest(self._part_moment(), self._memory, self.vote, n, asked)
        return suggested_parts(request, self._accept_suggestions, self._reject_suggestions)

    def highlight(
        self,
        sample_id: object,
        words: str | tuple[int, int],
        label: str | int,
        *,
        name: str | None = None,
    ) -> PartHighlighted:
        """Make a labeling function of words that an expert points at in a sample, and add it.

        Of spans, the function marks the words wherever they stand as whole words: in this case if
        they have capital letters, else in any. Alternatives mark what looks like them, or stands
        beside the same words. Of several labels, it gives the label where the words stand.

        The sample is kept as an exemplar of the function: in its docstring, and in `exemplars`.
        The same words again make no second function.

        Args:
            sample_id: of the sample.
            words: a part of its text, whatever the case and the width of spaces; or where they
                begin and end, in code points.
            label: of the spans, or what the words are a sign of.
            name: of the function; `None` makes it of label and words.

        Raises:
            DataError: there is no such sample, or the words are not in its text.
            UnknownLabelError: the schema has no such label.

        >>> import pandas as pd
        >>> from labeling import LabelSchema, Workbench
        >>> texts = pd.DataFrame({"text": ["Ann met Dr. Lee", "I saw Dr. Poe"]}, index=["n1", "n2"])
        >>> workbench = Workbench(texts, LabelSchema(["PER"], kind="spans"))
        >>> found = workbench.highlight("n1", "Lee", "PER")
        >>> found.lf, found.preview.measures.votes
        (SpanLabelingFunction('per_lee'), 1)
        >>> found.alternatives[4].words
        'after Dr. <Capitalised>'
        >>> found.use(5).preview.measures.votes
        2
        """
        text = text_at(self.samples, self.text, sample_id)
        label_name = self.schema.labels[self.schema.index(label)]
        made = highlight_of(self._silent, words, text, self.text, sample_id)
        return self._add_rule(made.rule, made, sample_id, label_name, name)

    def _add_rule(
        self, rule: Rule, made: Highlight, sample_id: object, label: str, name: str | None
    ) -> PartHighlighted:
        lf, source = highlighted(
            self._memory, rule, sample_id, label, name, self.functions, made.verb
        )
        self.add(lf)
        self._memory.remember(lf.name, source, rule, label, sample_id)

        def use(other: Rule) -> PartHighlighted:
            self.drop(lf)
            return self._add_rule(other, made, sample_id, label, name)

        return PartHighlighted(lf, sample_id, source, self.preview(lf), made.alternatives, use)

    def next_example(self, skip: Collection[object] = ()) -> NextExample:
        """Return the sample that is most worth writing a rule for; each call offers another one.

        It is one of which no function says anything (or where functions speak of nearly all, one
        in which they contradict each other or miss gold, or of which the label model doubts) that
        most others are like, and no sample offered before.

        Args:
            skip: ids of samples that are not wanted, and those like them.

        Raises:
            DataError: all have been offered.
        """
        self._skip(skip)
        return self._offered_of(part_pool(self._part_moment()))

    def explore(self, n: int = 40, *, which: str = "random") -> NoReturn:
        """Refuse: keys label samples with one label each.

        Raises:
            LabelingError: always; it names what works instead.
        """
        raise LabelingError(
            "explore() must have samples with one label each. For spans and several labels, set"
            " gold with set_gold(...), or label in Label Studio; next_example() offers samples."
        )

    def worth(
        self,
        *,
        seconds_per_label: float | None = None,
        hours_spent: float | None = None,
        max_gold: int | None = None,
    ) -> NoReturn:
        """Refuse: what functions are worth is estimated from samples with one label each.

        Raises:
            LabelingError: always; it names what works instead.
        """
        raise LabelingError(
            "worth() must have samples with one label each. For spans and several labels, summary()"
            " says how precise the functions and the label model are on the dev set."
        )
