"""`SpanTagger`: a model of texts trained on spans; it adds spans where no voter spoke."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Hashable
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
import pandas as pd

from labeling.end_model.cross_fitting import draws_by_id, folds_of
from labeling.end_model.tagging.blocking import blocked_places, with_added
from labeling.end_model.tagging.crf import TaggedSpan, opened, tagged_spans, trained
from labeling.end_model.tagging.words import n_widened
from labeling.errors import DataError, LabelingError, ModelFileError, NotFittedError, counted
from labeling.records import (
    Gold,
    LabelSchema,
    SoftSpans,
    Span,
    SpanVotes,
    Table,
    atomic_write,
    expect,
    fitted_repr,
    gold_spans,
    is_number,
    positions,
    require_column,
    with_id_index,
)
from labeling.rendering import Displayed, View

FORMAT = 1
HALVES = 2


class SpanTagger(Displayed):
    """A conditional random field of words, trained on spans; it adds spans where no voter spoke.

    Its features are words, their shapes, first and last letters, and neighbours. Two fields are
    trained, each on the texts of one half of the samples by a hash of their ids, and each tags the
    other half: no text is tagged by what learned its own spans.

    Votes go first. A span is added to those of a label model only where it overlaps no candidate of
    it, and if the mean probability of its words' tags (their marginals) is `least` or more. On two
    public sets this gained 0.1 to 0.5 of F1; alone, without votes, the field is 11 to 15 worse than
    they are. It needs the extra `spans`.

    Args:
        text: the column that holds the text.
        least: the mean marginal probability from which a span is added: from 0 to 1.

    Attributes:
        labels_: the names of the labels, sorted.
        report_: sentences on what was learned from.

    >>> data = pd.DataFrame({"text": [f"we met Ann{n % 9} there" for n in range(20)]})
    >>> schema = LabelSchema(["PER"], kind="spans")
    >>> covered = [True] * 19 + [False]
    >>> soft = SoftSpans(
    ...     [[0.9, 0.1]] * 19,
    ...     range(19),
    ...     [7] * 19,
    ...     [11] * 19,
    ...     [True] * 19,
    ...     data.index,
    ...     schema,
    ...     covered,
    ... )
    >>> SpanTagger(least=0.5).fit(data, soft).predict(data, soft=soft).to_labels()[19]
    (Span(start=7, end=11, label='PER'),)
    """

    labels_: tuple[str, ...]
    report_: tuple[str, ...]
    _fields: tuple[bytes, ...]

    def __init__(self, text: str = "text", *, least: float = 0.7) -> None:
        if not is_number(least) or not 0 <= least <= 1:
            raise LabelingError(f"`least` must be a probability from 0 to 1. Got {least!r}.")
        self.text = text
        self.least = float(least)

    def __repr__(self) -> str:
        return fitted_repr(self, getattr(self, "labels_", None))

    def _view(self) -> View:
        how = ("It learns from texts and spans: SpanTagger().fit(data, soft).",)
        return View(repr(self), getattr(self, "report_", how))

    def fit(self, data: Table, soft: SoftSpans, *, gold: Gold | None = None) -> Self:
        """Fit the model to texts and their spans, and return the model itself.

        Args:
            data: the samples: all those of `soft`, by id.
            soft: the answer of a label model. Samples that no voter covers count as without spans.
            gold: the true spans of some of the samples, which are learned instead.

        Raises:
            DataError: a sample of `soft` is not in `data`, or a span ends after its text.
            MissingExtraError: the extra `spans` is not installed.
        """
        expect(soft, SoftSpans, "`soft`")
        texts = self._texts(data)
        positions(texts.index, soft.sample_ids, "the soft spans", "the samples")
        spans = dict(zip(soft.sample_ids.tolist(), soft.to_labels().tolist(), strict=True))
        truth = gold_spans(gold, texts.index, soft.schema)
        rows = _training_rows(texts, {**spans, **truth})
        self._fields = tuple(_trained_half(rows, half) for half in range(HALVES))
        self.labels_ = tuple(sorted(soft.schema.labels))
        n_spans = sum(len(row.spans) for row in rows)
        self.report_ = (
            f"Two conditional random fields, each of half of {counted(len(rows), 'text')} with"
            f" {counted(n_spans, 'span')}; {len(truth)} of the texts have gold.",
            f"{counted(sum(n_widened(row.text, row.spans) for row in rows), 'span')} begin or end"
            " within a word, and were learned as whole words.",
            f"{int(texts.isna().sum())} of {counted(len(texts), 'sample')} have no text.",
        )
        return self

    def predict(
        self, data: Table, *, soft: SoftSpans | None = None, votes: SpanVotes | None = None
    ) -> SoftSpans:
        """Return spans of texts: those of a label model and what is added, or the model's own.

        Args:
            data: the samples.
            soft: the answer of a label model; all of it stays. Its samples are among those of
                `data`. `None`: only what this model finds, at any probability.
            votes: what voters marked, if at hand: nothing is added where one said that nothing is
                there, nor in samples that people were asked about.

        Returns:
            The spans, with `source` "end model" in `to_frame()` where they were added. Samples are
            covered if `soft` covers them or a span was added; all with a text without `soft`.

        Raises:
            NotFittedError: `fit` was not called.
            LabelingError: `soft` or `votes` have other labels or samples.
        """
        if not hasattr(self, "labels_"):
            raise NotFittedError("This SpanTagger is not fitted yet; call fit(data, soft) first.")
        if soft is not None:
            self._check_labels(expect(soft, SoftSpans, "`soft`").schema, "`soft`")
        if votes is not None:
            self._check_labels(expect(votes, SpanVotes, "`votes`").schema, "`votes`")
        texts = self._texts(data)
        if soft is None:
            soft = _nothing(texts, LabelSchema(self.labels_, kind="spans"))
            return with_added(soft, texts, self._tagged(texts), None, 0.0)
        positions(texts.index, soft.sample_ids, "`soft`", "the samples")
        blocked = blocked_places(texts.index, soft, votes)
        return with_added(soft, texts, self._tagged(texts), blocked, self.least)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the fitted model to a file (npz with JSON inside, no pickle)."""
        if not hasattr(self, "labels_"):
            raise NotFittedError("This SpanTagger is not fitted yet; nothing to save.")
        values = {"text": self.text, "least": self.least}
        values |= {"labels_": self.labels_, "report_": self.report_}
        metadata = json.dumps({"format": FORMAT, "model": type(self).__name__, "values": values})
        fields: dict[str, Any] = {
            f"field{half}": np.frombuffer(field, dtype=np.uint8)
            for half, field in enumerate(self._fields)
        }
        with atomic_write(path) as unfinished, unfinished.open("wb") as file:
            np.savez(file, about=np.array(metadata), **fields)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Return the model that `save` wrote.

        Raises:
            ModelFileError: no such file, or a file of another model.
        """
        try:
            with Path(path).open("rb") as opened_file, np.load(opened_file) as file:
                fields = tuple(file[f"field{half}"].tobytes() for half in range(HALVES))
                metadata = json.loads(str(file["about"]))
            if (metadata["format"], metadata["model"]) != (FORMAT, cls.__name__):
                raise ValueError(f"it holds a {metadata['model']} of format {metadata['format']}")
            values = metadata["values"]
        except (OSError, ValueError, KeyError, EOFError, TypeError, zipfile.BadZipFile) as error:
            raise ModelFileError(f"{str(path)!r} is no saved span tagger: {error}") from error
        model = cls(values["text"], least=values["least"])
        model.labels_, model.report_ = tuple(values["labels_"]), tuple(values["report_"])
        model._fields = fields
        return model

    def _texts(self, data: Table) -> pd.Series:
        """Return the texts by sample id, `None` where there is none."""
        frame = with_id_index(data)
        require_column(frame, self.text, "text")
        texts = frame[self.text].astype(object)
        texts = texts.where(texts.notna(), None)
        wrong = [value for value in texts.tolist() if not isinstance(value, str | None)]
        if wrong:
            raise DataError(f"Column {self.text!r} must hold texts. Got {wrong[0]!r}.")
        return texts

    def _check_labels(self, schema: LabelSchema, what: str) -> None:
        if tuple(sorted(schema.labels)) != self.labels_:
            raise LabelingError(
                f"{what} must have the labels that the model was fitted on: {self.labels_}. Got"
                f" {schema.labels}."
            )

    def _tagged(self, texts: pd.Series) -> list[list[TaggedSpan]]:
        """Return the spans of each text, by the field that was not trained on it."""
        taggers = [opened(field) if field else None for field in self._fields]
        halves = folds_of(draws_by_id(texts.index), HALVES).tolist()
        pairs = zip(texts.tolist(), (taggers[half] for half in halves), strict=True)
        return [tagged_spans(tagger, text) if tagger and text else [] for text, tagger in pairs]


class _Row(NamedTuple):
    """A text to learn from; fields are trained on them in the order of their draws."""

    draw: float
    text: str
    spans: tuple[Span, ...]


def _training_rows(texts: pd.Series, spans: dict[Hashable, tuple[Span, ...] | None]) -> list[_Row]:
    rows = []
    draws = draws_by_id(texts.index).tolist()
    for sample_id, text, draw in zip(texts.index.tolist(), texts.tolist(), draws, strict=True):
        of_sample = spans.get(sample_id) or ()
        if of_sample and (text is None or max(span.end for span in of_sample) > len(text)):
            raise DataError(
                f"Spans of sample {sample_id!r} must end within its text, which has"
                f" {len(text or '')} characters. Got {of_sample[-1]}; is it another text?"
            )
        if text is not None and sample_id in spans:
            rows.append(_Row(draw, text, of_sample))
    return sorted(rows)


def _trained_half(rows: list[_Row], half: int) -> bytes:
    """Return the field that tags a half of the samples, trained on the other one."""
    halves = folds_of(np.array([row.draw for row in rows]), HALVES).tolist()
    others = [row for row, of_row in zip(rows, halves, strict=True) if of_row != half]
    return trained([row.text for row in others], [row.spans for row in others])


def _nothing(texts: pd.Series, schema: LabelSchema) -> SoftSpans:
    """Return no candidates; samples with a text are covered."""
    none: Any = np.zeros(0, dtype=np.int64)
    array = np.zeros((0, len(schema) + 1))
    covered = texts.notna().to_numpy()
    return SoftSpans(array, none, none, none, none > 0, texts.index, schema, covered)
