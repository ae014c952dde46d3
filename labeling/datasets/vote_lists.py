"""The votes behind a training set, by sample: lists of who voted, and the label as text."""

from __future__ import annotations

import functools
import itertools
import json

import numpy as np
import pandas as pd
import pyarrow as pa

from labeling.datasets.columns import VOTER_OF, text_of_codes, texts, votes_of_cells
from labeling.records import ABSTAIN, NOTHING, SetVotes, SpanVotes, Votes, positions

AnyVotes = Votes | SpanVotes | SetVotes
VOTER = VOTER_OF["lf_votes"]


@functools.singledispatch
def vote_lists(votes: AnyVotes | None, ids: pd.Index) -> pa.ListArray:
    """Return the votes on each sample, without abstentions, in the order of the voters.

    The text of a vote is its label; of spans and sets it is JSON: `[[0,5,"PER"]]`, with the label
    "(none)" where a voter says that nothing is there, and `{"joy":true}`.
    """
    nobody = np.array([], dtype=np.intp)
    return votes_of_cells(len(ids), nobody, texts([]), texts([]), VOTER)


@vote_lists.register
def _(votes: Votes, ids: pd.Index) -> pa.ListArray:
    rows_of_votes = positions(ids, votes.sample_ids, "the votes", "the samples")
    if votes.long is None:
        cells = np.nonzero(np.ascontiguousarray(votes.array) != ABSTAIN)
        codes = votes.array[cells]
        rows, columns = cells
    else:
        rows, columns, codes = votes.long.row, votes.long.column, votes.long.code
    rows = rows_of_votes[rows]
    if len(rows) and (np.diff(rows) < 0).any():
        order = np.argsort(rows, kind="stable")
        rows, columns, codes = rows[order], columns[order], codes[order]
    return votes_of_cells(
        len(ids),
        rows,
        text_of_codes(columns, votes.voters),
        text_of_codes(codes, votes.schema.labels),
        VOTER,
    )


@vote_lists.register
def _(votes: SpanVotes, ids: pd.Index) -> pa.ListArray:
    marks = votes.marks
    names = [_dumped(name) for name in (*votes.schema.labels, NOTHING)]
    spans = [
        f"[{start},{end},{names[label]}]"
        for start, end, label in zip(
            marks.start.tolist(), marks.end.tolist(), marks.label.tolist(), strict=True
        )
    ]
    rows = positions(ids, votes.sample_ids, "the votes", "the samples")
    speaking = np.zeros((len(votes), len(votes.voters)), dtype=bool)
    speaking[:, np.flatnonzero(votes.speaks)] = True
    if votes.asked is not None:
        speaking &= votes.asked
    cells: dict[tuple[int, int], list[str]] = {
        (int(rows[sample]), int(voter)): []
        for sample, voter in zip(*speaking.nonzero(), strict=True)
    }
    for sample, voter, span in zip(
        rows[marks.sample].tolist(), marks.voter.tolist(), spans, strict=True
    ):
        cells.setdefault((sample, voter), []).append(span)
    texts_of = {place: f"[{','.join(parts)}]" for place, parts in sorted(cells.items())}
    return _of_cells(texts_of, votes.voters, len(ids))


@vote_lists.register
def _(votes: SetVotes, ids: pd.Index) -> pa.ListArray:
    answers = votes.answers
    rows = positions(ids, votes.sample_ids, "the votes", "the samples")
    names = [_dumped(name) for name in votes.schema.labels]
    cells: dict[tuple[int, int], list[str]] = {}
    for sample, voter, label, says in zip(
        rows[answers.sample].tolist(),
        answers.voter.tolist(),
        answers.label.tolist(),
        answers.says.tolist(),
        strict=True,
    ):
        answer = f"{names[label]}:{'true' if says else 'false'}"
        cells.setdefault((sample, voter), []).append(answer)
    texts_of = {place: f"{{{','.join(parts)}}}" for place, parts in sorted(cells.items())}
    return _of_cells(texts_of, votes.voters, len(ids))


def _of_cells(
    texts_of: dict[tuple[int, int], str], voters: tuple[str, ...], n: int
) -> pa.ListArray:
    """Return what was said by row and voter, sorted by these, as lists."""
    places = np.array(list(itertools.chain.from_iterable(texts_of)), dtype=np.int64).reshape(-1, 2)
    names = text_of_codes(places[:, 1], voters)
    return votes_of_cells(n, places[:, 0], names, texts(texts_of.values()), VOTER)


def _dumped(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
