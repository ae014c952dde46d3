"""The story of one label: who voted what, what the models said, and who decided."""

from __future__ import annotations

import difflib
import json
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from labeling.datasets.changes.alignment import Places, all_ids
from labeling.datasets.changes.side_factory import sides_of
from labeling.datasets.changes.sides import Side
from labeling.datasets.forms.label_form import LabelPart
from labeling.errors import DataError, counted, listed
from labeling.rendering import DisplayedAlike, Excerpt, Part, Share, Table, View

if TYPE_CHECKING:
    from labeling.datasets.training_set import TrainingSet

SHORT = 12
"""Characters of a digest that are shown."""
MOST_NAMES = 12
MOST_LABELS = 10
MOST_PARTS = 20
TEXT = "text"
SEARCHED = 100_000
"""Ids among which near ones are looked for."""


@dataclass(frozen=True, slots=True)
class FunctionVote:
    """What a labeling function said of a sample.

    Attributes:
        function: its name.
        label: its vote; `None` if it abstained.
        fingerprint: of its code; empty if it was not recorded.
        reason: what it is about, in words; empty if that is not known.
    """

    function: str
    label: str | None
    fingerprint: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class StoryExtras:
    """What is known of a sample besides its training set.

    Attributes:
        reasons: of labeling functions, by name: what each is about.
        releases: which releases hold it, a sentence each.
        events: what happened to it, a line each.
        notes: further sentences.
    """

    reasons: Mapping[str, str] | None = None
    releases: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Story(DisplayedAlike):
    """Why a sample has the label that it has, or was left out; made by `TrainingSet.explain`.

    Attributes:
        sample_id: the sample.
        label: its label, or the one that it would have had; `None` for none.
        left_out: why it was left out; empty if it was not.
        confidence: the probability of the label.
        weight: with which it is trained on; `None` if it was left out.
        split: "train", "dev" or "test"; `None` without splits.
        source: where the label is from: "votes", "end model", "agreement", "review" or "given".
        decided_by: what decided it, in words.
        votes: what each labeling function said.
        probabilities: of each label; for a gold label 1 and 0.
        answers: the label of each annotator; `None` for a skip.
        reviewer: who decided the label; `None` if no reviewer did.
        origin: what the training set was made of.
        extras: what is known besides.
        parts: of spans and several labels each part, with who said so and who said otherwise.
    """

    sample_id: Hashable
    label: str | None
    left_out: str
    confidence: float
    weight: float | None
    split: str | None
    source: str
    decided_by: str
    votes: tuple[FunctionVote, ...]
    probabilities: Mapping[str, float]
    answers: Mapping[str, str | None]
    reviewer: str | None
    origin: Mapping[str, Any]
    extras: StoryExtras = field(default_factory=StoryExtras)
    parts: tuple[LabelPart, ...] = ()

    def _view(self) -> View:
        parts: list[Part] = [self._fate(), *_parts(self), *_votes(self)]
        parts += [*_models(self), *_people(self)]
        settings = self.origin.get("settings", {})
        if settings:
            words = ", ".join(f"{name} {_word(value)}" for name, value in settings.items())
            parts.append(f"Settings of the training set: {words}.")
        if self.extras.releases:
            parts.append(f"Releases: {'; '.join(self.extras.releases)}.")
        parts += self.extras.notes
        if self.extras.events:
            parts += ["What happened:", *self.extras.events]  # whole lines, which cells are not
        label = "left out" if self.left_out else str(self.label)
        return View(f"Sample {self.sample_id!r}: {label}", tuple(parts))

    def _fate(self) -> str:
        """Return what became of the sample, in a sentence."""
        if self.left_out:
            would = f" It would have been {self.label} ({self.confidence:.3f})."
            return f"Left out: {self.left_out}.{would if self.label else ''}"
        split = f", in the {self.split} split" if self.split else ""
        origin = f"Label from {self.source}, decided by {self.decided_by}."
        if self.source == "given":
            origin = "The label was given with the data, as gold."
        return (
            f"Labelled {self.label} with confidence {self.confidence:.3f} and weight"
            f" {self.weight:.3f}{split}. {origin}"
        )


def story_of(train: TrainingSet, sample_id: Hashable, extras: StoryExtras | None = None) -> Story:
    """Return the story of a sample of a training set, kept or left out.

    Args:
        train: the training set.
        sample_id: the sample.
        extras: what is known besides: what functions are about, releases, events.

    Raises:
        DataError: the training set has no such sample; near ids are named.
    """
    side = _side_of(train, sample_id)
    code = int(side.codes[0])
    content = _content(side)
    weight, split = (
        side.column(name)[0].as_py() if name in train.columns else None
        for name in ("weight", "split")
    )
    fingerprints = train.origin.get("functions", {})
    extras = extras or StoryExtras()
    reasons = extras.reasons or {}

    def words(label: int) -> str | None:
        return None if label < 0 else train.form.words(side.labels[label], content)

    return Story(
        sample_id,
        words(code),
        str(side.reasons[0]),
        side.probability(0, code) if code >= 0 else float("nan"),
        weight if side.is_kept[0] else None,
        split,
        str(side.sources[0]),
        str(side.decided_by[0]),
        tuple(
            FunctionVote(
                voter, words(vote), str(fingerprints.get(voter, "")), reasons.get(voter, "")
            )
            for voter, vote in zip(train.voters, side.votes[0].tolist(), strict=True)
        ),
        side.probabilities_by_label(0),
        {
            name: None if label is None else train.form.words(label, content)
            for name, label in side.answers[0].items()
        },
        side.reviewers[0] or None,
        train.origin,
        extras,
        _label_parts(side, content),
    )


def _content(side: Side) -> str | None:
    """Return the text of the only sample of a side, if it is kept and in the usual column."""
    samples = side.train.samples
    if not side.is_kept[0] or TEXT not in samples.columns:
        return None
    value = samples[TEXT].iloc[int(side.places.rows[0])]
    return value if isinstance(value, str) else None


def _label_parts(side: Side, content: str | None) -> tuple[LabelPart, ...]:
    """Return the parts of the label of the only sample of a side."""
    form, ids = side.train.form, pd.RangeIndex(1)
    if side.codes[0] < 0 or form.has_codes:
        return ()
    label, probabilities, votes = (
        form.in_pandas(name, side.column(name), ids)[0]
        for name in ("label", "probabilities", "lf_votes")
    )
    return form.parts(label, probabilities, votes, content)


def _side_of(train: TrainingSet, sample_id: Hashable) -> Side:
    ids = all_ids(train)
    if not isinstance(sample_id, Hashable):
        raise DataError(f"A sample id must be a single value. Got {sample_id!r}.")
    index = pd.Index([sample_id], dtype=object, tupleize_cols=False)
    matches = ids.astype(object).get_indexer(index)
    if matches[0] < 0:
        raise DataError(
            f"A training set explains its samples, and has none called {sample_id!r}, neither kept"
            f" nor left out.{near_ids(sample_id, ids)}"
        )
    places = Places(matches.astype(np.int64), len(train))
    return sides_of([train], [places], train.voters)[0]


def near_ids(sample_id: Hashable, ids: pd.Index) -> str:
    """Return a sentence with ids that are written alike; empty if none is.

    >>> near_ids("c7", pd.Index(["c17", "b", 7]))
    " Did you mean 'c17' or 7?"
    """
    by_text = {str(each): each for each in ids[:SEARCHED].tolist()}
    if str(sample_id) in by_text:
        alike = by_text[str(sample_id)]
        return f" Did you mean {alike!r}, of type {type(alike).__name__}?"
    matches = difflib.get_close_matches(str(sample_id), by_text, n=3)
    return (
        f" Did you mean {' or '.join(repr(by_text[text]) for text in matches)}?" if matches else ""
    )


def _parts(story: Story) -> list[Part]:
    """Return the table of the parts of a label, with who said so."""
    if not story.parts:
        return []
    # Spans have a probability each; those of labels have a table of their own.
    has_own = not all(np.isnan(part.probability) for part in story.parts)
    rows = tuple(
        (
            Excerpt(part.part),
            *([None if np.isnan(part.probability) else Share(part.probability)] if has_own else []),
            Excerpt(", ".join(part.voters)),
            Excerpt(", ".join(part.against)),
        )
        for part in story.parts[:MOST_PARTS]
    )
    names = ("part", "probability", "said so", "otherwise") if has_own else ("label", "yes", "no")
    left_out = max(len(story.parts) - MOST_PARTS, 0)
    return [Table(names, rows, left_out=left_out)]


def _votes(story: Story) -> list[Part]:
    """Return the table of the functions that voted, and who abstained."""
    cast = [vote for vote in story.votes if vote.label is not None]
    silent = [vote.function for vote in story.votes if vote.label is None]
    parts: list[Part] = []
    if cast:
        # What is not known of any function has no column.
        has_code = any(vote.fingerprint for vote in cast)
        has_reason = any(vote.reason for vote in cast)
        rows = tuple(
            (
                Excerpt(vote.function),
                Excerpt(str(vote.label)),
                *([vote.fingerprint[:SHORT] or None] * has_code),
                *([Excerpt(vote.reason) if vote.reason else None] * has_reason),
            )
            for vote in cast
        )
        headings = ("labeling function", "vote", *["code"] * has_code, *["about"] * has_reason)
        parts.append(Table(headings, rows))
    if silent:
        verb = "abstained"
        functions = counted(len(silent), "labeling function")
        parts.append(f"{functions} {verb}: {listed(silent, MOST_NAMES)}.")
    return parts


def _models(story: Story) -> list[Part]:
    """Return what the models say of the sample, and which they are."""
    values = {name: value for name, value in story.probabilities.items() if not np.isnan(value)}
    parts: list[Part] = []
    if values and not story.reviewer and story.source not in ("agreement", "given", "review"):
        ranked = sorted(values.items(), key=lambda pair: -pair[1])
        rows = tuple((Excerpt(name), Share(value)) for name, value in ranked[:MOST_LABELS])
        left_out = max(len(ranked) - MOST_LABELS, 0)
        parts.append(Table(("label", "probability"), rows, left_out=left_out))
    for name, facts in story.origin.get("models", {}).items():
        if isinstance(facts, Mapping):
            known = {key: value for key, value in facts.items() if value is not None}
            words = ", ".join(f"{key} {_word(value)}" for key, value in known.items())
            parts.append(f"{name.replace('_', ' ').capitalize()}: {words}.")
    return parts


def _people(story: Story) -> list[Part]:
    """Return who labelled the sample, whether they disagree, and who decided."""
    parts: list[Part] = []
    if story.answers:
        rows = tuple(
            (Excerpt(name), Excerpt(label) if label else "skipped")
            for name, label in story.answers.items()
        )
        parts.append(Table(("annotator", "label"), rows))
        cast = {label for label in story.answers.values() if label}
        if len(cast) > 1:
            parts.append(f"They disagree: {listed(sorted(cast))}.")
    if story.reviewer:
        parts.append(f"Decided in review by {story.reviewer}.")
    return parts


def _word(value: Any) -> str:
    """Return a value of the origin as a word; digests are cut."""
    if isinstance(value, str):
        is_digest = len(value) >= 32 and all(each in "0123456789abcdef" for each in value)
        return value[:SHORT] if is_digest else value
    return json.dumps(value, default=str)
