"""Batches of samples selected for annotation, the state of each sample, and its verdict."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping
from enum import StrEnum
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa

from labeling.records import (
    BATCH_COLUMNS,
    Batch,
    BatchState,
    GoldLabel,
    LabelSource,
    MessageKind,
    SampleState,
    Verdict,
)
from labeling.records.ids import decode_id, encode_id
from labeling.store.database import Connection, Database
from labeling.store.ledger import chunks
from labeling.store.tables import AWAITED, batches, choices, messages, samples, verdicts

STATES = tuple(state.value for state in SampleState)
COLUMNS = (*BATCH_COLUMNS, "model_label", "confidence")


class VerdictKind(StrEnum):
    """Kinds of verdicts on a sample; the database holds the values."""

    GOLD = "gold"
    PENDING = "pending"
    ESCALATED = "escalated"
    UNRESOLVED = "unresolved"


class Batches:
    """The batches of a store, and the states of the selected samples."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def last(self) -> tuple[int, BatchState]:
        """Return the number of the last batch and its state; 0 and `pushed` before the first."""
        query = sa.select(batches.c.number, batches.c.state).order_by(batches.c.number.desc())
        with self.database.reading() as connection:
            row = connection.execute(query.limit(1)).first()
        return (int(row[0]), BatchState(row[1])) if row else (0, BatchState.PUSHED)

    def waiting(self) -> tuple[int, str] | None:
        """Return size and strategy of the batch that waits to be pushed, or `None`."""
        query = (
            sa.select(sa.func.count(choices.c.sample), batches.c.strategy)
            .join(batches, batches.c.number == choices.c.batch)
            .where(batches.c.state == BatchState.CHOSEN.value)
            .group_by(batches.c.number, batches.c.strategy)
        )
        with self.database.reading() as connection:
            row = connection.execute(query).first()
        return (int(row[0]), str(row[1])) if row else None

    def choose(
        self,
        number: int,
        batch: Batch,
        model_labels: Mapping[Hashable, tuple[str | None, float]],
        text_digests: Mapping[Hashable, str],
        *,
        strategy: str,
        seed: int,
        made_at: str,
    ) -> None:
        """Store a batch; one of the same number that was not pushed is replaced."""
        selected = zip(batch.sample_ids, batch.to_frame().to_dict("records"), strict=True)
        rows: list[dict[str, Any]] = []
        for position, (sample_id, row) in enumerate(selected):
            model_label, confidence = model_labels[sample_id]
            rows.append(
                {
                    "batch": number,
                    "place": position,
                    "sample": encode_id(sample_id),
                    **{name: _nan_to_none(row[name]) for name in BATCH_COLUMNS},
                    "model_label": model_label,
                    "confidence": confidence,
                    "text_digest": text_digests[sample_id],
                }
            )
        with self.database.writing() as connection:
            self.forget(number)
            about = {
                "number": number,
                "state": BatchState.CHOSEN.value,
                "strategy": strategy,
                "seed": seed,
            }
            connection.execute(sa.insert(batches), [{**about, "made_at": made_at}])
            connection.execute(sa.insert(choices), rows)
            state = SampleState.CHOSEN.value
            states = [{"sample": row["sample"], "batch": number, "state": state} for row in rows]
            _replace(connection, samples, states)

    def forget(self, number: int) -> None:
        """Delete a batch that was not pushed; annotations of its samples stay."""
        with self.database.writing() as connection:
            connection.execute(sa.delete(choices).where(choices.c.batch == number))
            connection.execute(sa.delete(batches).where(batches.c.number == number))
            in_batch = samples.c.batch == number
            is_chosen = samples.c.state == SampleState.CHOSEN.value
            connection.execute(sa.delete(samples).where(in_batch, is_chosen))
            connection.execute(sa.update(samples).where(in_batch).values(batch=None))

    def withdraw(self, sample_ids: Iterable[Hashable]) -> None:
        """Mark samples as removed from the data before they were settled."""
        with self.database.writing() as connection:
            for chunk in chunks(map(encode_id, sample_ids)):
                change = sa.update(samples).where(samples.c.sample.in_(chunk))
                connection.execute(change.values(state=SampleState.WITHDRAWN.value))

    def awaited(self) -> tuple[Hashable, ...]:
        """Return the samples that are in annotation and not settled."""
        query = sa.select(samples.c.sample).where(
            samples.c.state.in_(AWAITED), samples.c.batch.is_not(None)
        )
        with self.database.reading() as connection:
            return tuple(map(decode_id, connection.scalars(query.order_by(samples.c.sample))))

    def unreviewed(self) -> int:
        """Return the number of samples for which a review would request votes or a reviewer."""
        asked = (
            sa.select(sa.func.coalesce(sa.func.sum(messages.c.votes), 0))
            .where(
                messages.c.sample == verdicts.c.sample,
                messages.c.kind != MessageKind.ESCALATE.value,
            )
            .scalar_subquery()
        )
        raised = sa.exists().where(
            messages.c.sample == verdicts.c.sample, messages.c.kind == MessageKind.ESCALATE.value
        )
        short = (
            (verdicts.c.kind == VerdictKind.PENDING.value)
            & (asked > 0)
            & (asked <= verdicts.c.heard)
        )
        conflict = (verdicts.c.kind == VerdictKind.ESCALATED.value) & ~raised
        with self.database.reading() as connection:
            query = sa.select(sa.func.count()).select_from(verdicts).where(short | conflict)
            return int(connection.scalar(query) or 0)

    def chosen(self) -> tuple[Hashable, ...]:
        """Return all samples that were ever selected for annotation."""
        with self.database.reading() as connection:
            return tuple(map(decode_id, connection.scalars(sa.select(choices.c.sample))))

    def set_state(self, number: int, state: BatchState) -> None:
        """Set the state of a batch; its samples become `asked` when it is pushed."""
        with self.database.writing() as connection:
            change = sa.update(batches).where(batches.c.number == number)
            connection.execute(change.values(state=BatchState(state).value))
            if state == BatchState.PUSHED:
                connection.execute(
                    sa.update(samples)
                    .where(samples.c.batch == number, samples.c.state == SampleState.CHOSEN.value)
                    .values(state=SampleState.ASKED.value)
                )

    def frame(self, number: int | None = None) -> pd.DataFrame:
        """Return the selected samples: index = sample id, column `batch`, then `COLUMNS`."""
        query = sa.select(choices).order_by(choices.c.batch, choices.c.place)
        if number is not None:
            query = query.where(choices.c.batch == number)
        with self.database.reading() as connection:
            rows = connection.execute(query).mappings().all()
        ids = pd.Index([decode_id(row["sample"]) for row in rows])
        columns = {name: [row[name] for row in rows] for name in ("batch", *COLUMNS)}
        frame = pd.DataFrame(columns, ids)
        numbers = {
            "batch": np.int64,
            "score": np.float64,
            "propensity": np.float64,
            "confidence": np.float64,
        }
        return frame.astype(numbers)

    def batch(self, number: int) -> Batch:
        """Return a batch as it was selected."""
        return Batch(self.frame(number)[list(BATCH_COLUMNS)])

    def asked(self) -> tuple[Hashable, ...]:
        """Return the samples of pushed batches, in order."""
        query = (
            sa.select(choices.c.sample)
            .join(batches, batches.c.number == choices.c.batch)
            .where(batches.c.state == BatchState.PUSHED.value)
            .order_by(choices.c.batch, choices.c.place)
        )
        with self.database.reading() as connection:
            return tuple(map(decode_id, connection.scalars(query)))

    def batch_of(self, sample_ids: Iterable[Hashable]) -> dict[Hashable, int]:
        """Return the batch number of each of these samples."""
        return self._of_choices(choices.c.batch, sample_ids)

    def model_labels(self, sample_ids: Iterable[Hashable]) -> dict[Hashable, str | None]:
        """Return the model's label of each of these samples at its selection."""
        return self._of_choices(choices.c.model_label, sample_ids)

    def model_confidence(self, sample_ids: Iterable[Hashable]) -> dict[Hashable, float | None]:
        """Return the probability of the model's label of each of these samples at its selection."""
        return self._of_choices(choices.c.confidence, sample_ids)

    def text_digests(self, sample_ids: Iterable[Hashable]) -> dict[Hashable, str]:
        """Return the digest of the text of each of these samples at its selection."""
        return self._of_choices(choices.c.text_digest, sample_ids)

    def _of_choices(
        self, column: sa.Column[Any], sample_ids: Iterable[Hashable]
    ) -> dict[Hashable, Any]:
        values: dict[Hashable, Any] = {}
        with self.database.reading() as connection:
            for chunk in chunks(map(encode_id, sample_ids)):
                query = sa.select(choices.c.sample, column).where(choices.c.sample.in_(chunk))
                values |= {decode_id(key): value for key, value in connection.execute(query)}
        return values

    def settle(
        self,
        verdict: Verdict,
        n_annotations: Mapping[Hashable, int],
        unannotated: Iterable[Hashable] = (),
    ) -> None:
        """Store the verdicts on some samples, and the state of each.

        Args:
            verdict: on these samples.
            n_annotations: the number of annotations of each sample that it is based on.
            unannotated: samples whose annotations were all deleted; they become `asked` again.
        """
        with self.database.writing() as connection:
            rows = [
                {**row, "heard": n_annotations.get(decode_id(row["sample"]), 0)}
                for row in _rows_of(verdict)
            ]
            for chunk in chunks(map(encode_id, unannotated)):
                connection.execute(sa.delete(verdicts).where(verdicts.c.sample.in_(chunk)))
                in_batch = samples.c.sample.in_(chunk) & samples.c.batch.is_not(None)
                connection.execute(
                    sa.update(samples).where(in_batch).values(state=SampleState.ASKED.value)
                )
            _replace(connection, verdicts, _changed(connection, rows))
            states = {row["sample"]: _state_of(row) for row in rows}
            before: dict[str, tuple[int | None, str]] = {}
            for chunk in chunks(states):
                query = sa.select(samples.c.sample, samples.c.batch, samples.c.state)
                stored = connection.execute(query.where(samples.c.sample.in_(chunk)))
                before |= {key: (batch, state) for key, batch, state in stored}
            _replace(
                connection,
                samples,
                [
                    {"sample": key, "batch": before.get(key, (None, ""))[0], "state": state}
                    for key, state in states.items()
                    if before.get(key, (None, ""))[1] != state
                ],
            )

    def states(self) -> dict[Hashable, str]:
        """Return the state of every sample that was selected or annotated."""
        query = sa.select(samples.c.sample, samples.c.state).order_by(samples.c.sample)
        with self.database.reading() as connection:
            return {decode_id(key): str(state) for key, state in connection.execute(query)}

    def in_state(self, state: SampleState) -> tuple[Hashable, ...]:
        """Return the samples that are in a state."""
        query = sa.select(samples.c.sample).where(samples.c.state == state.value)
        with self.database.reading() as connection:
            return tuple(map(decode_id, connection.scalars(query.order_by(samples.c.sample))))

    def counts(self) -> dict[str, int]:
        """Return the number of samples in each state, in the order of `STATES`."""
        query = sa.select(samples.c.state, sa.func.count()).group_by(samples.c.state)
        with self.database.reading() as connection:
            counts = {str(state): int(count) for state, count in connection.execute(query)}
        return {state: counts.get(state, 0) for state in STATES}

    def agreement(self) -> dict[str, int]:
        """Return the number of samples settled unanimously, by a majority, and by a reviewer.

        `uncounted` samples were settled by annotators in an earlier version, which did not store
        their votes; the next review does.
        """
        by_votes = verdicts.c.source == LabelSource.AGREEMENT.value
        unanimous = verdicts.c.votes_for == verdicts.c.votes_cast
        groups = {
            "unanimous": by_votes & unanimous,
            "majority": by_votes & ~unanimous,
            "review": verdicts.c.source == LabelSource.REVIEW.value,
            "uncounted": by_votes & verdicts.c.votes_cast.is_(None),
        }
        with self.database.reading() as connection:
            return {
                name: connection.scalar(
                    sa.select(sa.func.count()).select_from(verdicts).where(group)
                )
                or 0
                for name, group in groups.items()
            }

    def settled(self) -> dict[Hashable, dict[str, Any]]:
        """Return the verdict on each sample that has one."""
        query = sa.select(verdicts).order_by(verdicts.c.sample)
        with self.database.reading() as connection:
            rows = connection.execute(query).mappings().all()
        return {
            decode_id(row["sample"]): {name: row[name] for name in row if name != "sample"}
            for row in rows
        }


def _nan_to_none(value: Any) -> Any:
    if isinstance(value, (float, np.floating)):
        return None if math.isnan(value) else float(value)
    return value


def _changed(connection: Connection, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows that differ from the stored ones."""
    stored: dict[str, dict[str, Any]] = {}
    for chunk in chunks(row["sample"] for row in rows):
        query = sa.select(verdicts).where(verdicts.c.sample.in_(chunk))
        stored |= {row["sample"]: dict(row) for row in connection.execute(query).mappings()}
    return [row for row in rows if stored.get(row["sample"]) != row]


def _replace(connection: Connection, table: sa.Table, rows: list[dict[str, Any]]) -> None:
    for chunk in chunks(row["sample"] for row in rows):
        connection.execute(sa.delete(table).where(table.c.sample.in_(chunk)))
    if rows:
        connection.execute(sa.insert(table), rows)


def _rows_of(verdict: Verdict) -> list[dict[str, Any]]:
    return [
        *map(_gold_row, verdict.gold),
        *(
            _row(pending.sample_id, VerdictKind.PENDING, votes_needed=pending.votes_needed)
            for pending in verdict.pending
        ),
        *(
            _row(
                escalation.sample_id,
                VerdictKind.ESCALATED,
                reason=escalation.reason,
                model_label=escalation.model_label,
            )
            for escalation in verdict.escalations
        ),
        *(_row(sample_id, VerdictKind.UNRESOLVED) for sample_id in verdict.unresolved),
    ]


def _gold_row(gold: GoldLabel) -> dict[str, Any]:
    about: dict[str, Any] = {"label": gold.label, "source": gold.source}
    if gold.source == LabelSource.AGREEMENT:
        about |= {"votes_for": gold.votes_for, "votes_cast": gold.votes_cast}
    return _row(gold.sample_id, VerdictKind.GOLD, **about)


def _row(sample_id: Hashable, kind: VerdictKind, **values: Any) -> dict[str, Any]:
    names = ("label", "source", "reason", "model_label", "votes_needed", "votes_for", "votes_cast")
    empty = dict.fromkeys(names)
    return {"sample": encode_id(sample_id), "kind": kind.value, **empty, **values}


STATE_OF = {
    VerdictKind.PENDING: SampleState.COLLECTING,
    VerdictKind.ESCALATED: SampleState.ESCALATED,
    VerdictKind.UNRESOLVED: SampleState.UNRESOLVED,
}


def _state_of(row: Mapping[str, Any]) -> str:
    kind = VerdictKind(row["kind"])
    if kind == VerdictKind.GOLD:
        is_reviewed = row["source"] == LabelSource.REVIEW
        return (SampleState.REVIEWED if is_reviewed else SampleState.SETTLED).value
    return STATE_OF[kind].value
