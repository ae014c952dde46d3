"""Near-duplicates are those of the exact Jaccard index, whatever MinHash proposes."""

import itertools
import random

import numpy as np
import pytest
from datasketch import MinHash
from hypothesis import given, settings
from hypothesis import strategies as st

from labeling.datasets.splits import near_duplicates as module
from labeling.datasets.splits.near_duplicates import bands_of, components, near_duplicates
from labeling.datasets.splits.shingles import LENGTH, chunks_of, normal_text, shingles_of, words_of

WORDS = [
    "check",
    "out",
    "my",
    "new",
    "channel",
    "please",
    "subscribe",
    "and",
    "like",
    "this",
    "great",
    "song",
    "video",
    "now",
]


def shingle_set(text):
    padded = text.ljust(LENGTH, "\0")
    return {padded[start : start + LENGTH] for start in range(len(padded) - LENGTH + 1)}


def jaccard(first, second):
    one, other = shingle_set(first), shingle_set(second)
    return len(one & other) / len(one | other)


def by_brute_force(texts, threshold):
    pairs = [
        (i, k)
        for i, k in itertools.combinations(range(len(texts)), 2)
        if jaccard(texts[i], texts[k]) >= threshold - 1e-12
    ]
    return components(len(texts), np.array(pairs, dtype=np.int64).reshape(-1, 2))


def variants(rng, count):
    """Return different texts, many of which are edits of others."""
    texts = []
    for _ in range(count):
        if texts and rng.random() < 0.6:
            words = rng.choice(texts).split()
            words[rng.randrange(len(words))] = rng.choice(WORDS)
        else:
            words = rng.choices(WORDS, k=rng.randint(1, 12))
        texts.append(" ".join(words))
    return list(dict.fromkeys(texts))


def partition(component, names):
    members = {}
    for code, name in zip(component.tolist(), names, strict=True):
        members.setdefault(code, set()).add(name)
    return {frozenset(group) for group in members.values()}


@given(st.lists(st.text(max_size=12), max_size=8, unique=True))
def test_shingles_of_a_text_do_not_depend_on_the_texts_beside_it(texts):
    together = shingles_of(texts)

    for row, text in enumerate(texts):
        part = together.hashes[together.starts[row] : together.starts[row + 1]]
        assert part.tolist() == shingles_of([text]).hashes.tolist()
        assert len(set(part.tolist())) == len(shingle_set(text))


@given(st.lists(st.integers(0, 9), max_size=30), st.integers(1, 12))
def test_chunks_hold_all_texts_once(lengths, most):
    parts = list(chunks_of(lengths, most))

    assert [row for part in parts for row in range(part.start, part.stop)] == list(
        range(len(lengths))
    )
    for part in parts:
        assert sum(lengths[part]) <= most or np.count_nonzero(lengths[part]) == 1


@pytest.mark.parametrize("threshold", [0.5, 0.8, 0.9])
def test_components_are_those_of_all_pairs(threshold):
    """Of 20 draws of 60 texts the components differ in one at most: a pair may be overlooked."""
    differing = 0
    for seed in range(20):
        texts = variants(random.Random(seed), 60)
        expected = partition(by_brute_force(texts, threshold), texts)
        differing += partition(near_duplicates(texts, threshold).component, texts) != expected

    assert differing <= 1


@given(st.integers(0, 10**6), st.sampled_from([0.3, 0.6, 0.8, 1.0]))
@settings(max_examples=30, deadline=None)
def test_no_false_pair_is_joined(seed, threshold):
    texts = variants(random.Random(seed), 30)

    found = near_duplicates(texts, threshold)

    for (first, second), similarity in zip(found.pairs.tolist(), found.similarity, strict=True):
        assert jaccard(texts[first], texts[second]) == pytest.approx(similarity)
        assert similarity >= threshold - 1e-12


@given(st.integers(0, 10**6))
@settings(max_examples=20, deadline=None)
def test_the_order_of_texts_does_not_matter(seed):
    rng = random.Random(seed)
    texts = variants(rng, 40)
    shuffled = rng.sample(texts, len(texts))

    one, other = near_duplicates(texts, 0.6), near_duplicates(shuffled, 0.6)

    assert partition(one.component, texts) == partition(other.component, shuffled)


def test_pairs_at_the_threshold_are_proposed_as_often_as_promised():
    for threshold in np.linspace(0.3, 0.99, 20):
        count, rows = bands_of(threshold)
        assert count * rows <= 128
        assert 1 - (1 - threshold**rows) ** count >= 0.99


def test_sketches_are_those_of_datasketch():
    """The way in which many shingles are handed over at once gives what one at a time gives."""
    texts = ["check out my channel", "hi", "check out my channel now please"]
    shingles = shingles_of(texts)
    expected = []
    for begin, end in itertools.pairwise(shingles.starts.tolist()):
        sketch = MinHash(128, hashfunc=lambda value: value)
        for value in (shingles.hashes[begin:end] >> np.uint64(32)).tolist():
            sketch.update(value)
        expected.append(sketch.hashvalues.tolist())

    assert module.sketches_of(shingles).tolist() == expected


def test_a_large_bucket_of_almost_equal_texts_is_one_component_and_takes_no_quadratic_time(
    monkeypatch,
):
    compared = []
    jaccard_of = module._jaccard
    monkeypatch.setattr(
        module, "_jaccard", lambda *args: compared.append(len(args[2])) or jaccard_of(*args)
    )
    texts = [
        f"your order has been shipped and will arrive soon thank you for it {n}"
        for n in range(2_000)
    ]

    found = near_duplicates(texts, 0.8)

    assert found.component.max() == 0
    assert found.not_compared > 0
    assert sum(compared) < 2_000 * 16 * 21


def test_normal_texts_ignore_case_width_and_white_space():
    same = [
        "Free ENTRY",
        " free\n\tentry",
        "\uff46ree entry",
        "FREE\u00a0ENTRY",
        "free\u200b entry\ufeff",
    ]

    assert {normal_text(text) for text in same} == {"free entry"}
    assert normal_text("free-entry") != "free entry"
    assert normal_text("\u0130") == normal_text(normal_text("\u0130"))


def test_signs_do_not_count_but_marks_of_letters_do():
    assert (
        words_of("best. song. ever \U0001f64c") == words_of("best song ever!!!") == "best song ever"
    )
    assert words_of("snake_case") == "snake case"
    assert words_of(":)") == ":)"
    assert words_of("\u0915\u093f") != words_of("\u0915\u0940")


def test_half_a_character_is_no_problem():
    found = near_duplicates([normal_text("broken \ud83d text"), normal_text("other text")], 0.8)

    assert found.component.tolist() == [0, 1]
