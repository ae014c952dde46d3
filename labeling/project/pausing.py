"""Who is paused by rule: judged by hidden gold, votes checked at random, and their votes alone."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Mapping

from labeling.project.annotator_skills import annotator_skills
from labeling.project.work_review import WorkReview
from labeling.records import Annotation, Label, LabelKind, LabelSchema, first_spellings, person_key
from labeling.work_review import GoldScore, Losses, WorkState, gold_scores, is_below

SPAM = {"spammer": "answers at random", "adversary": "the opposite of the truth"}
VOTES = {
    LabelKind.ONE: "votes",
    LabelKind.SEVERAL: "votes on single labels, yes or no,",
    LabelKind.SPANS: "votes on places that somebody marked",
}
"""What people are judged by, by the kind of labels."""
PARTLY = {
    LabelKind.ONE: "",
    LabelKind.SEVERAL: " (an answer counts by its F1)",
    LabelKind.SPANS: " (an answer counts by its F1)",
}
E_VALUE = {"spammer": "e_guessing", "adversary": "e_inverting"}  # that the verdict follows from
SINCE_EVER = ""  # before every time in ISO 8601


def scores_on_gold(
    work: WorkReview, state: WorkState, *, since: bool = False
) -> dict[str, GoldScore]:
    """Return everyone's score on hidden gold that was given, by `person_key`.

    Samples that a reviewer decided are left out: they are harder than others.

    Args:
        work: the work review of a project.
        state: the state.
        since: whether only answers after the person was resumed count.
    """
    gold: dict[Hashable, Label] = dict(work.given_gold().items())
    asked = [sample_id for sample_id in state.gold_asked if sample_id in gold]
    answers = work.store.ledger.annotations(asked) if asked else ()
    return gold_scores(
        [
            one
            for one in answers
            if not since
            or one.updated_at.isoformat() > state.resumed.get(person_key(one.annotator), SINCE_EVER)
        ],
        gold,
    )


def fairly_checked(work: WorkReview, state: WorkState, *, since: bool = False) -> dict[str, Losses]:
    """Return what was wrong in each person's randomly drawn work: hidden gold, and lots.

    A vote of a lot that a reviewer checked is right or wrong as a whole.
    """
    losses: dict[str, Losses] = {
        key: score.losses for key, score in scores_on_gold(work, state, since=since).items()
    }
    for (key, _), lot in sorted(state.lots.items()):
        after = state.resumed.get(key, SINCE_EVER) if since else SINCE_EVER
        checks = state.checks(lot, after)
        losses[key] = losses.get(key, Losses()) + Losses(checks.n, checks.wrong)
    return losses


def pause_by_rule(work: WorkReview, schema: LabelSchema, answers: Collection[Annotation]) -> None:
    """Pause who is below the accuracy of the config beyond doubt, and who votes at random.

    Who was resumed is judged by what came after, and not again by their votes' independence.

    Args:
        work: the work review of a project.
        schema: the labels.
        answers: everyone's current answers.
    """
    if work.settings.pause_below is None and not work.settings.pause_spammers:
        return
    with work.store.database.writing():
        state = work.state()
        ledger = work.store.ledger.annotations()
        names = first_spellings(one.annotator for one in ledger if not one.reviewer)
        spammers = _spammers(work, answers, schema) if work.settings.pause_spammers else {}
        reasons: dict[str, str] = {}
        for key, reason in _reasons_to_pause(work, state, schema, spammers):
            reasons.setdefault(key, reason)
        for key, reason in reasons.items():
            if key not in state.paused:
                work.pause(names[key], reason)


def _spammers(
    work: WorkReview, answers: Collection[Annotation], schema: LabelSchema
) -> dict[str, str]:
    """Return who votes independently of the truth or against it, and why it seems so."""
    skills = annotator_skills(work, answers, schema)
    return {
        person_key(str(name)): (
            f"their {int(row['n_votes'])} {VOTES[schema.kind]} look like"
            f" {SPAM[str(row['verdict'])]}: skill {row['skill']:.2f} [{row['low']:.2f},"
            f" {row['high']:.2f}], where chance is {row['chance']:.2f}, e-value"
            f" {row[E_VALUE[str(row['verdict'])]]:.0f}"
        )
        for name, row in skills.to_dict("index").items()
        if row["verdict"] in SPAM
    }


def _reasons_to_pause(
    work: WorkReview, state: WorkState, schema: LabelSchema, spammers: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    bound = work.settings.pause_below
    if bound is not None:
        for key, losses in sorted(fairly_checked(work, state, since=True).items()):
            if is_below(losses, bound, work.settings.alpha):
                yield (
                    key,
                    f"{round(losses.right, 1):g} of {losses.n} answers to hidden gold and votes"
                    f" checked at random were right{PARTLY[schema.kind]}, and at least"
                    f" {bound:.0%} must be",
                )
    for key, reason in sorted(spammers.items()):
        if key not in state.resumed:
            yield key, reason
