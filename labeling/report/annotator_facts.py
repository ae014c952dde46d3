"""What is known of any annotator, whatever their labels are: pseudonym, skill, pauses, tests."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Hashable

import pandas as pd

from labeling.analysis import Estimate
from labeling.errors import counted
from labeling.records import EventKind, person_key
from labeling.report.context import ReportContext
from labeling.work_review.state import Paused

WIDE = 0.3  # an interval wider than this says little: about 40 votes make it narrower

VERDICTS = {
    "fine": "The votes are better than chance.",
    "unsure": "There are too few votes to tell them from chance.",
    "spammer": "The votes cannot be told from chance. Go through the guidelines together first: a"
    " misread instruction looks the same as carelessness.",
    "adversary": "The votes are worse than chance, as if labels were exchanged. Go through the"
    " guidelines together first: a misread instruction is the usual cause.",
}


def held_back_votes(context: ReportContext, paused: Collection[str]) -> Counter[str]:
    """Return how many labels of each paused person would be votes, without hidden gold."""
    state = context.project.people.work.state()
    return Counter(
        person_key(answer.annotator)
        for answer in context.answers
        if answer.label is not None
        and not answer.reviewer
        and person_key(answer.annotator) in paused
        and not state.is_gold_answer(answer.sample_id, answer.annotator)
    )


def samples_that_test(context: ReportContext) -> frozenset[Hashable]:
    """Return the samples that are or may be hidden in batches to test annotators."""
    asked = [] if context.store is None else context.store.events.all([EventKind.GOLD_ASKED])
    return frozenset([*context.data.dev.index, *(event.sample_id for event in asked)])


def pseudonyms_of(names: Collection[str], salt: str) -> dict[str, str]:
    """Return a name for each person that tells nothing, and stays when other people join.

    Args:
        names: of the people.
        salt: known to the lead only: with it the pseudonym of a name can be computed.

    >>> found = pseudonyms_of(["ann", "bob"], "a secret")
    >>> sorted(found), len(set(found.values()))
    (['ann', 'bob'], 2)
    """
    for length in range(4, 64):
        codes = {
            name: hashlib.blake2b(f"{salt}\n{person_key(name)}".encode(), digest_size=32)
            .hexdigest()[:length]
            .upper()
            for name in names
        }
        if len(set(codes.values())) == len({person_key(name) for name in names}):
            break
    return {name: f"annotator {code}" for name, code in codes.items()}


def pseudonym_salt(context: ReportContext) -> str:
    """Return what only those know who can read the store: the time of the project's first run."""
    runs = [] if context.store is None else context.store.runs.recent()
    return f"{context.config.name}\n{runs[-1]['started_at'] if runs else ''}"


def pause_in_words(paused: Paused, n_held_back: int) -> str:
    """Return why somebody is paused, since when, and how many votes are held back."""
    held = counted(n_held_back, "vote is", "votes are")
    return f"paused since {paused.at[:10]} ({paused.reason.rstrip('.')}): {held} held back"


def skill_of(name: str, skills: pd.DataFrame) -> tuple[Estimate | None, float, str]:
    """Return an annotator's skill, its value by chance, and what it says; `None` if unknown."""
    row = skills.to_dict("index").get(name)
    if row is None:
        return None, float("nan"), ""
    estimate = Estimate(row["skill"], row["low"], row["high"], int(row["n_votes"]))
    return estimate, row["chance"], VERDICTS.get(str(row["verdict"]), str(row["verdict"]))


def skill_sentences(skill: Estimate | None) -> list[str]:
    """Return in a sentence that a skill is unknown, or hardly known; nothing if it is known."""
    if skill is None:
        return ["A skill cannot be estimated: no sample has votes of two people."]
    if skill.high - skill.low <= WIDE:
        return []
    return [
        f"The skill rests on {counted(skill.n, 'vote')}: its interval is"
        f" {100 * (skill.high - skill.low):.0f} points wide, which says little."
    ]


def is_wide(estimate: Estimate) -> bool:
    """Return whether an estimate is known, and too uncertain to judge by."""
    return bool(estimate.n) and not estimate.high - estimate.low <= WIDE
