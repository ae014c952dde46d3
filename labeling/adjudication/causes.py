"""Probable causes of disagreement between annotators, by tests on all their votes."""

from __future__ import annotations

import collections
import itertools
import statistics
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from labeling.adjudication.cases import tally_of
from labeling.adjudication.cause_names import Cause
from labeling.adjudication.part_votes import Votes, votes_of_parts
from labeling.adjudication.significance import significant
from labeling.errors import counted
from labeling.records import (
    Annotation,
    Label,
    live_annotations,
    name_of,
    person_key,
)
from labeling.rendering import Displayed

SURE = 0.9
"""Probability from which a model's label is evidence against people."""

LEAST_COMPARED = 10
"""Votes that can be compared with others', from which an annotator counts as reliable."""

LEAST_CONTRADICTIONS = 3
"""How often an annotator must contradict the others to count as unreliable."""

FAST = 0.5
"""Share of an annotator's own median time below which a vote was hasty."""

LEAST_TIMED = 10
"""Timed votes from which an annotator has a usual time."""


_PRECEDENCE = (
    Cause.DATA,
    Cause.UNRELIABLE,
    Cause.MODEL,
    Cause.GUIDELINE,
    Cause.SLIP,
    Cause.AMBIGUOUS,
)
"""Of causes of equally many parts of a sample the first is named."""


class WeakLabel(NamedTuple):
    """A label that a model gives without people's votes, and its probability."""

    label: Label
    probability: float


@dataclass(frozen=True, slots=True)
class Disagreement(Displayed):
    """The probable cause of a disagreement.

    Attributes:
        sample_id: the sample.
        cause: the cause.
        reason: what points to it, with numbers and without names of people.
    """

    sample_id: Hashable
    cause: Cause
    reason: str


def disagreement_causes(
    annotations: Iterable[Annotation], *, weak: Mapping[Hashable, WeakLabel] | None = None
) -> dict[Hashable, Disagreement]:
    """Return the probable cause of each disagreement, by sample.

    A disagreement is a sample whose votes differ, which people skipped, or whose votes all differ
    from a model's label of probability 0.9 or more. Its cause is the first that applies:

    1. data problem: as many skipped as voted, or who skipped wrote a comment.
    2. unreliable annotator: somebody contradicts the others here who does so significantly more
       often than their colleagues (one-sided binomial test of the share of votes that equal the
       most frequent vote of the others; three contradictions at least), and without whom the votes
       are equal.
    3. people against labeling functions: all votes are equal, and a model is sure of another label.
    4. guideline gap: the two labels are confused significantly more often than their frequencies
       explain (one-sided binomial test of their share of all pairs of differing votes), by three
       people or more.
    5. slip: a single vote differs from the others, by a person whom no test shows to be unreliable,
       and it took less than half of that person's median time, or a model is sure of the others'
       label.
    6. ambiguous sample: otherwise.

    Of samples with several labels or with spans the votes on each label, or on each place where
    spans overlap, are compared in this way, and the sample has the most frequent cause of these.

    Of each family of tests the significant ones are those with a false discovery rate of 5 %
    (Benjamini and Hochberg 1995). The numbers of people and pairs are small at first: then nothing
    is significant, and most samples count as ambiguous.

    Args:
        annotations: all annotations; reviewers' are ignored.
        weak: a model's label and its probability, by sample.

    >>> import datetime
    >>> now = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    >>> votes = [
    ...     ("a", "ann", "spam"),
    ...     ("a", "bob", "spam"),
    ...     ("b", "ann", None),
    ...     ("c", "bob", "ham"),
    ... ]
    >>> found = disagreement_causes(
    ...     [Annotation(*vote, now, now) for vote in votes], weak={"a": WeakLabel("ham", 0.97)}
    ... )
    >>> {sample_id: one.cause.value for sample_id, one in found.items()}
    {'a': 'people against labeling functions', 'b': 'data problem'}
    """
    of_sample: dict[Hashable, list[Annotation]] = {}
    for annotation in live_annotations(annotations):
        if not annotation.reviewer:
            of_sample.setdefault(annotation.sample_id, []).append(annotation)
    parts = votes_of_parts(of_sample)
    evidence = _Evidence.of([part for of_one in parts.values() for part in of_one])
    found: dict[Hashable, Disagreement] = {}
    for sample_id, of_one in parts.items():
        sure = (weak or {}).get(sample_id)
        of_parts = [_cause(part, evidence, sure) for part in of_one]
        causes = [cause for cause in of_parts if cause is not None] or _edges(of_sample[sample_id])
        if causes:
            found[sample_id] = Disagreement(sample_id, *_most_frequent_cause(causes))
    return found


def _most_frequent_cause(causes: Sequence[tuple[Cause, str]]) -> tuple[Cause, str]:
    """Return the cause of most parts, of equally many the first by precedence."""
    counts = collections.Counter(cause for cause, _ in causes)
    first = max(counts, key=lambda cause: (counts[cause], -_PRECEDENCE.index(cause)))
    reason = next(reason for cause, reason in causes if cause == first)
    if len(causes) == 1:
        return first, reason
    return first, f"{reason}; {counts[first]} of {len(causes)} disagreements here are like this"


def _edges(annotations: Sequence[Annotation]) -> list[tuple[Cause, str]]:
    """Return the cause where the votes differ only in where spans begin and end."""
    if len({vote.label for vote in annotations if vote.label is not None}) < 2:
        return []
    return [(Cause.AMBIGUOUS, "people differ in where spans begin and end, not in their labels")]


def _cause(
    annotations: Votes, evidence: _Evidence, weak: WeakLabel | None
) -> tuple[Cause, str] | None:
    """Return the cause of a sample's disagreement, if there is one, and what points to it."""
    votes = [annotation for annotation in annotations if annotation.label is not None]
    skips = [annotation for annotation in annotations if annotation.label is None]
    commented = sum(bool(skip.reason) for skip in skips)
    if skips and (len(skips) >= len(votes) or commented):
        comments = f", {commented} with a comment" if commented else ""
        return Cause.DATA, f"{len(skips)} of {len(annotations)} people skipped it{comments}"
    tally = tally_of(votes)
    if not tally:
        return None
    sure = weak if weak is not None and weak.probability >= SURE else None
    if len(tally) == 1:
        (label,) = tally
        if sure is None or sure.label == label:
            return None
        return Cause.MODEL, (
            f"{counted(len(votes), 'vote')} for {label!r}; the model says {sure.label!r} with a"
            f" probability of {sure.probability:.2f}"
        )
    return (
        _unreliable(votes, evidence)
        or _guideline(tally, evidence)
        or _slip(votes, tally, evidence, sure)
        or (Cause.AMBIGUOUS, evidence.reliable_people(votes))
    )


def _unreliable(votes: Votes, evidence: _Evidence) -> tuple[Cause, str] | None:
    flagged = [vote for vote in votes if person_key(vote.annotator) in evidence.unreliable]
    others = {vote.label for vote in votes if person_key(vote.annotator) not in evidence.unreliable}
    if not flagged or len(others) != 1:
        return None
    record = evidence.unreliable[person_key(flagged[0].annotator)]
    who = "one of the annotators" if len(flagged) == 1 else f"{len(flagged)} of the annotators"
    return Cause.UNRELIABLE, (
        f"{who} agrees with the others on {record.right} of {record.compared} samples"
        f" ({record.right / record.compared:.0%}), colleagues on {record.usual:.0%}"
    )


def _guideline(tally: collections.Counter[str], evidence: _Evidence) -> tuple[Cause, str] | None:
    pairs = [pair for pair in itertools.combinations(sorted(tally), 2) if pair in evidence.gaps]
    if not pairs:
        return None
    first, second = pairs[0]
    count, expected = evidence.gaps[pairs[0]]
    return Cause.GUIDELINE, (
        f"{first!r} and {second!r} are {count} of {evidence.n_pairs} confusions between people,"
        f" where {expected:.1f} are expected: say in the guideline where one ends"
    )


def _slip(
    votes: Votes,
    tally: collections.Counter[str],
    evidence: _Evidence,
    sure: WeakLabel | None,
) -> tuple[Cause, str] | None:
    """Return a slip if one vote differs from all others, which agree, and was hasty or is odd."""
    if len(tally) != 2:
        return None
    for vote in votes:
        others = next(label for label in tally if label != vote.label)
        if tally[str(vote.label)] != 1:
            continue
        person = person_key(vote.annotator)
        if evidence.compared.get(person, 0) < LEAST_COMPARED or person in evidence.unreliable:
            continue
        seconds, usual = vote.lead_seconds, evidence.usual_seconds.get(person)
        if len(votes) > 2 and seconds is not None and usual and seconds < FAST * usual:
            return Cause.SLIP, (
                f"one vote differs from {len(votes) - 1}, and took {seconds:.0f} s of a usual"
                f" {usual:.0f} s"
            )
        if sure is not None and sure.label == others:
            return Cause.SLIP, (
                f"one vote of {len(votes)} differs, and the model says {others!r} with a"
                f" probability of {sure.probability:.2f}"
            )
    return None


class _Record(NamedTuple):
    """How often an annotator agrees with the others, and how often colleagues do."""

    right: int
    compared: int
    usual: float


@dataclass(frozen=True, slots=True)
class _Evidence:
    """What all votes say of people and of labels.

    Attributes:
        compared: on how many samples each person can be compared with others.
        unreliable: those who agree with the others significantly less often than their colleagues.
        gaps: label pairs that are confused significantly too often: how often, and how often is
            expected.
        n_pairs: the number of confused pairs.
        usual_seconds: the median time of each person with enough timed votes.
    """

    compared: Mapping[str, int]
    unreliable: Mapping[str, _Record]
    gaps: Mapping[tuple[str, str], tuple[int, float]]
    n_pairs: int
    usual_seconds: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, parts: Collection[Votes]) -> _Evidence:
        """Return the evidence of everybody's current annotations of each part of each sample."""
        right: collections.Counter[str] = collections.Counter()
        compared: collections.Counter[str] = collections.Counter()
        seconds: dict[str, list[float]] = {}
        for given in parts:
            votes = [vote for vote in given if vote.label is not None]
            tally = tally_of(votes)
            for vote in votes:
                person = person_key(vote.annotator)
                if vote.lead_seconds is not None:
                    seconds.setdefault(person, []).append(vote.lead_seconds)
                best = _most_frequent(tally - collections.Counter([str(vote.label)]))
                if best is not None:
                    compared[person] += 1
                    right[person] += vote.label == best
        unreliable = _unreliable_people(right, compared)
        gaps, n_pairs = _confused_pairs(parts, unreliable)
        usual = {
            person: statistics.median(times)
            for person, times in seconds.items()
            if len(times) >= LEAST_TIMED
        }
        return cls(compared, unreliable, gaps, n_pairs, usual)

    def reliable_people(self, votes: Votes) -> str:
        """Return how many of those who voted usually agree with others."""
        reliable = sum(
            self.compared.get(person_key(vote.annotator), 0) >= LEAST_COMPARED
            and person_key(vote.annotator) not in self.unreliable
            for vote in votes
        )
        return f"{reliable} of {len(votes)} voters are known to agree with others as usual"


def _most_frequent(tally: collections.Counter[str]) -> str | None:
    """Return the label with the most votes; `None` if there is none, or several are tied."""
    top = tally.most_common(2)
    if not top or (len(top) == 2 and top[0][1] == top[1][1]):
        return None
    return top[0][0]


def _unreliable_people(right: Mapping[str, int], compared: Mapping[str, int]) -> dict[str, _Record]:
    from scipy.stats import binom

    people = sorted(compared)
    n_right, n_compared = sum(right.values()), sum(compared.values())
    records, p_values = {}, []
    for person in people:
        own_right, own = right.get(person, 0), compared[person]
        usual = (n_right - own_right + 1) / (n_compared - own + 2)  # never 1: none is infallible
        records[person] = _Record(own_right, own, usual)
        p_values.append(float(binom.cdf(own_right, own, usual)) if n_compared > own else 1.0)
    return {
        people[index]: records[people[index]]
        for index in significant(p_values)
        if compared[people[index]] - right.get(people[index], 0) >= LEAST_CONTRADICTIONS
    }


def _confused_pairs(
    parts: Collection[Votes], unreliable: Collection[str]
) -> tuple[dict[tuple[str, str], tuple[int, float]], int]:
    """Return the label pairs that are confused too often, and the number of confused pairs.

    A sample counts once for each pair of labels among its votes, without those of unreliable
    people. Expected are pairs in proportion to the product of their labels' frequencies.
    """
    from scipy.stats import binom

    counts: collections.Counter[tuple[str, str]] = collections.Counter()
    used: collections.Counter[str] = collections.Counter()
    people: dict[tuple[str, str], set[str]] = {}
    for given in parts:
        votes = [
            (person_key(vote.annotator), name_of(vote.label))
            for vote in given
            if vote.label is not None and person_key(vote.annotator) not in unreliable
        ]
        used.update(label for _, label in votes)
        for pair in itertools.combinations(sorted({label for _, label in votes}), 2):
            counts[pair] += 1
            people.setdefault(pair, set()).update(who for who, label in votes if label in pair)
    possible = list(itertools.combinations(sorted(used), 2))
    weight = sum(used[first] * used[second] for first, second in possible)
    n_pairs = counts.total()
    if len(possible) < 2 or not n_pairs:
        return {}, n_pairs
    shares = [used[first] * used[second] / weight for first, second in possible]
    p_values = [
        float(binom.sf(counts[pair] - 1, n_pairs, share))
        for pair, share in zip(possible, shares, strict=True)
    ]
    return {
        possible[index]: (counts[possible[index]], n_pairs * shares[index])
        for index in significant(p_values)
        if len(people[possible[index]]) >= 3
    }, n_pairs
