"""Hidden gold: samples whose label is known, asked like any other to measure annotators."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from labeling.adjudication import Annotators
from labeling.project.work_review import WorkReview, reviewed_labels
from labeling.records import (
    Batch,
    EventKind,
    Label,
    MessageKind,
    NewMessage,
    encode_label,
    person_key,
    random_order,
    uniform_by_id,
)
from labeling.work_review import WorkState

PLACE_SALT = 20_261_130  # of where hidden samples stand in a batch


def choose_hidden_gold(
    work: WorkReview, batch: int, size: int, samples: pd.DataFrame, annotators: Annotators | None
) -> list[NewMessage]:
    """Return the questions about samples with a gold label that are hidden in a batch.

    They are chosen once for a batch, and recorded as events. Gold labels that were given come
    before reviewers' decisions, and those asked less often before others; the draw is by a hash of
    the id. Locked samples are never asked.

    Args:
        work: the work review of the project; its store must be locked.
        batch: the number of the batch.
        size: its number of samples.
        samples: the project's samples.
        annotators: who may be asked; see `labeling.review`.
    """
    n = int(np.floor(work.settings.hidden_gold * size + 0.5))
    if not n:
        return []
    with work.store.database.writing():
        state = work.state()
        if batch not in state.gold_of_batch:
            for sample_id, label, seen in _eligible(work, state, samples, annotators, batch)[:n]:
                about = {"batch": batch, "label": encode_label(label), "voters": sorted(seen)}
                kind = EventKind.GOLD_ASKED
                work.store.events.append(kind, sample_id=sample_id, about=about)
            state = work.state()
        chosen = state.gold_of_batch.get(batch, [])
        present = [own for own in chosen if own in samples.index]
        return _messages(work, state, batch, present)


def _eligible(
    work: WorkReview,
    state: WorkState,
    samples: pd.DataFrame,
    annotators: Annotators | None,
    batch: int,
) -> list[tuple[Hashable, Label, set[str]]]:
    """Return the samples that may be hidden, in order: id, gold label, and who has seen it."""
    given: dict[Hashable, Label] = dict(work.given_gold().items())
    reviewed = reviewed_labels(work.store.batches.settled())
    labels: dict[Hashable, Label] = {**reviewed, **given}
    ids = [own for own in labels if own in samples.index]
    order = random_order(
        pd.Index(ids, dtype=object), np.random.default_rng([work.seed, PLACE_SALT, batch])
    )
    seen = _seen_by(work, ids)
    asked = _times_asked(state)
    eligible = [
        (ids[index], labels[ids[index]], seen[ids[index]])
        for index in order.tolist()
        if _is_someone_left(ids[index], seen[ids[index]], annotators, state)
    ]
    return sorted(eligible, key=lambda one: (asked.get(one[0], 0), one[0] not in given))


def _seen_by(work: WorkReview, ids: Collection[Hashable]) -> dict[Hashable, set[str]]:
    """Return who annotated or reviewed each sample, by names as they are written."""
    seen: dict[Hashable, set[str]] = {sample_id: set() for sample_id in ids}
    for annotation in work.store.ledger.annotations(ids):
        seen[annotation.sample_id].add(annotation.annotator)
    return seen


def _times_asked(state: WorkState) -> dict[Hashable, int]:
    counts: dict[Hashable, int] = {}
    for of_batch in state.gold_of_batch.values():
        for sample_id in of_batch:
            counts[sample_id] = counts.get(sample_id, 0) + 1
    return counts


def _is_someone_left(
    sample_id: Hashable, seen: Iterable[str], annotators: Annotators | None, state: WorkState
) -> bool:
    if annotators is None:
        return True
    names = annotators.get(sample_id, ()) if isinstance(annotators, Mapping) else annotators
    return bool(set(map(person_key, names)) - set(map(person_key, seen)) - state.paused.keys())


def _messages(
    work: WorkReview, state: WorkState, batch: int, chosen: Sequence[Hashable]
) -> list[NewMessage]:
    seen = _seen_by(work, chosen)
    asked_before = dict.fromkeys(chosen, 0)
    for number, of_batch in state.gold_of_batch.items():
        for sample_id in of_batch:
            if sample_id in asked_before and number < batch:
                asked_before[sample_id] += 1
    was_chosen = work.store.batches.batch_of(chosen)
    return [
        NewMessage(
            MessageKind.ASK,
            sample_id,
            batch,
            not_annotators=tuple(sorted(seen[sample_id])),
            after=asked_before[sample_id] + (sample_id in was_chosen),
        )
        for sample_id in chosen
    ]


def hide_among(sample_ids: Sequence[Hashable], gold: Sequence[Hashable]) -> list[Hashable]:
    """Return a batch's samples with hidden ones among them, each at a place drawn by its id.

    >>> sorted(hide_among(["a", "b", "c"], ["g"])), hide_among(["a", "b", "c"], ["g"])[0] != "g"
    (['a', 'b', 'c', 'g'], True)
    """
    mixed = list(sample_ids)
    draws = uniform_by_id(pd.Index(list(gold), dtype=object), PLACE_SALT)
    for sample_id, draw in zip(gold, draws.tolist(), strict=True):
        mixed.insert(int(draw * (len(mixed) + 1)), sample_id)
    return mixed


def with_hidden(batch: Batch, gold: Sequence[Hashable]) -> Batch:
    """Return a batch with hidden samples among its own, like them in all that is shown.

    A hidden sample gets the score of the one before it, by which a platform may order.
    """
    if not gold:
        return batch
    order = hide_among(batch.sample_ids.tolist(), gold)
    ids = pd.Series(order, dtype=object).infer_objects()
    frame = batch.to_frame().reindex(pd.Index(ids, name=batch.sample_ids.name))
    frame["score"] = frame["score"].ffill().bfill()
    for name in ("stratum", "reason"):
        frame[name] = frame[name].fillna("")
    return Batch(frame.infer_objects())
