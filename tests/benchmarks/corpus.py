"""The standard corpus of the speed benchmarks: made-up comments, and 20 functions of experts.

Words are drawn by their frequency in English (the package `wordfreq`); some comments have phrases
of adverts or praise, capitals, exclamation marks, and about one in a hundred a letter beyond ASCII.
"""

import functools
import re

import numpy as np
import pandas as pd

from labeling import ABSTAIN, labeling_function

N = 200_000
HAM, SPAM = 0, 1
VOCABULARY = 30_000
EXTRAS = (
    *("free money", "Free Money", "click here", "CASH PRIZE", "you won", "limited offer"),
    *("love this song", "great video", "thank you", "so good", "best song ever"),
    *("http://win.example/now", "https://shop.example/a1", "www.cash.example", "555-123-4567"),
    *("check this out", "CHECK it OUT", "!!!", "BUY NOW TODAY", "subscribe to my channel"),
)
DOMAINS = ("news.example", "blog.example", "mail.example", "shop.example", "win.example")
SHADY = {"win.example", "cash.example", "pills.example"}
MONEY = ("cash prize", "free money", "limited offer", "you won")
PRAISE = ("love this", "great video", "so good", "thank you", "best song")


@functools.cache
def _words() -> tuple[tuple[str, ...], np.ndarray]:
    import wordfreq

    words = [word for word in wordfreq.top_n_list("en", VOCABULARY) if word.isascii()]
    frequencies = np.array([wordfreq.word_frequency(word, "en") for word in words])
    return tuple(words), np.cumsum(frequencies / frequencies.sum())


def comments(n: int = N, seed: int = 0) -> pd.DataFrame:
    """Return n comments of 20 to 60 words with what is known of each, the same for a seed."""
    rng = np.random.default_rng(seed)
    words, cumulated = _words()
    texts = []
    for length, n_extra in zip(rng.integers(20, 61, n), rng.binomial(3, 0.3, n), strict=True):
        picked = [words[at] for at in np.searchsorted(cumulated, rng.random(length))]
        for extra in rng.integers(0, len(EXTRAS), n_extra):
            picked.insert(int(rng.integers(0, len(picked))), EXTRAS[extra])
        texts.append(" ".join(picked))
    for at in np.flatnonzero(rng.random(n) < 0.011):
        texts[at] += rng.choice([" café", " naïve", " ❤", " Straße", " İstanbul"])
    start = pd.Timestamp("2026-01-01")
    return pd.DataFrame(
        {
            "text": texts,
            "n_links": rng.poisson(0.3, n),
            "score": rng.normal(size=n),
            "domain": rng.choice(DOMAINS, n, p=[0.4, 0.3, 0.2, 0.07, 0.03]),
            "ts": start + pd.to_timedelta(rng.integers(0, 365 * 24 * 3600, n), unit="s"),
            "author_id": rng.integers(0, 20_000, n),
        }
    )


LINK = re.compile(r"https?://|www\.")
PHONE = re.compile(r"\b\d{3}-\d{3}-\d{4}\b")
CHECK_OUT = re.compile(r"(?i)check.*out")


@labeling_function
def free_money(x):
    "Money is never free."
    return SPAM if "free money" in x.text.lower() else ABSTAIN


@labeling_function
def click_here(x):
    "Adverts want a click."
    return SPAM if "click here" in x.text.lower() else ABSTAIN


@labeling_function
def love_song(x):
    "Fans love songs."
    if "love this song" in x.text.lower():
        return HAM
    return ABSTAIN


@labeling_function
def has_link(x):
    "A link in a comment is mostly an advert."
    return SPAM if LINK.search(x.text) else ABSTAIN


@labeling_function
def has_phone(x):
    "Nobody else gives a phone number."
    return SPAM if PHONE.search(x.text) else ABSTAIN


@labeling_function
def check_out(x):
    "Check something out."
    return SPAM if CHECK_OUT.search(x.text) else ABSTAIN


@labeling_function
def subscribe(x):
    "Channels that want subscribers."
    return SPAM if re.search(r"subscribe\s+to\s+my", x.text, re.IGNORECASE) else ABSTAIN


@labeling_function
def long_number(x):
    "Prices and codes."
    return SPAM if re.search(r"\d{4,}", x.text) is not None else ABSTAIN


@labeling_function
def money_words(x):
    "Any word of money."
    text = x.text.lower()
    return SPAM if any(word in text for word in MONEY) else ABSTAIN


@labeling_function
def much_praise(x):
    "Praise, more than once."
    text = x.text.lower()
    return HAM if sum(word in text for word in PRAISE) >= 2 else ABSTAIN


@labeling_function
def many_links(x):
    "Several links."
    return SPAM if x.n_links >= 2 else ABSTAIN


@labeling_function
def well_rated(x):
    "Others like it, and it links nowhere."
    return HAM if x.score > 1.2 and x.n_links == 0 else ABSTAIN


@labeling_function
def badly_rated(x):
    "Others dislike it."
    if x.score < -2:
        return SPAM
    return ABSTAIN


@labeling_function
def shady_domain(x):
    "Domains of adverts."
    return SPAM if x.domain in SHADY else ABSTAIN


@labeling_function
def news_reader(x):
    "Readers of news who are not disliked."
    if x.domain == "news.example" and x.score > 0.5:
        return HAM
    return ABSTAIN


@labeling_function
def first_authors(x):
    "The first accounts are those of the staff."
    return HAM if x.author_id < 1_000 else ABSTAIN


@labeling_function
def short_comment(x):
    "Adverts are long."
    return HAM if len(x.text.split()) < 26 else ABSTAIN


@labeling_function
def shouting(x):
    "Words in capitals."
    words = [word for word in x.text.split() if len(word) > 2 and word.isupper()]
    return SPAM if len(words) >= 2 else ABSTAIN


@labeling_function
def many_marks(x):
    "Many exclamation marks."
    return SPAM if x.text.count("!") >= 3 else ABSTAIN


@labeling_function
def at_night(x):
    "Bots that link at night."
    return SPAM if x.n_links > 0 and x.ts.hour < 5 else ABSTAIN


LFS = (
    *(free_money, click_here, love_song, has_link, has_phone, check_out, subscribe, long_number),
    *(money_words, much_praise, many_links, well_rated, badly_rated, shady_domain, news_reader),
    *(first_authors, short_comment, shouting, many_marks, at_night),
)
METADATA = (many_links, well_rated, badly_rated, shady_domain, news_reader, first_authors)
INHERENTLY_PYTHON = (shouting,)
