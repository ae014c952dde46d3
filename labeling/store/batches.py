"""Which samples were chosen for people, why, and where each stands since."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
import sqlalchemy as sa

from labeling.records import Batch, BatchState, GoldLabel, MessageKind, Verdict
from labeling.records.ids import id_of, key_of
from labeling.store.database import Connection, Database
from labeling.store.ledger import chunks
from labeling.store.tables import AWAITED, batches, choices, messages, samples, verdicts

State = Literal[
    "chosen",
    "asked",
    "collecting",
    "escalated",
    "settled",
    "reviewed",
    "unresolved",
    "withdrawn",
]
STATES: tuple[State, ...] = get_args(State)
COLUMNS = ("stratum", "score", "reason", "propensity", "model_label", "confidence")


class Batches:
    """The batches of a store, and the states of the samples that were chosen."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def last(self) -> tuple[int, BatchState]:
        """Return the number of the last batch and its state; 0 and `pushed` before the first."""
        query = sa.select(batches.c.number, batches.c.state).order_by(batches.c.number.desc())
        with self.database.reading() as connection:
            row = connection.execute(query.limit(1)).first()
        return (int(row[0]), BatchState(row[1])) if row else (0, BatchState.PUSHED)

    def waiting(self) -> tuple[int, str] | None:
        """Return the size and strategy of the batch that waits to be pushed; `None`: there is none."""
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
        """Remember a batch, in the place of one of this number that was not pushed."""
        rows = [
            {
                **{"batch": number, "place": place, "sample": key_of(sample_id)},
                **{name: _plain(row[name]) for name in COLUMNS[:4]},
                **dict(zip(COLUMNS[4:], model_labels[sample_id], strict=True)),
                "text_digest": text_digests[sample_id],
            }
            for place, (sample_id, row) in enumerate(
                zip(batch.sample_ids, batch.to_frame().to_dict("records"), strict=True)
            )
        ]
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
            states = [{"sample": row["sample"], "batch": number, "state": "chosen"} for row in rows]
            _replace(connection, samples, states)

    def forget(self, number: int) -> None:
        """Take back a batch that was not pushed; what people said meanwhile stays."""
        with self.database.writing() as connection:
            connection.execute(sa.delete(choices).where(choices.c.batch == number))
            connection.execute(sa.delete(batches).where(batches.c.number == number))
            its = samples.c.batch == number
            connection.execute(sa.delete(samples).where(its, samples.c.state == "chosen"))
            connection.execute(sa.update(samples).where(its).values(batch=None))

    def withdraw(self, sample_ids: Iterable[Hashable]) -> None:
        """Remember that samples left the data before they were settled."""
        with self.database.writing() as connection:
            for some in chunks(map(key_of, sample_ids)):
                change = sa.update(samples).where(samples.c.sample.in_(some))
                connection.execute(change.values(state="withdrawn"))

    def awaited(self) -> tuple[Hashable, ...]:
        """Return the samples that people were asked about and that are not settled."""
        query = sa.select(samples.c.sample).where(
            samples.c.state.in_(AWAITED), samples.c.batch.is_not(None)
        )
        with self.database.reading() as connection:
            return tuple(map(id_of, connection.scalars(query.order_by(samples.c.sample))))

    def unreviewed(self) -> int:
        """Return of how many samples a review would ask somebody: more votes, or a reviewer."""
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
        short = (verdicts.c.kind == "pending") & (asked > 0) & (asked <= verdicts.c.heard)
        conflict = (verdicts.c.kind == "escalated") & ~raised
        with self.database.reading() as connection:
            query = sa.select(sa.func.count()).select_from(verdicts).where(short | conflict)
            return int(connection.scalar(query) or 0)

    def chosen(self) -> tuple[Hashable, ...]:
        """Return every sample that was ever chosen for people."""
        with self.database.reading() as connection:
            return tuple(map(id_of, connection.scalars(sa.select(choices.c.sample))))

    def set_state(self, number: int, state: BatchState) -> None:
        """Remember how far a batch is; its samples are asked once all of it is pushed."""
        with self.database.writing() as connection:
            change = sa.update(batches).where(batches.c.number == number)
            connection.execute(change.values(state=BatchState(state).value))
            if state == BatchState.PUSHED:
                connection.execute(
                    sa.update(samples)
                    .where(samples.c.batch == number, samples.c.state == "chosen")
                    .values(state="asked")
                )

    def frame(self, number: int | None = None) -> pd.DataFrame:
        """Return who was chosen and why; index = sample id, column `batch`, then `COLUMNS`."""
        query = sa.select(choices).order_by(choices.c.batch, choices.c.place)
        if number is not None:
            query = query.where(choices.c.batch == number)
        with self.database.reading() as connection:
            rows = connection.execute(query).mappings().all()
        ids = pd.Index([id_of(row["sample"]) for row in rows])
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
        """Return a batch as it was chosen."""
        return Batch(self.frame(number)[list(COLUMNS[:4])])

    def asked(self) -> tuple[Hashable, ...]:
        """Return the samples that people were asked about, in the order of asking."""
        query = (
            sa.select(choices.c.sample)
            .join(batches, batches.c.number == choices.c.batch)
            .where(batches.c.state == BatchState.PUSHED.value)
            .order_by(choices.c.batch, choices.c.place)
        )
        with self.database.reading() as connection:
            return tuple(map(id_of, connection.scalars(query)))

    def batch_of(self, sample_ids: Iterable[Hashable]) -> dict[Hashable, int]:
        """Return the number of the batch that each of these samples was chosen in."""
        return self._of_choices(choices.c.batch, sample_ids)

    def model_labels(self, sample_ids: Iterable[Hashable]) -> dict[Hashable, str | None]:
        """Return what the model held of each of these samples before anybody was asked."""
        return self._of_choices(choices.c.model_label, sample_ids)

    def text_digests(self, sample_ids: Iterable[Hashable]) -> dict[Hashable, str]:
        """Return a digest of the text that people were to be shown of each of these samples."""
        return self._of_choices(choices.c.text_digest, sample_ids)

    def _of_choices(
        self, column: sa.Column[Any], sample_ids: Iterable[Hashable]
    ) -> dict[Hashable, Any]:
        found: dict[Hashable, Any] = {}
        with self.database.reading() as connection:
            for some in chunks(map(key_of, sample_ids)):
                query = sa.select(choices.c.sample, column).where(choices.c.sample.in_(some))
                found |= {id_of(key): value for key, value in connection.execute(query)}
        return found

    def settle(
        self,
        verdict: Verdict,
        heard: Mapping[Hashable, int],
        silent: Iterable[Hashable] = (),
    ) -> None:
        """Remember what the annotations of some samples come to, and each sample's state.

        Args:
            verdict: on these samples.
            heard: how many annotations of each sample it is based on.
            silent: samples of which nothing is said any more: they are as they were when asked.
        """
        with self.database.writing() as connection:
            every = [
                {**row, "heard": heard.get(id_of(row["sample"]), 0)} for row in _rows_of(verdict)
            ]
            for some in chunks(map(key_of, silent)):
                connection.execute(sa.delete(verdicts).where(verdicts.c.sample.in_(some)))
                its = samples.c.sample.in_(some) & samples.c.batch.is_not(None)
                connection.execute(sa.update(samples).where(its).values(state="asked"))
            _replace(connection, verdicts, _changed(connection, every))
            states = {row["sample"]: _state_of(row) for row in every}
            known: dict[str, tuple[int | None, str]] = {}
            for some in chunks(states):
                query = sa.select(samples.c.sample, samples.c.batch, samples.c.state)
                found = connection.execute(query.where(samples.c.sample.in_(some)))
                known |= {key: (batch, state) for key, batch, state in found}
            _replace(
                connection,
                samples,
                [
                    {"sample": key, "batch": known.get(key, (None, ""))[0], "state": state}
                    for key, state in states.items()
                    if known.get(key, (None, ""))[1] != state
                ],
            )

    def states(self) -> dict[Hashable, str]:
        """Return the state of every sample that was chosen, or that somebody spoke of."""
        query = sa.select(samples.c.sample, samples.c.state).order_by(samples.c.sample)
        with self.database.reading() as connection:
            return {id_of(key): str(state) for key, state in connection.execute(query)}

    def in_state(self, state: State) -> tuple[Hashable, ...]:
        """Return the samples that are in a state."""
        query = sa.select(samples.c.sample).where(samples.c.state == state)
        with self.database.reading() as connection:
            return tuple(map(id_of, connection.scalars(query.order_by(samples.c.sample))))

    def counts(self) -> dict[str, int]:
        """Return how many samples are in each state, in the order of `STATES`."""
        query = sa.select(samples.c.state, sa.func.count()).group_by(samples.c.state)
        with self.database.reading() as connection:
            found = {str(state): int(count) for state, count in connection.execute(query)}
        return {state: found.get(state, 0) for state in STATES}

    def agreement(self) -> dict[str, int]:
        """Return how many samples are settled by equal votes, by a majority, and by a reviewer.

        `uncounted` were settled by annotators in an earlier version, which did not count their votes;
        the next review does.
        """
        by_votes = verdicts.c.source == "agreement"
        unanimous = verdicts.c.votes_for == verdicts.c.votes_cast
        groups = {
            "unanimous": by_votes & unanimous,
            "majority": by_votes & ~unanimous,
            "review": verdicts.c.source == "review",
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
            id_of(row["sample"]): {k: v for k, v in row.items() if k != "sample"} for row in rows
        }


def _plain(value: Any) -> Any:
    if isinstance(value, (float, np.floating)):
        return None if math.isnan(value) else float(value)
    return value


def _changed(connection: Connection, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    there: dict[str, dict[str, Any]] = {}
    for some in chunks(row["sample"] for row in rows):
        query = sa.select(verdicts).where(verdicts.c.sample.in_(some))
        there |= {row["sample"]: dict(row) for row in connection.execute(query).mappings()}
    return [row for row in rows if there.get(row["sample"]) != row]


def _replace(connection: Connection, table: sa.Table, rows: list[dict[str, Any]]) -> None:
    for some in chunks(row["sample"] for row in rows):
        connection.execute(sa.delete(table).where(table.c.sample.in_(some)))
    if rows:
        connection.execute(sa.insert(table), rows)


def _rows_of(verdict: Verdict) -> list[dict[str, Any]]:
    return [
        *map(_gold_row, verdict.gold),
        *(_row(one.sample_id, "pending", votes_needed=one.votes_needed) for one in verdict.pending),
        *(
            _row(one.sample_id, "escalated", reason=one.reason, model_label=one.model_label)
            for one in verdict.escalations
        ),
        *(_row(one, "unresolved") for one in verdict.unresolved),
    ]


def _gold_row(gold: GoldLabel) -> dict[str, Any]:
    about: dict[str, Any] = {"label": gold.label, "source": gold.source}
    if gold.source == "agreement":
        about |= {"votes_for": gold.votes_for, "votes_cast": gold.votes_cast}
    return _row(gold.sample_id, "gold", **about)


def _row(sample_id: Hashable, kind: str, **values: Any) -> dict[str, Any]:
    names = ("label", "source", "reason", "model_label", "votes_needed", "votes_for", "votes_cast")
    empty = dict.fromkeys(names)
    return {"sample": key_of(sample_id), "kind": kind, **empty, **values}


STATE_OF: dict[str, State] = {
    "pending": "collecting",
    "escalated": "escalated",
    "unresolved": "unresolved",
}


def _state_of(row: Mapping[str, Any]) -> State:
    if row["kind"] == "gold":
        return "reviewed" if row["source"] == "review" else "settled"
    return STATE_OF[row["kind"]]
