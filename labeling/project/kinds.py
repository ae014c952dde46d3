"""Votes and soft labels of a project, by type: what a sample's label is decides what they are."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.errors import LabelingError, counted
from labeling.records import (
    AnySoft,
    AnyVotes,
    LabelKind,
    LabelSchema,
    SetVotes,
    SoftLabels,
    SoftSets,
    SoftSpans,
    SpanVotes,
    Votes,
    free_names,
)

OneLabel = TypeVar("OneLabel", Votes, SoftLabels)

IN_WORDS = {
    LabelKind.ONE: "one label per sample",
    LabelKind.SEVERAL: "several labels per sample",
    LabelKind.SPANS: "spans",
}


def of_one_label(value: AnyVotes | AnySoft, form: type[OneLabel], what: str) -> OneLabel:
    """Return votes or soft labels of one label per sample, for what does not do others yet.

    Args:
        value: votes or soft labels.
        form: `Votes` or `SoftLabels`.
        what: what does not do others, such as "`labeling worth`".

    Raises:
        LabelingError: they are of another kind.
    """
    if isinstance(value, form):
        return value
    raise not_yet(value.schema, what)


def not_yet(schema: LabelSchema, what: str) -> LabelingError:
    """Return the error of what does not do other labels than one per sample yet.

    >>> not_yet(LabelSchema(["PER"], kind="spans"), "`labeling worth`")
    LabelingError('`labeling worth` must have one label per sample: it does not do spans yet.')
    """
    return LabelingError(
        f"{what} must have one label per sample: it does not do {IN_WORDS[schema.kind]} yet."
    )


@functools.singledispatch
def vote_content(votes: AnyVotes) -> Iterable[bytes]:
    """Return the bytes of what voters said, in order; for fingerprints."""
    raise TypeError(f"There are no votes of type {type(votes).__name__}.")


@vote_content.register
def _(votes: Votes) -> Iterable[bytes]:
    return [votes.to_array().tobytes(order="F")]


@vote_content.register
def _(votes: SpanVotes) -> Iterable[bytes]:
    # Each part has its length before it: two different votes never have the same bytes.
    parts = [*votes.marks, np.array(votes.speaks)]
    if votes.asked is not None:
        parts.append(votes.asked)
    return [np.array([len(part)]).tobytes() + part.tobytes() for part in parts]


@vote_content.register
def _(votes: SetVotes) -> Iterable[bytes]:
    return [np.array([len(part)]).tobytes() + part.tobytes() for part in votes.answers]


@functools.singledispatch
def count_votes(votes: AnyVotes) -> int:
    """Return the number of votes: labels given, spans marked, or labels said yes or no to."""
    raise TypeError(f"There are no votes of type {type(votes).__name__}.")


@count_votes.register
def _(votes: Votes) -> int:
    return int((votes.to_array() >= 0).sum())


@count_votes.register
def _(votes: SpanVotes) -> int:
    return votes.n_spans


@count_votes.register
def _(votes: SetVotes) -> int:
    return len(votes.answers.says)


@functools.singledispatch
def votes_in_words(votes: AnyVotes) -> str:
    """Return what voters did, such as "cast 3 votes", with "they" before it."""
    raise TypeError(f"There are no votes of type {type(votes).__name__}.")


@votes_in_words.register
def _(votes: Votes) -> str:
    return f"cast {counted(count_votes(votes), 'vote')}"


@votes_in_words.register
def _(votes: SpanVotes) -> str:
    return f"marked {counted(count_votes(votes), 'span')}"


@votes_in_words.register
def _(votes: SetVotes) -> str:
    return f"said yes or no to a label {counted(count_votes(votes), 'time')}"


@functools.singledispatch
def silent_voters(votes: AnyVotes) -> list[str]:
    """Return the voters without a vote, in their order."""
    raise TypeError(f"There are no votes of type {type(votes).__name__}.")


@silent_voters.register
def _(votes: Votes) -> list[str]:
    columns = (votes.to_array() >= 0).T
    return [name for name, column in zip(votes.voters, columns, strict=True) if not column.any()]


@silent_voters.register
def _(votes: SpanVotes) -> list[str]:
    return _missing(votes.voters, votes.marks.voter)


@silent_voters.register
def _(votes: SetVotes) -> list[str]:
    return _missing(votes.voters, votes.answers.voter)


def _missing(names: Iterable[str], columns: npt.NDArray[np.int64]) -> list[str]:
    voted = set(np.unique(columns).tolist())
    return [name for number, name in enumerate(names) if number not in voted]


@functools.singledispatch
def covered_samples(values: AnyVotes | AnySoft) -> int:
    """Return of how many samples any voter spoke."""
    raise TypeError(f"There are no votes of type {type(values).__name__}.")


@covered_samples.register
def _(values: Votes | SoftLabels | SpanVotes | SoftSpans) -> int:
    return int(values.covered.sum())


@covered_samples.register
def _(values: SetVotes | SoftSets) -> int:
    return int(values.covered.any(axis=1).sum())


@functools.singledispatch
def vote_table(votes: AnyVotes) -> pd.DataFrame:
    """Return votes as label names, index = sample ids; for `votes.parquet`."""
    raise TypeError(f"There are no votes of type {type(votes).__name__}.")


@vote_table.register
def _(votes: Votes) -> pd.DataFrame:
    labels = pd.Index(votes.schema.labels)
    return pd.DataFrame(
        {
            voter: pd.Categorical.from_codes(column, categories=labels)
            for voter, column in zip(votes.voters, votes.to_array().T, strict=True)
        },
        index=votes.sample_ids,
    )


@vote_table.register
def _(votes: SpanVotes | SetVotes) -> pd.DataFrame:
    return _by_sample(votes.to_frame(), votes.sample_ids)


@functools.singledispatch
def soft_table(soft: AnySoft) -> pd.DataFrame:
    """Return soft labels with sample ids as index; for `soft_labels.parquet`."""
    raise TypeError(f"There are no soft labels of type {type(soft).__name__}.")


@soft_table.register
def _(soft: SoftLabels) -> pd.DataFrame:
    covered = "covered" if "covered" not in soft.schema.labels else "covered_by_votes"
    frame = soft.to_frame()
    frame[covered] = soft.covered
    return frame


@soft_table.register
def _(soft: SoftSpans) -> pd.DataFrame:
    frame = soft.to_frame()
    names = [f"p_{label}" for label in soft.schema]
    renamed = free_names(names, frame.columns)
    for code, name in enumerate(names):
        frame[renamed.get(name, name)] = soft.array[:, code]
    return _by_sample(frame.drop(columns="p"), soft.sample_ids)


@soft_table.register
def _(soft: SoftSets) -> pd.DataFrame:
    """Return three columns for each label: its probability, whether chosen, and covered."""
    columns: dict[str, npt.NDArray[Any]] = {}
    for code, label in enumerate(soft.schema):
        columns[f"p_{label}"] = soft.array[:, code]
        columns[f"chosen_{label}"] = soft.chosen[:, code]
        columns[f"covered_{label}"] = soft.covered[:, code]
    return pd.DataFrame(columns, index=soft.sample_ids)


def _by_sample(frame: pd.DataFrame, sample_ids: pd.Index) -> pd.DataFrame:
    """Return a table with its column of samples as index, named as the ids are."""
    by_sample = frame.set_index("sample")
    by_sample.index.name = sample_ids.name
    return by_sample
