"""How able each annotator is: the one judgement that table, pauses and report share."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Collection
from typing import TYPE_CHECKING

import pandas as pd

from labeling.project.gold import teaching_gold
from labeling.project.work_review import WorkReview
from labeling.records import (
    Annotation,
    AnySoft,
    AnyVotes,
    LabelSchema,
    Votes,
    annotation_votes,
    person_key,
)
from labeling.work_review import GoldScore, gold_scores

if TYPE_CHECKING:
    from labeling.project.kind_learners import AnyLearner


COLUMNS = ["n_votes", "skill", "low", "high", "chance", "verdict"]


def annotator_skills(
    work: WorkReview, answers: Collection[Annotation], schema: LabelSchema
) -> pd.DataFrame:
    """Return what `AnnotatorModel.skills` says of everyone who has given an answer.

    Its gold labels are those that were given and are not locked, its reference what the labeling
    functions say of the samples (see `labels_without_people`). Answers to hidden gold that was
    given count as any other vote on a gold label. Those to hidden decisions of reviewers are left
    out: somebody disagreed there, so they are harder than others. Held-back votes of paused people
    are judged as well.

    Args:
        work: the work review of the project.
        answers: everyone's current answers, see `AnnotationLoop.current_answers`.
        schema: the labels.

    Returns:
        A row for each person, index = names; none where no two people share a sample and nobody has
        labeled one with a gold label.
    """
    state, gold = work.state(), work.given_gold()
    given = set(gold.index)
    counted = [
        answer
        for answer in answers
        if answer.sample_id in given or not state.is_gold_answer(answer.sample_id, answer.annotator)
    ]
    return _skills(annotation_votes(counted, schema), counted, gold, work)


@functools.singledispatch
def _skills(
    votes: AnyVotes, answers: Collection[Annotation], gold: pd.Series, work: WorkReview
) -> pd.DataFrame:
    """Return the skills of people by their votes on spans, or on several labels.

    People are judged by each other and by gold, not by what the labeling functions say. Their skill
    is that on single labels, or on places that somebody marked; on gold it is the mean F1 of whole
    answers, as on hidden gold.
    """
    from labeling.label_models import AnnotatorModel

    people = Counter(
        answer.sample_id for answer in answers if answer.label is not None and not answer.reviewer
    )
    known = gold[gold.index.isin(list(people))]
    if not people or (max(people.values()) < 2 and not len(known)):
        return pd.DataFrame(columns=COLUMNS)
    table = AnnotatorModel().fit(votes, gold=known).skills()
    scores = gold_scores(answers, dict(known.items()))
    on_gold = [scores.get(person_key(str(name)), GoldScore(str(name), ())) for name in table.index]
    estimates = [score.accuracy for score in on_gold]
    return table.assign(
        n_gold=[estimate.n for estimate in estimates],
        gold_skill=[estimate.value for estimate in estimates],
        gold_low=[estimate.low for estimate in estimates],
        gold_high=[estimate.high for estimate in estimates],
    )


@_skills.register
def _(
    votes: Votes, answers: Collection[Annotation], gold: pd.Series, work: WorkReview
) -> pd.DataFrame:
    from labeling.label_models import AnnotatorModel

    known = gold[gold.index.isin(votes.sample_ids)]
    meet = bool((votes.label_counts().sum(axis=1) >= 2).any())
    if not len(votes.voters) or not (meet or len(known)):
        return pd.DataFrame(columns=COLUMNS)
    return AnnotatorModel().fit(votes, gold=known, reference=work.reference()).skills()


def labels_without_people(learner: AnyLearner) -> AnySoft:
    """Return soft labels that no annotator has influenced.

    They are those of the label model, fitted to the labeling functions' votes and the gold labels
    that were given, and not read from the store: a rounded copy might judge otherwise.

    Args:
        learner: fits the models of a project.
    """
    soft: AnySoft = learner.fitted_soft(teaching_gold(learner.data.dev, ()))
    return soft
