"""Real span votes with gold: taggers' votes on tokens, and annotators' answers by characters."""

import gzip
import itertools
import json
from typing import NamedTuple

import numpy as np
import pandas as pd

import labeling as lb
from labeling.records import Marks, SpanVotes


class SpanSet(NamedTuple):
    """Votes on spans with gold.

    Attributes:
        votes: of all voters.
        gold: from sample id to spans, for all samples.
        texts: by sample id; empty texts where they are not at hand.
        tokens: for each sample the start and end of each token: arrays of shape (n_tokens, 2).
        test: ids of the test samples.
        recommended: names of the voters that the source recommends.
    """

    votes: SpanVotes
    gold: dict
    texts: pd.Series
    tokens: list
    test: pd.Index
    recommended: tuple


def tagged(folder):
    """Return a set of tokens with BIO votes; texts are the tokens joined by one space."""
    meta = json.loads((folder / "meta.json").read_text())
    with np.load(folder / "votes.npz", allow_pickle=False) as file:
        table = {name: file[name] for name in file.files}
    with gzip.open(folder / "texts.jsonl.gz", "rt", encoding="utf-8") as lines:
        words = [json.loads(line)["tokens"] for line in lines]
    tokens = [token_places(of_sample) for of_sample in words]
    ids = pd.Index([f"s{number}" for number in range(len(words))])
    labels = [tag[2:] for tag in meta["tags"] if tag.startswith("B-")]
    schema = lb.LabelSchema(labels, kind="spans")
    columns = [*table["L"].T, table["y"]]
    codes = [bio_marks(column, table["lengths"], meta["tags"], labels) for column in columns]
    *marked, gold_marks = [placed(rows, tokens, voter) for voter, rows in enumerate(codes)]
    marks = Marks(*(np.concatenate(parts) for parts in zip(*marked, strict=True)))
    gold = {sample_id: [] for sample_id in ids}
    for sample, start, end, label in np.stack(gold_marks[:4], axis=1).tolist():
        gold[ids[sample]].append((start, end, labels[label]))
    return SpanSet(
        SpanVotes(marks, ids, meta["lf_names"], schema),
        gold,
        pd.Series([" ".join(of_sample) for of_sample in words], index=ids),
        tokens,
        ids[table["idx_test"]],
        tuple(meta["lf_recommended"]),
    )


def token_places(words):
    """Return the start and end of words joined by one space: shape (n_words, 2)."""
    lengths = np.array([len(word) for word in words], dtype=np.int64)
    ends = np.cumsum(lengths + 1) - 1
    return np.stack([ends - lengths, ends], axis=1)


def bio_marks(codes, lengths, tags, labels):
    """Return (sample, first token, last token, label) of the spans that BIO codes mark.

    A span of an "I-" tag that continues none begins one.
    """
    types = np.array([labels.index(tag[2:]) if tag != "O" else -1 for tag in tags])[codes]
    is_begin = np.array([tag.startswith("B-") for tag in tags])[codes]
    sample = np.repeat(np.arange(len(lengths)), lengths)
    first_of = np.cumsum(lengths) - lengths
    is_first = np.zeros(len(codes), dtype=bool)
    is_first[first_of[lengths > 0]] = True
    before = np.concatenate([[-1], types[:-1]])
    starts = (types >= 0) & (is_begin | is_first | (before != types))
    goes_on = np.append((types[1:] >= 0) & ~starts[1:], False)
    begin = np.flatnonzero(starts)
    stop = np.flatnonzero((types >= 0) & ~goes_on)
    token = np.arange(len(codes)) - first_of[sample]
    return sample[begin], token[begin], token[stop], types[begin]


def placed(rows, tokens, voter):
    """Return spans of tokens as marks by characters."""
    sample, first, last, label = rows
    places = list(zip(sample.tolist(), first.tolist(), last.tolist(), strict=True))
    start = np.array([tokens[s][a, 0] for s, a, _ in places], dtype=np.int64)
    end = np.array([tokens[s][b, 1] for s, _, b in places], dtype=np.int64)
    return Marks(sample, start, end, label, np.full(len(sample), voter), last - first + 1)


def answered(folder):
    """Return annotators' answers: whoever has an answer for a document saw it."""
    with gzip.open(folder / "answers.jsonl.gz", "rt", encoding="utf-8") as lines:
        documents = [json.loads(line) for line in lines]
    schema = lb.LabelSchema(json.loads((folder / "meta.json").read_text())["labels"], kind="spans")
    spans, asked = [], []
    for document in documents:
        for voter, answer in document["answers"].items():
            asked.append((document["id"], voter))
            spans += [(document["id"], voter, *span) for span in answer]
    columns = ["sample", "voter", "start", "end", "label"]
    frame = pd.DataFrame(spans, columns=columns)
    ids = pd.Index([document["id"] for document in documents])
    tokens = [np.array(document["tokens"]) for document in documents]
    votes = SpanVotes.from_frame(
        frame,
        schema=schema,
        asked=pd.DataFrame(asked, columns=columns[:2]),
        speaks=True,
        sample_ids=ids,
        texts=pd.Series([spaced(document) for document in documents], index=ids),
    )
    gold = {document["id"]: [tuple(span) for span in document["gold"]] for document in documents}
    return SpanSet(votes, gold, pd.Series("", index=ids), tokens, ids, ())


def spaced(document):
    """Return a text with the words' places: the words themselves may not be handed on."""
    letters = [" "] * document["length"]
    for start, end in document["tokens"]:
        letters[start:end] = "x" * (end - start)
    return "".join(letters)


def token_majority(made, *, seed, silence=True):
    """Return the spans of a majority vote on each token, as a dict from sample id to spans.

    Tokens are tagged by label without begin and inside (IO), or "O"; ties are drawn.

    Args:
        made: a set with voters who were asked or not.
        seed: of the draws.
        silence: whether what voters who were asked left unmarked counts as "O".
    """
    votes, rng = made.votes, np.random.default_rng(seed)
    k = len(votes.schema)
    by_sample = [[] for _ in votes.sample_ids]
    for row in np.stack(votes.marks[:5], axis=1).tolist():
        by_sample[row[0]].append(row[1:])
    answer = {}
    for sample, tokens in enumerate(made.tokens):
        counts = np.zeros((len(tokens), k + 1))
        for start, end, label, _ in by_sample[sample]:
            first, last = np.searchsorted(tokens[:, 0], [start, end])
            counts[first:last, label] += 1
        if silence:
            asked = len(votes.voters) if votes.asked is None else votes.asked[sample].sum()
            counts[:, k] = asked - counts[:, :k].sum(axis=1)
        else:
            counts[:, k] = np.where(counts[:, :k].sum(axis=1) > 0, -1, 1)
        tags = (counts + rng.random(counts.shape) / 2).argmax(axis=1)
        answer[votes.sample_ids[sample]] = runs(tags, tokens, votes.schema.labels)
    return answer


def runs(tags, tokens, labels):
    """Return spans of equal neighbouring tags; the tag after the labels is outside."""
    bounds = np.flatnonzero(np.diff(tags, prepend=-1, append=-1))
    return [
        (int(tokens[a, 0]), int(tokens[b - 1, 1]), labels[tags[a]])
        for a, b in itertools.pairwise(bounds)
        if tags[a] < len(labels)
    ]
