"""The default label model for spans: counts decide where, a label model decides what."""

from __future__ import annotations

import os
import warnings
from typing import Self

import numpy as np
import numpy.typing as npt

from labeling.errors import LabelingError, LabelSharesWarning, NotFittedError, listed
from labeling.label_models.annotators.annotator_model import AnnotatorModel
from labeling.label_models.base import VoteModel
from labeling.label_models.default.fit_report import about_votes
from labeling.label_models.default.label_model import LabelModel
from labeling.label_models.default.share_check import reworded
from labeling.label_models.model_files import read_model, write_model
from labeling.label_models.spans.candidates import Candidates, candidate_votes, checked_voices
from labeling.label_models.spans.decoding import Decoded, decode, gains, soft_spans
from labeling.label_models.spans.fit_report import (
    GoldCounts,
    gold_sentences,
    tie_sentences,
    where_sentences,
)
from labeling.label_models.spans.gold_stack import LEAST_SAMPLES, SpanStack, fit_span_stack
from labeling.label_models.spans.model_view import span_model_view
from labeling.label_models.spans.scoring import (
    LEAST,
    function_scores,
    n_tied_labels,
    softmax,
    type_votes,
)
from labeling.records import (
    ABSTAIN,
    Gold,
    GoldSpans,
    LabelKind,
    SoftSpans,
    SpanVotes,
    expect,
    fitted_repr,
    gold_spans,
    label_ranks,
    unit_gold_codes,
)
from labeling.rendering import Displayed, View

Floats = npt.NDArray[np.float64]

LEAST_THRESHOLD = 0.05
ROW = "candidate span"
REMEDY = f"give gold spans of {LEAST_SAMPLES} samples drawn at random"
PARTS: dict[str, type[VoteModel]] = {"types": LabelModel, "people": AnnotatorModel}


class SpanModel(Displayed):
    """The default label model for spans, of labeling functions, people, or both.

    Every interval that any voter marked is a candidate. A labeling function votes for a candidate
    that it marked itself, and against one that a span of its own contains or crosses; its silence,
    and a span within the candidate, are no votes. A person also votes against a candidate that they
    left unmarked in a sample they were asked about.

    1. *What*: q_t = probability of label t by `LabelModel` over the votes for labels alone.
    2. *Where*: with e_t and e the numbers of votes for label t and against the candidate,
       z_t = max_u e_u + ln q_t - max_u ln q_u, and z = e for "no span".
    3. *People*: `AnnotatorModel` over labels and "no span" is fitted to the candidates that people
       marked; its log-probabilities are added to z, which are 0 where there are no functions. So a
       vote of a function counts as one nat. (A product of experts: Hinton 2002.)
    4. *Gold* of 50 samples or more, with 40 candidates in them: the annotator model learns it, and
       a ridge regression towards the answer without gold learns how much each function's votes
       count, each kind of vote for itself. A span is then kept from a probability of half the F1
       of the answer without gold on these samples, where F1 is highest (Lipton, Elkan and
       Naryanaswamy 2014). With less gold the answer is the same as without.
    5. *Decoding*: of candidates that overlap, the set with the highest sum of gains
       z_best - z_none + 0.1 (words - 1) + 1e-6 is chosen: longer wins unless outvoted. Of equal
       sums that whose first span starts earlier; of two that start together the longer one.

    The probability of a candidate is the softmax of z. Without gold it puts spans in an order and
    is not a share of right spans. Spans that no voter marked are never chosen. Models that learn
    from the votes where spans are (EM over candidates or tokens, hidden Markov models) did worse
    than counts on five sets of real votes.

    Attributes:
        labels_: the names of the labels, sorted.
        voters_: the names of the voters it was fitted on, sorted.
        speaks_: for each voter, whether what they left unmarked counts: shape (n_voters,).
        stack_trust_: the weight of the answer without gold; 1 without gold.
        stack_votes_: what each vote adds to the labels and to "no span", nats: shape (n_voters,
            n_labels + 2, n_labels + 1), by code plus 1; empty without gold.
        stack_words_: what 1, 2, 3, and 4 or more words add to "no span", nats: shape (4,).
        stack_offsets_: what is added to each label and "no span", nats: shape (n_labels + 1,).
        threshold_: the probability from which a span is kept: 0.5 without gold.
        report_: sentences on what was done and why, with numbers.

    >>> import pandas as pd
    >>> from labeling.records import LabelSchema
    >>> frame = pd.DataFrame(
    ...     {
    ...         "sample": ["a", "a", "a"],
    ...         "voter": ["names", "caps", "titles"],
    ...         "start": [0, 0, 4],
    ...         "end": [12, 12, 12],
    ...         "label": ["PER", "PER", "ORG"],
    ...     }
    ... )
    >>> votes = SpanVotes.from_frame(frame, schema=LabelSchema(["PER", "ORG"], kind="spans"))
    >>> SpanModel().fit(votes).predict(votes).to_labels()["a"]
    (Span(start=0, end=12, label='PER'),)
    """

    labels_: tuple[str, ...]
    voters_: tuple[str, ...]
    speaks_: npt.NDArray[np.bool_]
    stack_trust_: float
    stack_votes_: Floats
    stack_words_: Floats
    stack_offsets_: Floats
    threshold_: float
    report_: tuple[str, ...]
    _types: LabelModel | None
    _people: AnnotatorModel | None

    def __repr__(self) -> str:
        return fitted_repr(self, getattr(self, "labels_", None), getattr(self, "voters_", ()))

    def _view(self) -> View:
        return span_model_view(self, repr(self))

    def fit(self, votes: SpanVotes, *, gold: Gold | None = None) -> Self:
        """Fit the model to votes, and return the model itself.

        Args:
            votes: the votes of at least one voter.
            gold: the true spans of some of the samples: a Series or mapping from id to a list of
                `(start, end, label)`, empty where there is none, or a collection of GoldLabel. They
                must be of samples drawn at random.

        Raises:
            LabelingError: votes without a voter, or unusable gold.
        """
        if not expect(votes, SpanVotes, "`votes`").voters:
            raise LabelingError("There must be at least one voter. The votes have no column.")
        if votes.schema.kind != LabelKind.SPANS:
            raise LabelingError(f"Labels of spans must have kind='spans'. Got {votes.schema!r}.")
        truth = gold_spans(gold, votes.sample_ids, votes.schema)
        self.labels_ = tuple(sorted(votes.schema.labels))
        self.voters_ = tuple(sorted(votes.voters))
        speaks = dict(zip(votes.voters, votes.speaks, strict=True))
        self.speaks_ = np.array([speaks[name] for name in self.voters_], dtype=bool)
        self._set_stack(SpanStack(1.0, np.zeros((0, 0, 0)), np.zeros(0), np.zeros(0)))
        self.threshold_ = 0.5
        candidates = Candidates.of(votes, self.voters_)
        gold_ranks = _gold_ranks(candidates, truth)
        counts = _gold_counts(truth, gold_ranks, candidates.n_labels)
        self._fit_types(candidates)
        self._fit_people(votes, truth if counts.is_enough else {})
        if counts.is_enough:
            self._fit_gold(candidates, gold_ranks, counts)
        self.report_ = self._report(candidates, counts)
        return self

    def predict(self, votes: SpanVotes) -> SoftSpans:
        """Return the candidate spans with their probabilities, and those that are chosen.

        Raises:
            NotFittedError: `fit` was not called.
            LabelingError: votes of other labels, of a voter the model was not fitted on, or of one
                whose silence counts otherwise.
        """
        self._check_fitted()
        labels = tuple(sorted(expect(votes, SpanVotes, "`votes`").schema.labels))
        if labels != self.labels_:
            raise LabelingError(
                f"Votes must have the labels that the model was fitted on: {listed(self.labels_)}."
                f" Got {listed(labels)}."
            )
        candidates = Candidates.of(votes, self.voters_)
        checked_voices(votes, self.voters_, self.speaks_)
        scores, decoded = self._decoded(candidates)
        return soft_spans(candidates, softmax(scores), decoded.chosen)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the fitted model to a file (npz with JSON inside, no pickle)."""
        self._check_fitted()
        attributes = {name: value for name, value in vars(self).items() if name[0] != "_"}
        for part in PARTS:
            model = getattr(self, f"_{part}")
            if model is not None:
                attributes |= {f"{part}.{name}": value for name, value in vars(model).items()}
        write_model(path, type(self).__name__, attributes)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Return the model that `save` wrote.

        Raises:
            ModelFileError: no such file, or a file of another model.
        """
        model = cls.__new__(cls)
        attributes = read_model(path, cls.__name__)
        for part, kind in PARTS.items():
            names = [name for name in attributes if name.startswith(f"{part}.")]
            inner = kind.__new__(kind) if names else None
            for name in names:
                setattr(inner, name.removeprefix(f"{part}."), attributes.pop(name))
            setattr(model, f"_{part}", inner)
        for name, value in attributes.items():
            setattr(model, name, value)
        return model

    @property
    def _functions(self) -> npt.NDArray[np.intp]:
        return np.flatnonzero(~self.speaks_)

    @property
    def _annotators(self) -> npt.NDArray[np.intp]:
        return np.flatnonzero(self.speaks_)

    def _check_fitted(self) -> None:
        if not hasattr(self, "report_"):
            raise NotFittedError("This SpanModel is not fitted yet; call fit(votes) first.")

    def _fit_types(self, candidates: Candidates) -> None:
        self._types = None
        if candidates.n_labels > 1 and len(self._functions):
            votes = type_votes(candidates, self._functions, self.voters_)
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always", LabelSharesWarning)
                self._types = LabelModel().fit(votes)
            for warning in caught:
                text = reworded(str(warning.message), REMEDY, ROW)
                warnings.warn(text, warning.category, stacklevel=3)

    def _fit_people(self, votes: SpanVotes, gold: GoldSpans) -> None:
        self._people = None
        if len(self._annotators):
            of_people = votes.of_voters([self.voters_[voter] for voter in self._annotators])
            self._people = AnnotatorModel().fit(of_people, gold=gold)

    def _fit_gold(
        self, candidates: Candidates, gold: npt.NDArray[np.int64], counts: GoldCounts
    ) -> None:
        scores, decoded = self._decoded(candidates)
        right = decoded.chosen & (scores[:, :-1].argmax(axis=1) == gold)
        n_chosen = int((decoded.chosen & (gold != ABSTAIN)).sum())
        f1 = 2 * int(right.sum()) / max(n_chosen + counts.spans, 1)
        self.threshold_ = max(f1 / 2, LEAST_THRESHOLD)
        if len(self._functions):
            self._set_stack(fit_span_stack(self._of_functions(candidates), scores, gold))

    def _set_stack(self, stack: SpanStack) -> None:
        self.stack_trust_, self.stack_votes_ = stack.trust, stack.votes
        self.stack_words_, self.stack_offsets_ = stack.words, stack.offsets

    def _of_functions(self, candidates: Candidates) -> Candidates:
        return candidates._replace(codes=candidates.codes[:, self._functions])

    def _scores(self, candidates: Candidates) -> Floats:
        """Return the scores of labels and "no span" without gold: (n, n_labels + 1)."""
        types = None
        if self._types is not None:
            votes = type_votes(candidates, self._functions, self.voters_)
            types = self._types.predict_proba(votes).to_array()
        scores = function_scores(candidates, self._functions, types)
        if self._people is not None:
            of_people = candidate_votes(candidates, self._annotators, self.voters_)
            soft = self._people.predict_proba(of_people)
            scores[soft.covered] += np.log(np.maximum(soft.to_array()[soft.covered], LEAST))
        return scores

    def _decoded(self, candidates: Candidates) -> tuple[Floats, Decoded]:
        scores = self._scores(candidates)
        if len(self.stack_votes_):
            stack = SpanStack(
                self.stack_trust_, self.stack_votes_, self.stack_words_, self.stack_offsets_
            )
            scores = stack.scores(self._of_functions(candidates), scores)
        bonus = float(np.log((1 - self.threshold_) / self.threshold_))
        return scores, decode(candidates, gains(scores, candidates.words) + bonus)

    def _report(self, candidates: Candidates, gold: GoldCounts) -> tuple[str, ...]:
        scores, decoded = self._decoded(candidates)
        n_samples = len(candidates.units.votes)
        sizes = (len(candidates.words), n_samples, len(self._functions), len(self._annotators))
        of_types = () if self._types is None else about_votes(self._types.report_)
        of_people = () if self._people is None else self._people.report_
        return (
            *where_sentences(*sizes),
            *(f"What: {reworded(line, REMEDY, ROW)}" for line in of_types),
            *(f"People: {line}" for line in of_people),
            *tie_sentences(decoded.n_tied, n_tied_labels(scores, decoded.chosen)),
            *gold_sentences(gold, self.threshold_),
        )


def _gold_ranks(candidates: Candidates, gold: GoldSpans) -> npt.NDArray[np.int64]:
    """Return the gold of each candidate: rank of the label, `n_labels` for no span, -1 = none."""
    schema = candidates.units.votes.schema
    ranks = np.array([*label_ranks(schema), candidates.n_labels, ABSTAIN], dtype=np.int64)
    return ranks[unit_gold_codes(gold, candidates.units)]


def _gold_counts(gold: GoldSpans, gold_ranks: npt.NDArray[np.int64], n_labels: int) -> GoldCounts:
    is_span = (gold_ranks >= 0) & (gold_ranks < n_labels)
    return GoldCounts(
        samples=len(gold),
        spans=sum(map(len, gold.values())),
        reached=int(is_span.sum()),
        candidates=int((gold_ranks != ABSTAIN).sum()),
    )
