"""What is known of each annotator's work, with examples both ways and what is too few to say."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from labeling.analysis import Estimate, agreement_by_pair
from labeling.errors import counted
from labeling.project.annotator_skills import annotator_skills
from labeling.records import (
    Annotation,
    name_of,
    person_key,
    single_label_votes,
)
from labeling.report.annotator_facts import (
    held_back_votes,
    is_wide,
    pause_in_words,
    pseudonym_salt,
    pseudonyms_of,
    samples_that_test,
    skill_of,
    skill_sentences,
)
from labeling.report.context import ReportContext
from labeling.work_review.state import Paused

MOST_EXAMPLES = 5
MOST_COLLEAGUES = 8
MOST_CONFUSIONS = 5


@dataclass(frozen=True)
class Example:
    """A sample on which annotators differed: its text, the vote, all votes, and the outcome."""

    sample: Hashable
    text: str
    vote: str
    votes: str
    final: str
    reason: str


@dataclass(frozen=True)
class Confusion:
    """How often this annotator gave a label where another one gave another label."""

    own: str
    other: str
    count: int


@dataclass(frozen=True)
class AnnotatorDetails:
    """What is known of an annotator's work.

    Attributes:
        name: of the annotator.
        pseudonym: the name for pages that other annotators may see.
        votes: labels given.
        skips: samples skipped.
        skill: estimated share of right votes; `None` where it cannot be estimated.
        chance: that share for votes that are independent of the truth.
        verdict: what the skill says, in a sentence; empty without a skill.
        peers: agreement with others' first-round votes.
        reviewer: agreement with decisions of reviewers.
        gold: agreement with given gold labels.
        lead: median of the seconds spent on a sample, where known.
        timed: on how many samples they are known.
        days: on how many days (UTC) votes were given.
        confusions: the most frequent ones.
        colleagues: name, pseudonym and agreement of those with most common samples.
        kept: examples where others differed, and this annotator's label became final.
        n_kept: how many there are.
        changed: examples where another label became final.
        n_changed: how many there are.
        too_few: sentences on what is too little to judge by.
        held_back: labels given that are held back, since the annotator is paused; `None` if not.
        pause: why and since when, for the lead; empty if not paused.
    """

    name: str
    pseudonym: str
    votes: int
    skips: int
    skill: Estimate | None
    chance: float
    verdict: str
    peers: Estimate
    reviewer: Estimate
    gold: Estimate
    lead: float | None
    timed: int
    days: int
    confusions: list[Confusion]
    colleagues: list[tuple[str, str, Estimate]]
    kept: list[Example]
    n_kept: int
    changed: list[Example]
    n_changed: int
    too_few: tuple[str, ...]
    held_back: int | None = None
    pause: str = ""

    @property
    def is_uncounted(self) -> bool:
        """Whether nothing counts of what the annotator answered."""
        return not self.votes and not self.skips


@dataclass(frozen=True)
class WorkOfAll:
    """What the details of all annotators are made of.

    Attributes:
        context: the state of the project.
        by_annotator: the current annotations of each, without reviews; none of people of whom
            nothing counts: paused ones, and those whose votes were all rejected or deleted.
        skills: what `AnnotatorModel.skills` returns; empty where it cannot be estimated.
        pairs: what `agreement_by_pair` returns of first-round votes.
        by_sample: votes on each sample.
        reasons: of reviewers, by sample.
        pseudonyms: by annotator.
        tests: samples that are or may be hidden in batches to test annotators: those with a given
            gold label, and those that were hidden before.
        paused: who is paused, by `person_key`.
        held_back: how many labels of paused people are held back, by `person_key`.
    """

    context: ReportContext
    by_annotator: dict[str, list[Annotation]]
    skills: pd.DataFrame
    pairs: pd.DataFrame
    by_sample: dict[Hashable, list[Annotation]]
    reasons: dict[Hashable, str]
    pseudonyms: dict[str, str]
    tests: frozenset[Hashable]
    paused: Mapping[str, Paused]
    held_back: Mapping[str, int]


def work_of_all(context: ReportContext) -> WorkOfAll:
    """Return the annotations, skills and pairs of all annotators."""
    annotations = [vote for vote in context.annotations if not vote.reviewer]
    by_annotator: dict[str, list[Annotation]] = {}
    by_sample: dict[Hashable, list[Annotation]] = {}
    for vote in annotations:
        by_annotator.setdefault(vote.annotator, []).append(vote)
        if vote.label is not None:
            by_sample.setdefault(vote.sample_id, []).append(vote)
    if context.store is not None:
        for vote in context.store.ledger.annotations():
            if not vote.reviewer:
                by_annotator.setdefault(vote.annotator, [])
    schema, paused = context.project.schema, context.project.people.work.state().paused
    first_round = [vote for vote in annotations if vote.round == 1]
    reasons = {
        review.sample_id: review.reason
        for review in context.annotations
        if review.reviewer and review.reason
    }
    return WorkOfAll(
        context,
        dict(sorted(by_annotator.items())),
        annotator_skills(context.project.people.work, context.answers, schema),
        agreement_by_pair(single_label_votes(first_round, schema)),
        by_sample,
        reasons,
        pseudonyms_of(by_annotator, pseudonym_salt(context)),
        samples_that_test(context),
        paused,
        held_back_votes(context, paused),
    )


def details_of(
    name: str,
    work: WorkOfAll,
    comparisons: tuple[Estimate, Estimate, Estimate],
    *,
    hides_tests: bool = False,
) -> AnnotatorDetails:
    """Return what is known of an annotator's work.

    Args:
        name: of the annotator.
        work: of all annotators.
        comparisons: agreement with other annotators, with reviewers and with given gold labels.
        hides_tests: whether samples that may test other annotators are left out of the examples.
    """
    annotations = work.by_annotator[name]
    votes = [vote for vote in annotations if vote.label is not None]
    times = [vote.lead_seconds for vote in annotations if vote.lead_seconds is not None]
    skill, chance, verdict = skill_of(name, work.skills)
    key = person_key(name)
    kept, changed = _examples(votes, work, hides_tests=hides_tests)
    return AnnotatorDetails(
        name=name,
        pseudonym=work.pseudonyms[name],
        votes=len(votes),
        skips=len(annotations) - len(votes),
        skill=skill,
        chance=chance,
        verdict=verdict,
        peers=comparisons[0],
        reviewer=comparisons[1],
        gold=comparisons[2],
        lead=statistics.median(times) if times else None,
        timed=len(times),
        days=len({vote.updated_at.date() for vote in annotations}),
        confusions=_confusions(name, votes, work),
        colleagues=_colleagues(name, work),
        kept=_with_texts(work.context, kept[:MOST_EXAMPLES]),
        n_kept=len(kept),
        changed=_with_texts(work.context, changed[:MOST_EXAMPLES]),
        n_changed=len(changed),
        too_few=_too_few(skill, comparisons),
        held_back=work.held_back[key] if key in work.paused else None,
        pause=pause_of(name, work),
    )


def pause_of(name: str, work: WorkOfAll) -> str:
    """Return why an annotator is paused and since when; empty if they are not."""
    paused = work.paused.get(person_key(name))
    return "" if paused is None else pause_in_words(paused, work.held_back[person_key(name)])


def _too_few(
    skill: Estimate | None, comparisons: tuple[Estimate, Estimate, Estimate]
) -> tuple[str, ...]:
    """Return a sentence for each number that is missing, or whose interval is wide."""
    names = ("other annotators", "reviewers", "gold labels")
    pairs = zip(names, comparisons, strict=True)
    return (
        *skill_sentences(skill),
        *(
            f"Agreement with {name} rests on {counted(estimate.n, 'sample')}, too few to judge by."
            for name, estimate in pairs
            if is_wide(estimate)
        ),
    )


def _confusions(name: str, votes: Sequence[Annotation], work: WorkOfAll) -> list[Confusion]:
    """Return the most frequent pairs of this annotator's label and another first-round label."""
    counts = Counter(
        (str(vote.label), str(other.label))
        for vote in votes
        if vote.round == 1
        for other in work.by_sample[vote.sample_id]
        if other.round == 1 and other.annotator != name and other.label != vote.label
    )
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [Confusion(own, other, count) for (own, other), count in ranked[:MOST_CONFUSIONS]]


def _colleagues(name: str, work: WorkOfAll) -> list[tuple[str, str, Estimate]]:
    pairs = work.pairs
    own = pairs[(pairs["first"] == name) | (pairs["second"] == name)]
    own = own.sort_values(["n", "first", "second"], ascending=[False, True, True], kind="stable")
    rows = []
    for row in own.head(MOST_COLLEAGUES).to_dict("records"):
        other = row["second"] if row["first"] == name else row["first"]
        estimate = Estimate(row["percent"], row["low"], row["high"], row["n"])
        rows.append((other, work.pseudonyms[other], estimate))
    return rows


def _examples(
    votes: Sequence[Annotation], work: WorkOfAll, *, hides_tests: bool
) -> tuple[list[Example], list[Example]]:
    """Return settled samples with other votes: the label was kept, and it was changed.

    Those with a reviewer's reason come first, then those with labels furthest apart.
    """
    settled = work.context.human_labels
    final = {
        vote.sample_id: name_of(settled[vote.sample_id])
        for vote in votes
        if vote.sample_id in settled
    }
    hidden = work.tests if hides_tests else frozenset()
    spread = work.context.project.schema.spread
    examples: list[tuple[tuple[bool, int, str], Example]] = []
    for vote in votes:
        sample, label = vote.sample_id, str(vote.label)
        of_sample = work.by_sample[sample]
        if sample not in final or sample in hidden:
            continue
        others = {str(other.label) for other in of_sample} | {final[sample]}
        if others == {label}:
            continue
        tally = Counter(str(other.label) for other in of_sample)
        reason = work.reasons.get(sample, "")
        far = spread([label, *others])
        example = Example(sample, "", label, _in_words(tally), final[sample], reason)
        examples.append(((not reason, -far, str(sample)), example))
    ranked = [example for _, example in sorted(examples, key=lambda item: item[0])]
    kept = [example for example in ranked if example.vote == example.final]
    return kept, [example for example in ranked if example.vote != example.final]


def _in_words(tally: Counter[str]) -> str:
    return ", ".join(f"{count} x {label}" for label, count in sorted(tally.items()))


def _with_texts(context: ReportContext, examples: Sequence[Example]) -> list[Example]:
    texts = context.texts_of(example.sample for example in examples)
    return [
        Example(
            example.sample,
            texts.get(example.sample, ""),
            example.vote,
            example.votes,
            example.final,
            example.reason,
        )
        for example in examples
    ]
