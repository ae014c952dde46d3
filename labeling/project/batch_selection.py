"""Selects the next batch of samples for annotation, and stores it."""

from __future__ import annotations

import json
import logging
from typing import Any

import numpy as np

from labeling.config import QuerySection
from labeling.project.base import BaseProject
from labeling.project.batch_table import batch_table
from labeling.project.exporting import with_samples, write_frame
from labeling.project.fingerprints import digest_of_text
from labeling.project.gold import teaching_gold
from labeling.project.results import Chosen, Round
from labeling.project.whole_labels import confidence
from labeling.records import AnyVotes, Batch, BatchState
from labeling.store import Store, now

logger = logging.getLogger(__name__)

LAST_QUERY = "query"  # key of the stored size and strategy of the last query


def next_batch_number(store: Store) -> int:
    """Return the number of the next batch, or of the one that was chosen and is not pushed yet."""
    number, state = store.batches.last()
    return number + (state == BatchState.PUSHED)


def default_query(project: BaseProject) -> QuerySection:
    """Return size and strategy of the waiting batch; of the config where none waits."""
    store = project.store
    text = store.facts.get(LAST_QUERY) if store.ready() else None
    last = json.loads(text or "{}")
    if not last or last["batch"] != next_batch_number(store) or not store.batches.waiting():
        return project.config.query
    section = project.config.query
    return section.model_copy(update={"n": last["n"], "strategy": last["strategy"]})


def choose_batch(
    project: BaseProject, current: Round, votes: AnyVotes, query: QuerySection
) -> Chosen:
    """Select and store the next batch, and return it with its texts and most probable labels."""
    store = project.store
    waiting = store.batches.waiting()
    batch = select_batch(project, current, votes, query)
    number, state = store.batches.last()
    replaced = None if waiting == (len(batch), query.strategy) else waiting
    return Chosen(
        batch,
        table=batch_table(batch, project.samples[project.config.data.text], current.posterior),
        number=number,
        replaced=replaced,
        is_half_pushed=state == BatchState.PUSHING,
    )


def select_batch(
    project: BaseProject, current: Round, votes: AnyVotes, query: QuerySection | None = None
) -> Batch:
    """Select the next batch, store it and write `batch.parquet`.

    A batch that is half pushed is returned unchanged, since annotators may have some of it.
    """
    store = project.store
    project.people.release_unsent_batch()
    number, state = store.batches.last()
    if state == BatchState.PUSHING:
        return store.batches.batch(number)
    number = next_batch_number(store)
    query = query or default_query(project)
    with store.stage("choosing samples"):
        batch = _select(project, current, votes, query, number)
    write_frame(with_samples(batch, project.samples), project.folder, "batch.parquet")
    _store_batch(project, batch, current, query, number)
    store.facts.put(
        LAST_QUERY, json.dumps({"batch": number, "n": query.n, "strategy": query.strategy})
    )
    return batch


def _select(
    project: BaseProject, current: Round, votes: AnyVotes, query: QuerySection, number: int
) -> Batch:
    """Return the batch of this number: the same for the same annotations so far."""
    from labeling.query import select

    samples, config = project.samples, project.config
    gold = teaching_gold(project.data.dev, current.gold)
    excluded = project.people.asked_or_annotated(current.annotations) | set(project.data.dev.index)
    soft: Any = current.soft
    posterior: Any = current.posterior
    any_votes: Any = votes
    return select(
        samples,
        votes=any_votes,
        soft=soft,
        end=posterior,
        gold=[label for label in gold if label.sample_id in samples.index],
        exclude=list(samples.index[samples.index.isin(list(excluded))]),
        n=query.n,
        strategy=query.strategy,
        rng=np.random.default_rng([config.seed, number]),
        text=config.data.text,
    )


def _store_batch(
    project: BaseProject, batch: Batch, current: Round, query: QuerySection, number: int
) -> None:
    """Store a batch under this number; it replaces one that was not pushed."""
    batches = project.store.batches
    if not len(batch):
        batches.forget(number)
        return
    before = current.posterior.of_samples(batch.sample_ids)
    labels = zip(before.to_labels().tolist(), confidence(before).tolist(), strict=True)
    texts = project.samples.loc[batch.sample_ids, project.config.data.text].tolist()
    batches.choose(
        number,
        batch,
        dict(zip(batch.sample_ids, labels, strict=True)),
        dict(zip(batch.sample_ids, map(digest_of_text, texts), strict=True)),
        strategy=query.strategy,
        seed=project.config.seed,
        made_at=now(),
    )
    logger.info("chose batch %d: %s", number, batch)
