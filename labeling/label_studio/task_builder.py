"""What people are shown of a sample: its text, and on demand what the model holds and why."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from labeling.errors import PlatformError, repeated, shown
from labeling.label_studio.interface import Interface
from labeling.label_studio.labeling_config import MODEL, VOTES, WHY
from labeling.label_studio.tasks import MODEL_VERSION, ext_id_of, new_task
from labeling.records import (
    Batch,
    Escalation,
    Message,
    SoftLabels,
    identified,
    live_annotations,
    require_column,
    texts,
)

Reasons = Callable[[Collection[Hashable]], Mapping[Hashable, Sequence[str]]]


@dataclass(frozen=True, slots=True)
class TaskBuilder:
    """Makes tasks of samples.

    Attributes:
        text: the samples' column that is labeled.
        prelabels: whether annotators see what the label model holds, and why.
        reasons: gives why the labeling functions vote as they do; `None` shows none.
    """

    text: str
    prelabels: bool = False
    reasons: Reasons | None = field(default=None, repr=False)

    def annotator_tasks(
        self,
        messages: Sequence[Message],
        samples: pd.DataFrame,
        interface: Interface,
        *,
        soft: SoftLabels | None = None,
        batch: Batch | None = None,
    ) -> list[dict[str, Any]]:
        """Return tasks for annotators; where prelabels are hidden nothing leads them.

        A prediction is sent in any case: its score, by which the server serves the least certain
        first. Hidden, it has no label.
        """
        texts_of = self.texts_of(messages, samples)
        ids = [one.sample_id for one in messages if one.sample_id in texts_of]
        held = _held(soft, ids)
        why = dict(self.reasons(ids)) if self.prelabels and self.reasons is not None else {}
        worth = {} if batch is None else batch.to_frame()["score"].to_dict()
        others, empty = _other_columns(ids, samples, interface)
        made = []
        for message in messages:
            own = message.sample_id
            if own not in texts_of:
                continue
            seen = {**others.get(own, empty), interface.text: texts_of[own]}
            if self.prelabels:
                seen[WHY] = "\n".join(why.get(own, ())) or "None of them votes."
            belief = held.get(own)
            meta: dict[str, Any] = {"batch": message.batch} if message.batch else {}
            if self.prelabels and belief is not None and belief.label is not None:
                meta["prelabel"] = belief.label
            predictions = self._predictions(belief, worth.get(own), interface)
            made.append(new_task(own, seen, meta, predictions))
        return made

    def reviewer_tasks(
        self,
        messages: Sequence[Message],
        escalations: Mapping[Hashable, Escalation],
        samples: pd.DataFrame,
        interface: Interface,
    ) -> list[dict[str, Any]]:
        """Return tasks for reviewers: what was said, by nobody's name, and why they are asked."""
        texts_of = self.texts_of(messages, samples)
        others, empty = _other_columns(list(texts_of), samples, interface)
        made = []
        for message in messages:
            escalation = escalations.get(message.sample_id)
            if escalation is None or message.sample_id not in texts_of:
                continue
            seen = {
                **others.get(message.sample_id, empty),
                interface.text: texts_of[message.sample_id],
                VOTES: _votes(escalation),
                WHY: escalation.reason or "Annotators do not agree.",
            }
            if self.prelabels:
                seen[MODEL] = escalation.model_label or "nothing certain"
            made.append(new_task(message.sample_id, seen, {"asked": [message.key]}))
        return made

    def texts_of(self, messages: Iterable[Message], samples: pd.DataFrame) -> dict[Hashable, str]:
        """Return the texts of those samples of some messages that are there and have one.

        Raises:
            DataError: the column is missing, or a text is none.
            PlatformError: ids that cannot be told apart as texts.
        """
        self.check(samples)
        ids = [one.sample_id for one in messages]
        alike = repeated(ext_id_of(one) for one in dict.fromkeys(ids))
        if alike:
            raise PlatformError(
                f"Sample ids must differ as texts, too, in Label Studio. Alike are {shown(alike)}:"
                " write all of them as texts."
            )
        where = samples.index.get_indexer(pd.Index(ids, dtype=object))
        has_text = samples[self.text].notna().to_numpy(dtype=bool)
        is_there = (where >= 0) & has_text[where]
        there = [one for one, is_shown in zip(ids, is_there.tolist(), strict=True) if is_shown]
        found = texts(samples.iloc[where[is_there]], self.text)
        return dict(zip(there, map(str, found), strict=True))

    def check(self, samples: pd.DataFrame) -> None:
        """Raise a DataError that names the near columns unless samples have the text."""
        require_column(identified(samples), self.text, "text")

    def _predictions(
        self, belief: Prelabel | None, worth: float | None, interface: Interface
    ) -> list[dict[str, Any]]:
        if belief is not None:
            score = belief.confidence
        elif worth is not None and not math.isnan(worth):
            score = 1.0 - worth  # least certain is most worth asking
        else:
            return []
        result: list[dict[str, object]] = []
        if self.prelabels and belief is not None and belief.label is not None:
            result = interface.result(belief.label, {"probabilities": dict(belief.probabilities)})
            result[0]["score"] = score
        return [{"model_version": MODEL_VERSION, "score": score, "result": result}]


@dataclass(frozen=True, slots=True)
class Prelabel:
    """What the label model holds of a sample: no label where nothing voted or labels tie."""

    label: str | None
    confidence: float
    probabilities: Mapping[str, float]


def _other_columns(
    ids: Sequence[Hashable], samples: pd.DataFrame, interface: Interface
) -> tuple[dict[Hashable, dict[str, str]], dict[str, str]]:
    """Return what else an adopted project shows of samples, and what it shows of one without that.

    A key of the task's data that is a column of the samples is filled from there; any other is empty,
    for a server refuses tasks that lack it.
    """
    keys = interface.keys - {interface.text}
    empty = dict.fromkeys(sorted(keys), "")
    columns = sorted(keys & set(samples.columns) - {VOTES, WHY, MODEL})
    if not columns:
        return {}, empty
    there = samples.loc[samples.index.isin(list(ids)), columns]
    rows = there.astype(object).where(there.notna(), "").to_dict("records")
    found = zip(there.index.tolist(), rows, strict=True)
    return {own: {**empty, **{key: str(row[key]) for key in columns}} for own, row in found}, empty


def _held(soft: SoftLabels | None, ids: Sequence[Hashable]) -> dict[Hashable, Prelabel]:
    if soft is None or not ids:
        return {}
    there = [
        one
        for one, row in zip(ids, soft.sample_ids.get_indexer(pd.Index(ids)), strict=True)
        if row >= 0
    ]
    its = soft.of_samples(pd.Index(there))
    names = soft.schema.labels
    return {
        own: Prelabel(
            label if covered and isinstance(label, str) else None,
            float(confidence),
            {name: round(float(p), 4) for name, p in zip(names, row, strict=True)},
        )
        for own, label, confidence, row, covered in zip(
            *(there, its.to_labels().tolist(), its.confidence().tolist()),
            *(its.to_array().tolist(), its.covered.tolist()),
            strict=True,
        )
    }


def _votes(escalation: Escalation) -> str:
    """Return what each annotator said, by nobody's name, in an order that tells nothing either."""
    said = [one for one in live_annotations(escalation.annotations) if not one.reviewer]
    lines = sorted(
        (one.label or "skipped") + (f" ({one.reason})" if one.reason else "") for one in said
    )
    return (
        "\n".join(f"Annotator {place}: {line}" for place, line in enumerate(lines, 1)) or "nobody"
    )
