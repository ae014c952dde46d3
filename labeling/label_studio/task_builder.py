"""Builds tasks from samples: the text, and on request the label model's label and its reasons."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from labeling.errors import PlatformError, listed, repeated
from labeling.label_studio.interface import Interface
from labeling.label_studio.labeling_config import MODEL, VOTE, VOTES, WHY
from labeling.label_studio.prelabels import Prelabel, SoftAnswers, prelabels_of
from labeling.label_studio.shown_votes import checked_vote, vote_predictions, votes_in_words
from labeling.label_studio.tasks import MODEL_VERSION, ext_id_of, new_task
from labeling.records import (
    AskAgain,
    Batch,
    CheckRequest,
    Escalation,
    Message,
    encode_label,
    label_in_words,
    require_column,
    texts,
    with_id_index,
)

Reasons = Callable[[Collection[Hashable]], Mapping[Hashable, Sequence[str]]]


@dataclass(frozen=True, slots=True)
class TaskBuilder:
    """Builds tasks from samples.

    Attributes:
        text: the samples' column that is labeled.
        prelabels: whether annotators see the label model's label and its reasons.
        reasons: returns why the labeling functions vote as they do; `None` displays no reasons.
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
        soft: SoftAnswers | None = None,
        batch: Batch | None = None,
    ) -> list[dict[str, Any]]:
        """Return tasks for annotators; if prelabels are hidden, nothing suggests a label.

        Each task has a prediction in any case, because the server serves tasks with the lowest
        score first. If prelabels are hidden, the prediction has no label.
        """
        texts_of = self.texts_of([message.sample_id for message in messages], samples)
        ids = [message.sample_id for message in messages if message.sample_id in texts_of]
        prelabels = {} if soft is None or not ids else prelabels_of(soft, ids)
        reasons = dict(self.reasons(ids)) if self.prelabels and self.reasons is not None else {}
        scores = {} if batch is None else batch.to_frame()["score"].to_dict()
        others, empty = _other_columns(ids, samples, interface)
        tasks = []
        for message in messages:
            sample_id = message.sample_id
            if sample_id not in texts_of:
                continue
            content = {**others.get(sample_id, empty), interface.text: texts_of[sample_id]}
            if self.prelabels:
                content[WHY] = "\n".join(reasons.get(sample_id, ())) or "None of them votes."
            prelabel = prelabels.get(sample_id)
            meta: dict[str, Any] = {"batch": message.batch} if message.batch else {}
            if self.prelabels and prelabel is not None and prelabel.label is not None:
                meta["prelabel"] = encode_label(prelabel.label)
            result = self._prelabel_result(prelabel, interface, texts_of[sample_id])
            predictions = _predictions(prelabel, scores.get(sample_id), result)
            tasks.append(new_task(sample_id, content, meta, predictions))
        return tasks

    def reviewer_tasks(
        self,
        messages: Sequence[Message],
        escalations: Mapping[Hashable, Escalation],
        samples: pd.DataFrame,
        interface: Interface,
    ) -> list[dict[str, Any]]:
        """Return tasks for reviewers: the votes without names, and why a review is needed."""
        texts_of = self.texts_of([message.sample_id for message in messages], samples)
        others, empty = _other_columns(list(texts_of), samples, interface)
        tasks = []
        for message in messages:
            escalation = escalations.get(message.sample_id)
            if escalation is None or message.sample_id not in texts_of:
                continue
            text = texts_of[message.sample_id]
            content = {
                **others.get(message.sample_id, empty),
                interface.text: text,
                VOTES: votes_in_words(escalation, interface, text),
                WHY: escalation.explanation or "Annotators do not agree.",
            }
            if self.prelabels:
                content[MODEL] = _model_label(escalation, text)
            predictions = vote_predictions(escalation, interface, text)
            meta = {"asked": [message.key]}
            tasks.append(new_task(message.sample_id, content, meta, predictions))
        return tasks

    def check_tasks(
        self, requests: Sequence[CheckRequest], samples: pd.DataFrame, interface: Interface
    ) -> list[dict[str, Any]]:
        """Return tasks in which a vote is checked: without a name, in an order by no person."""
        texts_of = self.texts_of(dict.fromkeys(one.sample_id for one in requests), samples)
        tasks = []
        for request in sorted(requests, key=lambda one: one.key):
            if request.sample_id in texts_of:
                text = texts_of[request.sample_id]
                comment = f" ({request.comment})" if request.comment else ""
                content = {
                    interface.text: text,
                    VOTE: f"{label_in_words(request.label, text)}{comment}",
                }
                predictions = checked_vote(request.label, interface, text)
                tasks.append(new_task(request.key, content, predictions=predictions))
        return tasks

    def texts_of(self, ids: Iterable[Hashable], samples: pd.DataFrame) -> dict[Hashable, str]:
        """Return the texts of samples, without missing samples and missing texts.

        Raises:
            DataError: the column is missing, or it holds something other than texts.
            PlatformError: sample ids that are equal as text.
        """
        self.check(samples)
        ids = list(ids)
        duplicates = repeated(ext_id_of(sample_id) for sample_id in dict.fromkeys(ids))
        if duplicates:
            raise PlatformError(
                f"Sample ids must differ as texts, too, in Label Studio. Alike are"
                f" {listed(duplicates)}: write all of them as texts."
            )
        rows = samples.index.get_indexer(pd.Index(ids, dtype=object))
        has_text = samples[self.text].notna().to_numpy(dtype=bool)
        is_available = (rows >= 0) & has_text[rows]
        available = itertools.compress(ids, is_available.tolist())
        column = texts(samples.iloc[rows[is_available]], self.text)
        return dict(zip(available, map(str, column), strict=True))

    def check(self, samples: pd.DataFrame) -> None:
        """Raise a DataError that suggests similar names if the samples lack the text column."""
        require_column(with_id_index(samples), self.text, "text")

    def _prelabel_result(
        self, prelabel: Prelabel | None, interface: Interface, text: str
    ) -> list[dict[str, object]]:
        """Return the result of a prediction; empty if prelabels are hidden or there is none."""
        if not self.prelabels or prelabel is None or prelabel.label is None:
            return []
        items = interface.result(prelabel.label, text)
        return [
            {**item, **fields} for item, fields in zip(items, prelabel.item_fields, strict=True)
        ]


def _predictions(
    prelabel: Prelabel | None, uncertainty: float | None, result: list[dict[str, object]]
) -> list[dict[str, Any]]:
    if prelabel is not None:
        score = prelabel.confidence
    elif uncertainty is not None and not math.isnan(uncertainty):
        score = 1.0 - uncertainty  # the lowest score is served first
    else:
        return []
    return [{"model_version": MODEL_VERSION, "score": score, "result": result}]


def _other_columns(
    ids: Sequence[Hashable], samples: pd.DataFrame, interface: Interface
) -> tuple[dict[Hashable, dict[str, str]], dict[str, str]]:
    """Return the other fields that an adopted project displays, by sample, and their empty default.

    A key of the task's data that is a column of the samples is filled from it; any other is empty,
    because a server refuses tasks that lack it.
    """
    keys = interface.keys - {interface.text}
    empty = dict.fromkeys(sorted(keys), "")
    columns = sorted(keys & set(samples.columns) - {VOTES, WHY, MODEL})
    if not columns:
        return {}, empty
    selected = samples.loc[samples.index.isin(list(ids)), columns]
    rows = selected.astype(object).where(selected.notna(), "").to_dict("records")
    fields = {
        sample_id: {**empty, **{key: str(row[key]) for key in columns}}
        for sample_id, row in zip(selected.index.tolist(), rows, strict=True)
    }
    return fields, empty


def reasons_in(request: AskAgain) -> str:
    """Return why votes on a sample were rejected, without names, as its task displays it."""
    reasons = sorted({reason for _, reason in request.rejected if reason})
    return f"An earlier label of this text was rejected: {'; '.join(reasons)}"


def _model_label(escalation: Escalation, text: str) -> str:
    """Return the label model's label as a task displays it."""
    label = escalation.model_label
    return "nothing certain" if label is None else label_in_words(label, text)
