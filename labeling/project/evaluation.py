"""How good the labels are: on gold labels after each round, and on the locked test split when asked."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from labeling.config import Config
from labeling.errors import ConfigError
from labeling.project.data import ProjectData
from labeling.project.snapshots import Round
from labeling.project.vote_cache import VoteCache
from labeling.store import Store

if TYPE_CHECKING:
    from labeling.analysis import Estimate


def looked_at(
    config: Config, data: ProjectData, here: Round, voting: VoteCache, store: Store
) -> tuple[int, dict[str, Estimate]]:
    """Return how often the locked test split was looked at, this time included, and what is seen.

    Raises:
        ConfigError: there is no test split.
    """
    from labeling.analysis import accuracy
    from labeling.engine import apply_to_frame

    if len(data.test) and not len(data.test_gold):
        raise ConfigError(
            f"{len(data.test)} samples are in the locked test split, and none of them has a gold"
            " label any more: name the gold labels of before as `gold` of `data` in the config."
        )
    if not len(data.test):
        raise ConfigError(
            "There is no locked test split to look at: name the gold labels as `gold` of `data`"
            f" in the config, and a share `locked` above 0 (now {config.data.locked:g})."
        )
    test = data.test[data.test.index.isin(data.test_gold.index)]
    with store.stage("applying labeling functions to the test split", len(test)) as advance:
        votes = apply_to_frame(
            *(voting.rules.load(), test, voting.schema),
            workers=config.workers,
            progress=advance,
        )
    soft = here.label_model.predict_proba(votes)
    final = here.end_model.predict_proba(test, soft=soft, votes=votes)
    seen = {
        "label model, covered": accuracy(soft, data.test_gold, covered_only=True),
        "label + end model, all": accuracy(final, data.test_gold),
    }
    number = store.history.look({name: dataclasses.asdict(one) for name, one in seen.items()})
    return number, seen


def remember_standing(store: Store, data: ProjectData, end: Round) -> None:
    """Remember how good the labels are with so many votes of people."""
    from labeling.analysis import accuracy

    about = {}
    if end.measured is not None:
        about["dev"] = dataclasses.asdict(accuracy(end.measured, data.dev))
    store.history.stand(
        store.ledger.counts()[0], end.human_votes, end.reviews, len(end.gold), about
    )
