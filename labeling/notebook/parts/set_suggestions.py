"""Suggestions where samples have several labels: each label against the rest."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.errors import counted, listed, noun
from labeling.notebook.function_set import FunctionSet, VotedLF
from labeling.notebook.linting import leaking_columns
from labeling.notebook.parts.joined_votes import part_votes
from labeling.notebook.parts.part_moment import PartMoment
from labeling.notebook.parts.topics import topic_features
from labeling.notebook.progress import RunProgress
from labeling.notebook.suggestions.candidates import Candidates
from labeling.notebook.suggestions.evidence import gold_evidence, learned_of, warmth_of
from labeling.notebook.suggestions.making import Memory
from labeling.notebook.suggestions.offers import Offer, Wanted, builder_of, offers_of
from labeling.notebook.suggestions.words import Mask
from labeling.records import ABSTAIN, LabelSchema, SetVotes, expect
from labeling.records.set_gold import gold_set_codes

LEAST_GOLD = 2
"""Samples of the dev set that must have a label, and that must not, for it to be learned."""
HAS, HAS_NOT = 0, 1
"""The codes of a label and of its absence where a label is told from the rest."""


@dataclass(frozen=True, eq=False)
class SetEvidence:
    """What is known of each label, one against the rest.

    Attributes:
        moment: what the workbench holds; it has a dev set.
        memory: what it remembers of suggestions.
        kinds: of candidates.
    """

    moment: PartMoment
    memory: Memory
    kinds: Sequence[str]

    @functools.cached_property
    def gold(self) -> npt.NDArray[np.intp]:
        """`HAS`, `HAS_NOT`, or -1 without gold: shape (n_samples, n_labels)."""
        ids, schema = self.moment.samples.index, self.moment.schema
        codes = gold_set_codes(self.moment.gold, ids, schema)
        return np.where(codes == 1, HAS, np.where(codes == 0, HAS_NOT, ABSTAIN)).astype(np.intp)

    @functools.cached_property
    def given(self) -> Mask:
        """Whether any function gives a sample a label: shape (n_samples, n_labels)."""
        given = np.zeros(self.gold.shape, dtype=bool)
        for voted in self.moment.functions:
            given |= gives(voted)
        return given

    @functools.cached_property
    def learned(self) -> list[int]:
        """The labels that enough samples of the dev set have and have not, as codes."""
        has, has_not = ((self.gold == code).sum(axis=0) for code in (HAS, HAS_NOT))
        return [int(label) for label in np.flatnonzero(np.minimum(has, has_not) >= LEAST_GOLD)]

    @functools.cached_property
    def leaks(self) -> list[object]:
        """The columns that tell all labels of each sample of the dev set."""
        samples, text = self.moment.samples, self.moment.text
        known = [self.moment.gold.get(sample_id) for sample_id in samples.index]
        sets = ["" if labels is None else repr(sorted(labels)) for labels in known]
        codes = pd.factorize(pd.Index(sets, dtype=object))[0]
        in_dev = np.array([labels is not None for labels in known])
        leaking = leaking_columns(samples, np.where(in_dev, codes, ABSTAIN)) - {text}
        return [name for name in samples.columns if str(name) in leaking]

    @property
    def judged_by(self) -> str:
        """What precision is estimated from, in sentences."""
        labels = self.moment.schema.labels
        text = (
            "Precision is judged, for each label against the rest, by a classifier that learned the"
            f" dev set of {counted(self.moment.n_gold, 'sample')}."
        )
        few = [label for code, label in enumerate(labels) if code not in self.learned]
        if few:
            text += (
                f" Nothing is suggested for {listed(few)}: fewer than {LEAST_GOLD} samples of the"
                f" dev set have the label, or have it not."
            )
        if self.leaks:
            n = len(self.leaks)
            text += (
                f" {noun(n, 'Column', 'Columns')} {listed(self.leaks)} {noun(n, 'gives', 'give')}"
                f" the labels of each sample of the dev set away, and {noun(n, 'is', 'are')} not"
                " used."
            )
        return text

    def wanted(self, label: int, n: int) -> Wanted:
        """Return what is asked for of one label against the rest."""
        moment, name = self.moment, self.moment.schema.labels[label]
        schema = LabelSchema([name, f"not {name}"])
        words = None if moment.text is None else self.memory.words(moment.samples, moment.text)
        return Wanted(
            moment.samples.drop(columns=self.leaks),
            schema,
            moment.text,
            words,
            gold_evidence(self.gold[:, label], moment.samples.index, schema),
            FunctionSet(tuple(_of_label(voted, label) for voted in moment.functions)),
            self.kinds,
            self.memory.rejected,
            n,
            HAS,
        )


def set_offers(evidence: SetEvidence, n: int) -> list[Offer]:
    """Return the rules to offer with the codes of their labels: each label gets its part first.

    Labels of which the dev set has few samples are learned together as far as they can be: one
    factor says for all of them how far their classifiers are to be believed.
    """
    wanted = {label: evidence.wanted(label, n) for label in evidence.learned}
    if not wanted:
        return []
    builder = builder_of(next(iter(wanted.values())))  # candidates and features are those of all
    candidates = builder.build(evidence.kinds)
    if not candidates.rules:
        return []
    features = topic_features(builder)
    progress = RunProgress("suggest", 2 * len(wanted), noun="steps")  # two for each label
    learned = {}
    for label, each in wanted.items():
        learned[label] = learned_of(features, each.evidence, each.schema)
        progress(1)
    warmth = warmth_of(list(learned.values()))
    by_label = {}
    for label, each in wanted.items():
        progress(1)
        mostly_right = _mostly_right(candidates, each)
        opinion = learned[label].opinion(warmth)
        offers = offers_of(each, mostly_right, opinion) if mostly_right.rules else []
        by_label[label] = [dataclasses.replace(offer, label=label) for offer in offers]
    n_giving = [
        sum(bool(gives(voted)[:, label].any()) for voted in evidence.moment.functions)
        for label in range(len(evidence.moment.schema))
    ]
    return dealt(by_label, n, n_giving, evidence.moment.schema.labels)


def _mostly_right(candidates: Candidates, wanted: Wanted) -> Candidates:
    """Return the candidates that are right on more than half of the dev set where they fire.

    What a classifier thinks of them is not worth more than that where a label is rare.
    """
    known = candidates.fires[wanted.evidence.rows]
    right = np.asarray(known.T @ wanted.evidence.labels[:, HAS])
    kept = np.flatnonzero(2 * right > np.asarray(known.sum(axis=0)).ravel())
    rules = tuple(candidates.rules[number] for number in kept)
    return Candidates(rules, candidates.fires[:, kept])


def dealt(
    by_label: dict[int, list[Offer]], n: int, there: Sequence[int], labels: Sequence[str]
) -> list[Offer]:
    """Return the first offers of labels: each label gets its part of the places, then the best.

    Args:
        by_label: the offers of each label, by its code, best first.
        n: how many at most.
        there: how many labeling functions each label has already: labels with few come first.
        labels: their names, which decide between equals.
    """
    left = {label: list(offers) for label, offers in by_label.items() if offers}
    reserved, taken = max(1, n // (len(labels) + 1)), dict.fromkeys(left, 0)
    chosen: list[Offer] = []
    while left and len(chosen) < n:
        short = [label for label in left if taken[label] < reserved]
        if short:
            label = min(
                short,
                key=lambda each: (taken[each] + there[each], -left[each][0].low, labels[each]),
            )
        else:
            label = min(left, key=lambda each: (-left[each][0].low, labels[each]))
        chosen.append(left[label].pop(0))
        taken[label] += 1
        left = {each: offers for each, offers in left.items() if offers}
    return chosen


def gives(voted: VotedLF) -> Mask:
    """Return which labels a function gives samples: shape (n_samples, n_labels)."""
    votes = expect(part_votes(voted), SetVotes, "Votes")
    answers = votes.answers
    given = np.zeros((len(votes), len(votes.schema)), dtype=bool)
    given[answers.sample[answers.says], answers.label[answers.says]] = True
    return given


def _of_label(voted: VotedLF, label: int) -> VotedLF:
    """Return a function by what it says of one label alone: `HAS`, or -1."""
    codes = np.where(gives(voted)[:, label], HAS, ABSTAIN).astype(np.int8)
    return VotedLF(voted.lf, codes, voted.faults, voted.run, voted.fingerprint)
