"""Training sets of spans in CoNLL form: a token and its tag a line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from labeling.datasets.canonical import manifest_text, written
from labeling.datasets.formats.span_tags import (
    Aligned,
    aligned_samples,
    check_scheme,
    dropped_frame,
    tags,
    warn_of_dropped,
)
from labeling.datasets.formats.tokens import Tokens
from labeling.datasets.values import plain_column
from labeling.errors import DataError, listed
from labeling.records import atomic_write

if TYPE_CHECKING:
    from labeling.datasets.kinds import SpanTrainingSet

SPACE = re.compile(r"\s")


def write_conll(
    train: SpanTrainingSet, path: Path, text: str, tokens: Tokens, scheme: str
) -> pd.DataFrame:
    """Write the tokens of a training set with their tags; see `SpanTrainingSet.to_conll`."""
    check_scheme(scheme)
    spaced = [label for label in train.schema if SPACE.search(label)]
    if spaced:
        raise DataError(
            "Labels in a CoNLL file must have no white space, which separates its columns. Got"
            f" {listed(spaced)}: rename them."
        )
    samples = aligned_samples(train, text, tokens)
    dropped = dropped_frame(train, samples)
    rows = [row for row, sample in enumerate(samples) if sample.text.tokens]
    ids = train.sample_ids[rows]
    blocks = [
        _block(samples[row], sample_id, scheme) for row, sample_id in zip(rows, ids, strict=True)
    ]

    def write(file: Path) -> None:
        file.write_bytes("".join(blocks).encode("utf-8"))

    with atomic_write(f"{path}.manifest.json") as manifest_file:
        sha256 = written(path, write)
        about = {
            **train.manifest(),
            "scheme": scheme,
            "sample_ids": plain_column(pd.Series(ids, dtype=object, name="id"), ids),
            "samples_without_tokens": len(train) - len(rows),
            "dropped_spans": dropped["reason"].value_counts().sort_index().to_dict(),
            "file": path.name,
            "sha256": sha256,
        }
        manifest_file.write_text(manifest_text(about), "utf-8")
    warn_of_dropped(dropped)
    return dropped


def _block(sample: Aligned, sample_id: object, scheme: str) -> str:
    """Return the lines of a sample, and an empty one."""
    spaced = [word for word in sample.text.words if SPACE.search(word)]
    if spaced:
        raise DataError(
            "Tokens in a CoNLL file must have no white space, which separates its columns. Got"
            f" {spaced[0]!r} in sample {sample_id!r}."
        )
    lines = zip(sample.text.words, tags(sample, scheme), strict=True)
    return "".join(f"{word}\t{tag}\n" for word, tag in lines) + "\n"
