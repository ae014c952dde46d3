"""`ReviewPolicy`: when a sample is settled, needs more votes, or goes to a reviewer."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from labeling.errors import LabelingError, listed, near
from labeling.records import LabelKind, LabelSchema, checked_fraction, is_number, is_whole_number
from labeling.rendering import Displayed

Rule = Literal["majority", "posterior"]
Escalate = Literal["no_majority", "any_conflict"] | float

RULES = ("majority", "posterior")
ESCALATIONS = ("no_majority", "any_conflict")
MAX_DENOMINATOR = 1_000_000
"""Shares are converted to fractions with at most this denominator: 0.55 is 11/20, 5/6 is 5/6."""

ACCEPT = 0.95
EXPERT_BELOW = 0.90
EXPERT_QUOTA = 0.1
"""Defaults of the rule "posterior"; a threshold alone can send half of the samples to reviewers
where people truly disagree, so that their queue is capped."""

DEFAULT_COSTS = {"vote": 1.0, "expert": 5.0}
OF_POSTERIOR = ("model_voter", "accept", "expert_below", "error_cost", "budget", "expert_quota")
"""Settings that only the rule "posterior" uses."""


@dataclass(frozen=True, slots=True)
class ReviewPolicy(Displayed):
    """When a sample is settled, needs more votes, or is escalated.

    The rule `"majority"` accepts the label with the most votes if enough votes agree on it. The
    rule `"posterior"` weighs people by their estimated skill, and accepts the most probable label.
    It asks for another vote while the label is doubtful, by one of three settings: below the
    probability `accept`; within a `budget` of votes, the most doubtful samples first; or while a
    vote is expected to save more than it costs (`costs`). A fixed probability costs between 1.4 and
    3.2 votes a sample on different data, a budget what it says.

    Args:
        min_votes: votes before a sample is decided, 1 or more.
        max_votes: maximum number of votes; then a reviewer decides, or the most probable label.
        accept: probability from which a label is accepted, of the rule "posterior". `None`: 0.95,
            unless `budget` or the cost of an error decides.
        expert_below: probability below which a reviewer decides where no vote can be added, of the
            rule "posterior", up to `accept`. `None`: 0.90, or `accept` where that is less; with the
            cost of an error, where one is expected to cost more than a reviewer.
        costs: costs in one unit: `vote` (1), of a vote; `expert` (5), of a reviewer's decision; and
            `error`, of a wrong label, by which the rule "posterior" weighs them. Without `error`
            they are what `labeling simulate` adds up, and decide nothing.
        rule: `"majority"` or `"posterior"`.
        escalate: which disagreement goes to a reviewer. `"no_majority"`: a label is accepted with
            more than half of the votes. `"any_conflict"`: only if all votes are equal. A number
            above 0.5 and up to 1: with at least this share of the votes, compared exactly. `None`
            for the rule "majority": `"any_conflict"` for two labels, where a third vote always
            makes a majority, so that no doubtful sample would ever reach a reviewer;
            `"no_majority"` for more labels. Of several labels a sample each is such a question with
            two answers; spans are one with many. `None` for the rule "posterior": its probability
            decides alone.
        model_voter: whether the end model is one more voter, of the rule "posterior". Its soft
            labels must not have learned the votes of the samples that they are about. One vote a
            sample (`min_votes=1`) is then enough where people and model agree.
        budget: votes a sample on average, of the rule "posterior", from `min_votes` to `max_votes`:
            samples get `min_votes`, and the rest goes to the most doubtful labels, also of samples
            that would be settled.
        expert_quota: the largest share of the annotated samples that reviewers decide on, of the
            rule "posterior"; `None`: 0.1. The most doubtful ones come first; the others are
            accepted with their probability, so that none waits for ever. Samples that `escalate`
            names, and those without a single most probable label, reach a reviewer regardless.

    Raises:
        LabelingError: a setting is invalid, or nothing would use it.

    >>> ReviewPolicy(min_votes=3, max_votes=2)
    Traceback (most recent call last):
    ...
    labeling.errors.LabelingError: A policy must have 1 <= min_votes <= max_votes, in whole votes.
    Got 3 and 2.
    >>> ReviewPolicy().for_schema(LabelSchema(["ham", "spam"])).escalate
    'any_conflict'
    >>> ReviewPolicy(1, 5, rule="posterior", model_voter=True, budget=1.5).describe(
    ...     LabelSchema(["ham", "spam"])
    ... )
    'A sample gets 1 vote; more go to the most doubtful labels, up to 5 a sample and 1.5 on average.
    The end model is one more voter. Labels whose probability stays below 0.90 go to a reviewer, the
    most doubtful first and at most 10% of the samples; the others are accepted with their
    probability.'
    """

    min_votes: int = 2
    max_votes: int = 3
    accept: float | None = None
    expert_below: float | None = None
    costs: Mapping[str, float] | None = None
    rule: Rule = "majority"
    escalate: Escalate | None = None
    model_voter: bool = False
    budget: float | None = None
    expert_quota: float | None = None

    def __post_init__(self) -> None:
        are_whole = is_whole_number(self.min_votes) and is_whole_number(self.max_votes)
        if not are_whole or not 1 <= self.min_votes <= self.max_votes:
            raise LabelingError(
                "A policy must have 1 <= min_votes <= max_votes, in whole votes. Got"
                f" {self.min_votes} and {self.max_votes}."
            )
        if self.rule not in RULES:
            raise LabelingError(
                f"The rule of a policy must be 'majority' or 'posterior'. Got {self.rule!r}."
                f"{near(str(self.rule), RULES)}"
            )
        if self.escalate is not None and not _is_escalation(self.escalate):
            raise LabelingError(
                "`escalate` must be 'no_majority', 'any_conflict', or the smallest share of the"
                " votes that settles a sample, above 0.5 and up to 1, such as 0.75. Got"
                f" {self.escalate!r}.{near(str(self.escalate), ESCALATIONS)}"
            )
        if not isinstance(self.model_voter, bool):
            raise LabelingError(f"`model_voter` must be true or false. Got {self.model_voter!r}.")
        if self.costs is not None:
            object.__setattr__(self, "costs", _checked_costs(self.costs))
        self._refuse_unused()
        self._check_posterior()

    def _refuse_unused(self) -> None:
        """Raise a LabelingError if something is set that nothing would use."""
        unused = [name for name in OF_POSTERIOR if getattr(self, name) not in (None, False)]
        unused = ["costs['error']" if name == "error_cost" else name for name in unused]
        if self.rule == "majority" and unused:
            raise LabelingError(
                f"The rule 'majority' counts votes, and does not use {listed(unused)}. Set"
                " rule='posterior' as well, or leave it out."
            )
        stops = [name for name in ("accept", "budget") if getattr(self, name) is not None]
        stops += [] if self.error_cost is None else ["costs['error']"]
        if len(stops) > 1:
            raise LabelingError(
                "One setting must say when a label needs no further vote: `accept`, `budget` or"
                f" `costs` with `error`. Got {listed(stops)}."
            )
        if self.error_cost is not None and self.expert_below is not None:
            raise LabelingError(
                "The cost of an error decides which samples a reviewer sees: leave `expert_below`"
                " or `error` out."
            )

    def _check_posterior(self) -> None:
        for name in ("accept", "expert_below", "expert_quota"):
            if getattr(self, name) is not None:
                checked_fraction(getattr(self, name), f"`{name}`")
        if self.accept is not None and (self.expert_below or 0) > self.accept:
            raise LabelingError(
                "`expert_below` must be at most `accept`: a label that is accepted needs no"
                f" reviewer. Got {self.expert_below} and {self.accept}."
            )
        budget = self.budget
        if budget is not None and (
            not is_number(budget) or not self.min_votes <= budget <= self.max_votes
        ):
            raise LabelingError(
                "`budget` must be the votes a sample on average, from `min_votes` to `max_votes`"
                f" ({self.min_votes} to {self.max_votes}). Got {budget!r}."
            )

    def for_schema(self, schema: LabelSchema) -> ReviewPolicy:
        """Return the policy with the defaults filled in that depend on the labels and the rule."""
        if self.rule == "posterior":
            has_threshold = self.budget is None and self.error_cost is None
            accept = ACCEPT if has_threshold and self.accept is None else self.accept
            below = self.expert_below
            if below is None and self.error_cost is None:
                below = EXPERT_BELOW if accept is None else min(EXPERT_BELOW, accept)
            quota = EXPERT_QUOTA if self.expert_quota is None else self.expert_quota
            return dataclasses.replace(self, accept=accept, expert_below=below, expert_quota=quota)
        if self.escalate is not None:
            return self
        return dataclasses.replace(
            self, escalate="any_conflict" if schema.n_answers == 2 else "no_majority"
        )

    @property
    def prices(self) -> Mapping[str, float]:
        """What a vote and a reviewer's decision cost: those of `costs`, else 1 and 5."""
        return {**DEFAULT_COSTS, **(self.costs or {})}

    @property
    def error_cost(self) -> float | None:
        """What a wrong label costs, if that decides whether to ask on."""
        return (self.costs or {}).get("error")

    def accepts(self, votes_for: int, votes_cast: int) -> bool:
        """Return whether a label with these votes is accepted, regardless of `min_votes`.

        `escalate` must be set (see `for_schema`).

        >>> policy = ReviewPolicy(escalate=0.75)
        >>> policy.accepts(3, 4), policy.accepts(2, 3)
        (True, False)
        """
        if self.escalate == "no_majority":
            return 2 * votes_for > votes_cast
        if self.escalate == "any_conflict":
            return votes_for == votes_cast
        if self.escalate is None:
            raise LabelingError("A policy must have `escalate` set: call `for_schema` first.")
        return votes_for >= _fraction(self.escalate) * votes_cast

    def settles_by(self) -> str:
        """Return what settles samples where votes are not just counted; empty where they are.

        >>> ReviewPolicy(rule="posterior", model_voter=True).settles_by()
        'The posterior of the votes and the end model decides, not their number.'
        """
        if self.rule == "majority":
            return ""
        model = " and the end model" if self.model_voter else ""
        return f"The posterior of the votes{model} decides, not their number."

    def describe(self, schema: LabelSchema) -> str:
        """Return a sentence on what the policy means for these labels.

        >>> ReviewPolicy().describe(LabelSchema(["ham", "spam"]))
        'A sample gets 2 votes: if all are equal it is settled, and any conflict goes to a
        reviewer.'
        """
        policy = self.for_schema(schema)
        votes = "1 vote" if policy.min_votes == 1 else f"{policy.min_votes} votes"
        if policy.rule == "posterior":
            return _posterior_sentences(policy, votes)
        more = policy._asks_more(schema)
        further = (
            f" up to {policy.max_votes} votes are asked for one at a time where they can help;"
        )
        if policy.escalate == "any_conflict":
            return (
                f"A sample gets {votes}: if all are equal it is settled, and any conflict goes to a"
                f" reviewer.{_DECIDED_BY_PART[schema.kind]}"
            )
        return (
            f"A sample gets {votes}, and a label is accepted {_enough(policy)}; else"
            f"{further if more else ''} a reviewer decides.{_DECIDED_BY_PART[schema.kind]}"
        )

    def _asks_more(self, schema: LabelSchema) -> bool:
        """Return whether there are votes that do not settle a sample and require another vote."""
        return any(
            not self.accepts(top, cast)
            and self.accepts(top + self.max_votes - cast, self.max_votes)
            for cast in range(self.min_votes, self.max_votes)
            for top in range(-(-cast // (schema.n_answers or cast)), cast + 1)
        )


_DECIDED_BY_PART = {
    LabelKind.ONE: "",
    LabelKind.SEVERAL: " This holds for each label by itself; a sample is settled when all are.",
    LabelKind.SPANS: (
        " This holds for each part of a text with overlapping spans by itself; a sample is settled"
        " when all are."
    ),
}


def _posterior_sentences(policy: ReviewPolicy, votes: str) -> str:
    most = policy.max_votes
    if policy.budget is not None:
        first = (
            f"A sample gets {votes}; more go to the most doubtful labels, up to {most} a sample and"
            f" {policy.budget:g} on average."
        )
    elif policy.error_cost is not None:
        first = (
            f"A sample gets {votes}; one more is asked for, up to {most}, while it is expected to"
            f" save more than it costs (a vote {policy.prices['vote']:g}, an error"
            f" {policy.error_cost:g})."
        )
    else:
        first = (
            f"A sample gets {votes}, and one more at a time, up to {most}, until a label has a"
            f" probability of {policy.accept:.2f}."
        )
    model = " The end model is one more voter." if policy.model_voter else ""
    doubtful = (
        f"Labels whose probability stays below {policy.expert_below:.2f}"
        if policy.error_cost is None
        else f"Labels whose error is expected to cost more than a reviewer"
        f" ({policy.prices['expert']:g})"
    )
    experts = (
        f" {doubtful} go to a reviewer, the most doubtful first and at most"
        f" {policy.expert_quota:.0%} of the samples; the others are accepted with their"
        " probability."
        if policy.expert_quota
        else " Labels that stay doubtful are accepted with their probability."
    )
    conflict = ""
    if policy.escalate == "any_conflict":
        conflict = " Any conflict goes to a reviewer."
    elif policy.escalate is not None:
        conflict = f" A label is accepted only {_enough(policy)}; else a reviewer decides."
    return first + model + experts + conflict


def _enough(policy: ReviewPolicy) -> str:
    if policy.escalate == "no_majority":
        return "with more than half of them"
    return f"with at least {float(policy.escalate or 0):.0%} of them"


def _checked_costs(costs: object) -> dict[str, float]:
    names = (*DEFAULT_COSTS, "error")
    given = costs if isinstance(costs, Mapping) else {}
    unknown = [name for name in given if name not in names]
    if unknown:
        raise LabelingError(
            f"Costs must be of {listed(names)}. Got {listed(unknown)}."
            f"{near(str(unknown[0]), names)}"
        )
    if not given:
        raise LabelingError(
            "`costs` must name what a vote, an expert's decision or an error costs, as in {'vote':"
            f" 1, 'expert': 5, 'error': 20}}. Got {costs!r}."
        )
    checked = {**DEFAULT_COSTS, **given}
    for name, cost in checked.items():
        if not is_number(cost) or not 0 < float(cost) < float("inf"):
            raise LabelingError(f"The cost {name!r} must be a number above 0. Got {cost!r}.")
    return {name: float(cost) for name, cost in checked.items()}


def _is_escalation(escalate: object) -> bool:
    if isinstance(escalate, str):
        return escalate in ESCALATIONS
    return is_number(escalate) and 0.5 < float(escalate) <= 1


def _fraction(share: float | str) -> Fraction:
    return Fraction(float(share)).limit_denominator(MAX_DENOMINATOR)
