"""A small real static embedding model, made by model2vec's own means from texts of films."""

import itertools
from pathlib import Path

import numpy as np

GOOD = ["wonderful", "superb", "great", "lovely", "brilliant", "delightful"]
BAD = ["dreadful", "awful", "terrible", "boring", "horrid", "tedious"]
THINGS = ["film", "movie", "picture", "story", "plot", "cast"]
TEXTS = [
    f"a {one} and {other} {thing}"
    for words in (GOOD, BAD)
    for one, other in itertools.permutations(words, 2)
    for thing in THINGS
]
N_DIMENSIONS = 4


def write_static_model(folder: Path) -> Path:
    """Write a static model: the vector of a word is its SVD of TF-IDF; return the folder."""
    from model2vec import StaticModel
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

    tfidf = TfidfVectorizer()
    table = tfidf.fit_transform(TEXTS)
    words = ["[UNK]", *tfidf.get_feature_names_out()]
    vectors = TruncatedSVD(N_DIMENSIONS, random_state=0).fit_transform(table.T)
    tokenizer = Tokenizer(
        models.WordLevel({word: row for row, word in enumerate(words)}, unk_token="[UNK]")
    )
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    array = np.vstack([np.zeros(N_DIMENSIONS), vectors]).astype(np.float32)
    StaticModel(array, tokenizer, normalize=True).save_pretrained(folder)
    return folder
