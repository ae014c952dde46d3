"""TF-IDF by numbers of words and pieces: the same vectors as scikit-learn's."""

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from labeling.end_model.piece_counts import count_pieces
from labeling.end_model.tfidf import Vocabulary
from labeling.end_model.word_counts import (
    WORD,
    count_words,
    inverse_document_frequency,
    tf_idf,
)

TEXTS = [
    "Win a FREE phone!! win a free  phone :-)",
    "  ",
    "",
    "hello, hello\tworld",
    "the phone rang; the free world said hello :-)",
    "\u00c4rger mit \u00e4rger, a\u0130b a\u0130b",
    "\u4f60\u597d\u4e16\u754c \u4f60\u597d",
    "a",
    "b a b a b",
]
NEW = ["a free hello from b to the WORLD :-) phone!!", "unknown", "", "the free a b unknown world"]


def theirs(vectorizer, texts):
    """Return the vectors by name of the term."""
    return vectorizer.transform(texts).toarray()


def ours(found, vectorizer, texts, idf):
    """Return the vectors with columns in their order."""
    place = {term: column for column, term in enumerate(found.terms)}
    order = [place[term] for term in vectorizer.get_feature_names_out()]
    assert len(order) == len(found.terms)
    return tf_idf(found.counts(texts), idf).toarray()[:, order]


@pytest.mark.parametrize("min_df", [1, 2, 3])
def test_words_and_pairs_are_those_of_scikit_learn(min_df):
    vectorizer = TfidfVectorizer(
        ngram_range=(1, 2), token_pattern=WORD, sublinear_tf=True, min_df=min_df
    ).fit(TEXTS)
    found, counts = count_words(TEXTS, min_df, 10**6)
    idf = inverse_document_frequency(counts)

    for texts in (TEXTS, NEW, [""]):
        np.testing.assert_allclose(
            ours(found, vectorizer, texts, idf), theirs(vectorizer, texts), rtol=0, atol=1e-12
        )
    np.testing.assert_array_equal(counts.toarray(), found.counts(TEXTS).toarray())


@pytest.mark.parametrize("sizes", [(2, 4), (2, 5), (3, 3)])
def test_pieces_are_those_of_scikit_learn(sizes):
    vectorizer = TfidfVectorizer(
        analyzer="char_wb", ngram_range=sizes, sublinear_tf=True, min_df=2
    ).fit(TEXTS)
    found, counts = count_pieces(TEXTS, sizes, 2, 10**6)
    idf = inverse_document_frequency(counts)

    for texts in (TEXTS, NEW, [""]):
        np.testing.assert_allclose(
            ours(found, vectorizer, texts, idf), theirs(vectorizer, texts), rtol=0, atol=1e-12
        )
    np.testing.assert_array_equal(counts.toarray(), found.counts(TEXTS).toarray())


@pytest.mark.parametrize("count", [count_words, lambda *a: count_pieces(a[0], (2, 4), *a[1:])])
def test_of_too_many_terms_the_most_frequent_are_used_whatever_the_order(count):
    """Those that are equally frequent are used or left out together."""
    texts = ["a b c d", "a b c e", "a b f", "a g"] * 2
    found, counts = count(texts, 1, 5)
    everything, of_all = count(texts, 1, 10**6)
    frequency = dict(
        zip(everything.terms, np.asarray((of_all > 0).sum(axis=0)).ravel(), strict=True)
    )
    backward, _ = count(texts[::-1], 1, 5)
    left = set(everything.terms) - set(found.terms)

    assert 0 < len(found.terms) <= 5
    assert min(frequency[term] for term in found.terms) > max(frequency[term] for term in left)
    assert found.terms == backward.terms
    assert counts.shape == (8, len(found.terms))


@pytest.mark.parametrize("count", [count_words, lambda *a: count_pieces(a[0], (2, 4), *a[1:])])
def test_terms_do_not_depend_on_the_order_of_texts(count):
    assert count(TEXTS, 2, 100)[0].terms == count(TEXTS[::-1], 2, 100)[0].terms


def test_a_language_without_spaces_is_read_by_pieces():
    long = ["\u6211\u5f88\u559c\u6b22\u8fd9\u90e8\u7535\u5f71" * 40 + end for end in "abcdef"]
    vocabulary, vectors = Vocabulary.of(long, 2)

    assert "pieces" in vocabulary.terms
    np.testing.assert_allclose(np.asarray(vectors.multiply(vectors).sum(axis=1)).ravel(), 1)
