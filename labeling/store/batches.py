"""Batches of samples selected for annotation, the state of each sample, and its verdict."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa

from labeling.records import (
    BATCH_COLUMNS,
    Batch,
    BatchState,
    EventKind,
    Label,
    LabelKind,
    LabelSource,
    MessageKind,
    NewEvent,
    SampleState,
    Verdict,
)
from labeling.records.ids import decode_id, encode_id
from labeling.records.label_texts import decode_answer
from labeling.store.choice_rows import choice_rows, chosen_event, is_stored
from labeling.store.database import Connection, Database, chunks
from labeling.store.events import EventLog
from labeling.store.rows_by_sample import replace_rows, rows_by_sample
from labeling.store.tables import AWAITED, batches, choices, messages, samples, verdicts
from labeling.store.verdict_rows import (
    FINAL,
    VerdictBasis,
    VerdictKind,
    reopened,
    rows_of,
    state_of,
    verdict_events,
)

STATES = tuple(state.value for state in SampleState)
VERDICT_LABELS = ("label", "model_label")
"""Columns of a verdict that hold labels."""

COLUMNS = (*BATCH_COLUMNS, "model_label", "confidence")


class Batches:
    """The batches of a store, and the states of the selected samples.

    The states are a cache: each change of one is an event, of which `records.fold` gives the same.
    """

    def __init__(
        self, database: Database, events: EventLog, kind: LabelKind = LabelKind.ONE
    ) -> None:
        self.database = database
        self.kind = kind
        self.events = events

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
        model_labels: Mapping[Hashable, tuple[Label | None, float]],
        text_digests: Mapping[Hashable, str],
        *,
        strategy: str,
        seed: int,
        made_at: str,
    ) -> None:
        """Store a batch; another one of the same number that was not pushed is replaced."""
        rows = choice_rows(number, batch, model_labels, text_digests)
        header = {
            "number": number,
            "state": BatchState.CHOSEN.value,
            "strategy": strategy,
            "seed": seed,
        }
        with self.database.writing() as connection:
            if is_stored(connection, header, rows):
                return
            self.forget(number)
            connection.execute(sa.insert(batches), [{**header, "made_at": made_at}])
            connection.execute(sa.insert(choices), rows)
            state = SampleState.CHOSEN.value
            states = [{"sample": row["sample"], "batch": number, "state": state} for row in rows]
            replace_rows(connection, samples, states)
            self.events.append_rows(map(chosen_event, rows))

    def forget(self, number: int) -> None:
        """Delete a batch that was not pushed; annotations of its samples stay."""
        with self.database.writing() as connection:
            connection.execute(sa.delete(choices).where(choices.c.batch == number))
            deleted = connection.execute(sa.delete(batches).where(batches.c.number == number))
            if deleted.rowcount:
                self.events.append(EventKind.UNCHOSEN, about={"batch": number})
            in_batch = samples.c.batch == number
            is_chosen = samples.c.state == SampleState.CHOSEN.value
            connection.execute(sa.delete(samples).where(in_batch, is_chosen))
            connection.execute(sa.update(samples).where(in_batch).values(batch=None))

    def withdraw(self, sample_ids: Iterable[Hashable]) -> None:
        """Mark samples as removed from the data before they were settled."""
        with self.database.writing() as connection:
            for chunk in chunks(map(encode_id, sample_ids)):
                others = samples.c.state != SampleState.WITHDRAWN.value
                is_one = samples.c.sample.in_(chunk) & others
                in_order = sa.select(samples.c.sample).where(is_one).order_by(samples.c.sample)
                keys = connection.scalars(in_order).all()
                change = sa.update(samples).where(is_one)
                connection.execute(change.values(state=SampleState.WITHDRAWN.value))
                self.events.append_rows(
                    NewEvent(EventKind.WITHDRAWN, sample_id=decode_id(key)) for key in keys
                )

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
            is_changing = (batches.c.number == number) & (batches.c.state != state)
            change = sa.update(batches).where(is_changing).values(state=BatchState(state).value)
            changed = connection.execute(change).rowcount
            if changed and state == BatchState.PUSHED:
                self.events.append(EventKind.PUSHED, about={"batch": number})
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
        columns["model_label"] = [decode_answer(text, self.kind) for text in columns["model_label"]]
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

    def model_labels(self, sample_ids: Iterable[Hashable]) -> dict[Hashable, Label | None]:
        """Return the model's label of each of these samples at its selection."""
        texts = self._of_choices(choices.c.model_label, sample_ids)
        return {sample_id: decode_answer(text, self.kind) for sample_id, text in texts.items()}

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
        basis: VerdictBasis | None = None,
    ) -> None:
        """Store the verdicts on some samples, and the state of each.

        Args:
            verdict: on these samples.
            n_annotations: the number of annotations of each sample that it is based on.
            unannotated: samples whose annotations were all deleted: what they were before.
            basis: what the verdicts are based on, for the events that report them.
        """
        basis = basis or VerdictBasis()
        with self.database.writing() as connection:
            self._clear(connection, unannotated)
            rows = {row["sample"]: row for row in rows_of(verdict, n_annotations)}
            stored = rows_by_sample(connection, verdicts, rows)
            before = rows_by_sample(connection, samples, rows)
            changed = [row for key, row in rows.items() if stored.get(key) != row]
            moved = [
                {"sample": key, "batch": before.get(key, _NEW)["batch"], "state": state_of(row)}
                for key, row in rows.items()
                if before.get(key, _NEW)["state"] != state_of(row)
            ]
            replace_rows(connection, verdicts, changed)
            replace_rows(connection, samples, moved)
            keys = {row["sample"] for row in (*changed, *moved)}
            reported = {key: row for key, row in rows.items() if basis.has_news or key in keys}
            labels = {
                key: stored[key]["label"]
                for key in reported.keys() & stored.keys()
                if before.get(key, _NEW)["state"] in FINAL
            }
            self.events.append_rows(verdict_events(verdict, reported, labels, basis))

    def _clear(self, connection: Connection, sample_ids: Iterable[Hashable]) -> None:
        """Delete the verdicts on samples without annotations, which become what they were before.

        Those of a batch become `asked` or `chosen` again; nothing is known of the others any more.
        """
        pushed = sa.select(batches.c.number).where(batches.c.state == BatchState.PUSHED.value)
        for chunk in chunks(map(encode_id, sample_ids)):
            stored = rows_by_sample(connection, verdicts, chunk)
            known = rows_by_sample(connection, samples, chunk)
            connection.execute(sa.delete(verdicts).where(verdicts.c.sample.in_(chunk)))
            is_one = samples.c.sample.in_(chunk)
            connection.execute(sa.delete(samples).where(is_one, samples.c.batch.is_(None)))
            is_pushed = samples.c.batch.in_(pushed)
            state = sa.case((is_pushed, SampleState.ASKED.value), else_=SampleState.CHOSEN.value)
            connection.execute(sa.update(samples).where(is_one).values(state=state))
            self.events.append_rows(
                reopened(decode_id(key), stored.get(key, {}).get("label"), ALL_DELETED)
                for key in sorted({*known, *stored})
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

    def escalation_reasons(self) -> dict[Hashable, str]:
        """Return why each sample that waits for a reviewer was escalated."""
        query = sa.select(verdicts.c.sample, verdicts.c.reason).join(
            samples, samples.c.sample == verdicts.c.sample
        )
        waiting = query.where(samples.c.state == SampleState.ESCALATED.value)
        with self.database.reading() as connection:
            rows = connection.execute(waiting.order_by(verdicts.c.sample))
            return {decode_id(key): reason or "" for key, reason in rows}

    def counts(self) -> dict[str, int]:
        """Return the number of samples in each state, in the order of `STATES`."""
        query = sa.select(samples.c.state, sa.func.count()).group_by(samples.c.state)
        with self.database.reading() as connection:
            counts = {str(state): int(count) for state, count in connection.execute(query)}
        return {state: counts.get(state, 0) for state in STATES}

    def agreement(self) -> dict[str, int]:
        """Return the number of samples settled in each way; see `SETTLED_IN_WORDS`.

        `uncounted` samples were settled by annotators in an earlier version, which did not store
        their votes; the next review does.
        """
        by_votes = verdicts.c.source == LabelSource.AGREEMENT.value
        votes_for, cast = verdicts.c.votes_for, verdicts.c.votes_cast
        groups = {
            "one_vote": by_votes & (votes_for == cast) & (cast == 1),
            "unanimous": by_votes & (votes_for == cast) & (cast > 1),
            "majority": by_votes & (votes_for < cast) & (2 * votes_for > cast),
            "posterior": by_votes & (2 * votes_for <= cast),
            "review": verdicts.c.source == LabelSource.REVIEW.value,
            "uncounted": by_votes & verdicts.c.votes_cast.is_(None),
        }
        with self.database.reading() as connection:
            count = sa.select(sa.func.count()).select_from(verdicts)
            return {
                name: connection.scalar(count.where(group)) or 0 for name, group in groups.items()
            }

    def settled(self) -> dict[Hashable, dict[str, Any]]:
        """Return the verdict on each sample that has one."""
        query = sa.select(verdicts).order_by(verdicts.c.sample)
        with self.database.reading() as connection:
            rows = connection.execute(query).mappings().all()
        return {
            decode_id(row["sample"]): {
                name: decode_answer(value, self.kind) if name in VERDICT_LABELS else value
                for name, value in row.items()
                if name != "sample"
            }
            for row in rows
        }


_NEW: Mapping[str, Any] = {"batch": None, "state": ""}
"""What is stored of a sample of which nothing is stored."""

ALL_DELETED = "all its annotations were deleted"
