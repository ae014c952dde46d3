"""The functions of the corpus as polars expressions, written by hand: the ceiling of columns.

They are equal to the Python functions on ASCII texts, which is all that an expert would check.
"""

import numpy as np
import polars as pl

from tests.benchmarks.corpus import HAM, MONEY, PRAISE, SHADY, SPAM

TEXT = pl.col("text")
LOWER = TEXT.str.to_lowercase()


def has(word):
    return LOWER.str.contains(word, literal=True)


VOTES = {
    "free_money": (SPAM, has("free money")),
    "click_here": (SPAM, has("click here")),
    "love_song": (HAM, has("love this song")),
    "has_link": (SPAM, TEXT.str.contains(r"https?://|www\.")),
    "has_phone": (SPAM, TEXT.str.contains(r"\b\d{3}-\d{3}-\d{4}\b")),
    "check_out": (SPAM, TEXT.str.contains(r"(?i)check.*out")),
    "subscribe": (SPAM, TEXT.str.contains(r"(?i)subscribe\s+to\s+my")),
    "long_number": (SPAM, TEXT.str.contains(r"\d{4,}")),
    "money_words": (SPAM, pl.any_horizontal(*map(has, MONEY))),
    "much_praise": (HAM, pl.sum_horizontal(*(has(word) for word in PRAISE)) >= 2),
    "many_links": (SPAM, pl.col("n_links") >= 2),
    "well_rated": (HAM, (pl.col("score") > 1.2) & (pl.col("n_links") == 0)),
    "badly_rated": (SPAM, pl.col("score") < -2),
    "shady_domain": (SPAM, pl.col("domain").is_in(list(SHADY))),
    "news_reader": (HAM, (pl.col("domain") == "news.example") & (pl.col("score") > 0.5)),
    "first_authors": (HAM, pl.col("author_id") < 1_000),
    "short_comment": (HAM, TEXT.str.count_matches(r"\S+") < 26),
    "many_marks": (SPAM, TEXT.str.count_matches("!", literal=True) >= 3),
    "at_night": (SPAM, (pl.col("n_links") > 0) & (pl.col("ts").dt.hour() < 5)),
}


def votes_of(data, names):
    """Return codes of shape (n_samples, n_lfs) by one query."""
    columns = [
        pl.when(VOTES[name][1]).then(VOTES[name][0]).otherwise(-1).cast(pl.Int8).alias(name)
        for name in names
    ]
    return np.asfortranarray(pl.from_pandas(data).lazy().select(columns).collect().to_numpy())
