"""The part of the workbench that finds rules: suggest, highlight, next_example."""

from __future__ import annotations

import functools
from collections.abc import Collection, Sequence
from pathlib import Path

import pandas as pd

from labeling.errors import ConfigError, DataError, listed, near, quoted
from labeling.notebook.base import BaseWorkbench
from labeling.notebook.looking import Looking
from labeling.notebook.suggestions.candidates import KINDS
from labeling.notebook.suggestions.highlights import alternatives_of, rule_of
from labeling.notebook.suggestions.making import (
    Memory,
    accepted,
    highlighted,
    suggested,
    text_at,
)
from labeling.notebook.suggestions.next_examples import (
    NextExample,
    Pool,
    next_example,
    pool_of,
)
from labeling.notebook.suggestions.proposals import Propose
from labeling.notebook.suggestions.results import Highlighted, Suggestion, Suggestions
from labeling.notebook.suggestions.rules import Rule
from labeling.records import LabelingFunction, is_whole_number, positions


class Accepting(BaseWorkbench):
    """Remembers what was suggested, accepted, rejected and highlighted."""

    @property
    def exemplars(self) -> dict[str, tuple[object, ...]]:
        """The samples that functions were made from, by the name of the function."""
        known = self._memory.exemplars
        return {name: tuple(ids) for name, ids in known.items() if name in self.functions}

    @functools.cached_property
    def _memory(self) -> Memory:
        return Memory()

    def _skip(self, skip: Collection[object]) -> None:
        """Remember samples that are not to be offered."""
        ids = self.samples.index
        if isinstance(skip, (str, bytes)) or not isinstance(skip, Collection):
            raise DataError(f"`skip` must be a list of sample ids. Got {quoted(skip)}.")
        unwanted = pd.Index(list(skip), dtype=None if len(skip) else ids.dtype)
        found = positions(ids, unwanted, "`skip`", "the samples")
        self._memory.offered.update(int(row) for row in found)

    def _offered_of(self, pool: Pool) -> NextExample:
        """Return the sample of a pool that is offered next.

        Raises:
            DataError: all have been offered.
        """
        texts, ids = self._memory.texts(self.samples, self.text), self.samples.index
        example = next_example(texts, ids, pool, self._memory.offered)
        if example is None:
            raise DataError(f"All {len(pool.rows):,} samples {pool.what} have been offered.")
        self._memory.offered.add(example.position)
        return example

    def _accept_suggestions(
        self, items: Sequence[Suggestion], path: str | Path | None
    ) -> tuple[LabelingFunction, ...]:
        target = self._module() if path is None else Path(path)
        lfs = accepted(items, self.functions, target)
        for item, lf in zip(items, lfs, strict=True):
            self.add(lf)
            self._memory.sources[lf.name] = item.source
        return lfs

    def _reject_suggestions(self, items: Sequence[Suggestion]) -> None:
        self._memory.rejected.update(item.identity for item in items)

    def _module(self) -> Path | None:
        """Return the last module of labeling functions of the project, if there is a project."""
        if self.project is None:
            return None
        modules = [path for path in self.project.config.labeling_functions if path.endswith(".py")]
        if not modules:
            raise ConfigError("The config names no module of labeling functions: give `path=`.")
        return self.project.config.at(modules[-1])


class Suggesting(Looking, Accepting):
    """Suggests labeling functions, and makes them of words that an expert points at."""

    def suggest(
        self,
        n: int = 10,
        *,
        kinds: Collection[str] = tuple(KINDS),
        propose: Propose | None = None,
    ) -> Suggestions:
        """Return labeling functions to accept or reject, best first.

        Candidates are words and phrases ("ngram"), shapes of texts and pairs of words ("regex"),
        limits of numbers and of the length of texts ("stump"), values of columns ("lookup"), and
        texts near one of the dev set ("neighbours"). The precision of each is what a classifier
        that learned the dev set says of all samples on which it votes; `precision_low` is a 10 %
        lower bound. It must beat the share of the label. Each label gets its part of the places
        first; of rules that are about as precise, those come first that cover most samples without
        a vote, and never two variants of one.

        Without a dev set the label model's posteriors take its place: a bound then counts at most
        as 25 gold labels, and only samples on which no function votes judge a rule, as others have
        their label from functions that may look for the same.

        Args:
            n: how many at most.
            kinds: of candidates.
            propose: gets a dict of plain facts (labels, examples, functions) and returns a list of
                source codes, such as a language model writes. They are checked against an
                allow-list, shown with what is known of them without running them, and never run
                before they are accepted.

        Raises:
            DataError: there is neither a dev set nor a labeling function, or no such kind.
            GoldError: the dev set has one label only.

        >>> import pandas as pd
        >>> from labeling import LabelSchema, Workbench
        >>> texts = [f"win cash now {i}" for i in range(20)] + [f"nice song {i}" for i in range(20)]
        >>> gold = {i: "spam" if i < 20 else "ham" for i in range(0, 40, 3)}
        >>> samples = pd.DataFrame({"text": texts})
        >>> workbench = Workbench(samples, LabelSchema(["ham", "spam"]), gold)
        >>> found = workbench.suggest(2, kinds=["ngram"])
        >>> found.to_frame()[["name", "label", "n", "precision", "coverage"]]
                      name label  n  precision  coverage
        number
        1         ham_nice   ham  7        1.0       0.5
        2        spam_cash  spam  7        1.0       0.5
        >>> found.accept("spam_cash")
        (LabelingFunction('spam_cash'),)
        """
        if not is_whole_number(n) or n < 1:
            raise DataError(f"`n` must be a whole number of at least 1. Got {n!r}.")
        asked = [kinds] if isinstance(kinds, str) else list(kinds)
        for kind in asked:
            if kind not in KINDS:
                raise DataError(
                    f"`kinds` must be some of {listed(KINDS, 9)}. Got {quoted(kind)}."
                    f"{near(kind, KINDS)}"
                )
        self._looked_at_dev()
        moment, accept = self._moment(), self._accept_suggestions
        return suggested(
            moment, self._memory, self.vote, n, asked, propose, accept, self._reject_suggestions
        )

    def highlight(
        self, sample_id: object, words: str, label: str | int, *, name: str | None = None
    ) -> Highlighted:
        """Make a labeling function of words that an expert points at in a sample, and add it.

        Words become a phrase that is looked for; signs that are no whole words become a pattern.
        The sample is kept as an exemplar of the function: in its docstring, and in `exemplars`.
        The same words again make no second function.

        Args:
            sample_id: of the sample.
            words: a part of its text; case and the width of spaces do not matter.
            label: what they are a sign of.
            name: of the function; `None` makes it of label and words.

        Raises:
            DataError: there is no such sample, or the words are not in its text.
            UnknownLabelError: the schema has no such label.

        >>> import pandas as pd
        >>> from labeling import LabelSchema, Workbench
        >>> samples = pd.DataFrame({"text": ["Free money!", "nice"]}, index=["c1", "c2"])
        >>> workbench = Workbench(samples, LabelSchema(["ham", "spam"]))
        >>> found = workbench.highlight("c1", "free money", "spam")
        >>> found.lf, found.preview.measures.votes, workbench.exemplars
        (LabelingFunction('spam_free_money'), 1, {'spam_free_money': ('c1',)})
        """
        text = text_at(self.samples, self.text, sample_id)
        rule = rule_of(words, text, self.text, sample_id)
        return self._add_highlighted(rule, sample_id, words, label, name)

    def next_example(self, skip: Collection[object] = ()) -> NextExample:
        """Return the sample that is most worth writing a rule for; each call offers another one.

        It is one without a vote (or where nearly all have one, one on which functions disagree, or
        of which the label model doubts) that most others are like, and no sample offered before.

        Args:
            skip: ids of samples that are not wanted, and those like them.

        Raises:
            DataError: all have been offered.
        """
        self._skip(skip)
        self.refresh()
        votes = self.functions.array(len(self.samples))
        soft = self.soft_labels() if len(self.functions) else None
        return self._offered_of(pool_of(votes, soft, len(self.samples)))

    def _add_highlighted(
        self, rule: Rule, sample_id: object, words: str, label: str | int, name: str | None
    ) -> Highlighted:
        label_name = self.schema.labels[self.schema.index(label)]
        lf, source = highlighted(self._memory, rule, sample_id, label_name, name, self.functions)
        self.add(lf)
        self._memory.remember(lf.name, source, rule, label_name, sample_id)
        others = tuple(alternatives_of(" ".join(words.split()), self.text))

        def use(other: Rule) -> Highlighted:
            self.drop(lf)
            return self._add_highlighted(other, sample_id, words, label_name, name)

        return Highlighted(lf, sample_id, source, self.preview(lf), others, use)
