"""The standard corpus of the speed benchmarks: 50,000 made-up comments, 20 labeling functions."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

N = 50_000
SHOPS = {"shop.example", "win.example", "cash.example"}
MONEY = ("free money", "cash prize", "you won", "click here")
PRAISE = ("great song", "love this", "so good", "thank you")


def comments(n: int = N, seed: int = 0) -> pd.DataFrame:
    """Return n comments of 20 to 60 words, some with phrases, links, capitals or marks."""
    rng = np.random.default_rng(seed)
    words = np.array([f"{a}{b}" for a in ("ba", "so", "the", "ing", "un") for b in range(400)])
    common = 1 / np.arange(1, len(words) + 1)
    extras = np.array(
        [*MONEY, *PRAISE, "http://x.example/a", "555-123-4567", "CHECK it out", "!!!"]
    )
    texts = []
    for length, n_extra in zip(rng.integers(20, 60, n), rng.binomial(3, 0.15, n), strict=True):
        picked = rng.choice(words, length, p=common / common.sum()).tolist()
        picked += rng.choice(extras, n_extra).tolist()
        texts.append(" ".join(picked))
    return pd.DataFrame(
        {
            "text": texts,
            "n_links": rng.poisson(0.3, n),
            "score": rng.normal(size=n),
            "domain": rng.choice([*SHOPS, "news.example", "blog.example"], n),
            "author": rng.integers(0, 10_000, n),
        }
    )


LINK = re.compile(r"https?://|www\.")
PHONE = re.compile(r"\b\d{3}-\d{3}-\d{4}\b")
CHECK = re.compile(r"(?i)check.*out")
REPEAT = re.compile(r"(\w)\1\1")
DIGITS = re.compile(r"\d{4,}")

RULES = {
    "free_money": lambda x: 1 if "free money" in x.text.lower() else -1,
    "you_won": lambda x: 1 if "you won" in x.text.lower() else -1,
    "love_this": lambda x: 0 if "love this" in x.text.lower() else -1,
    "link": lambda x: 1 if LINK.search(x.text) else -1,
    "phone": lambda x: 1 if PHONE.search(x.text) else -1,
    "check_out": lambda x: 1 if CHECK.search(x.text) else -1,
    "repeats": lambda x: 0 if REPEAT.search(x.text) else -1,
    "digits": lambda x: 1 if DIGITS.search(x.text) else -1,
    "money": lambda x: 1 if any(word in x.text for word in MONEY) else -1,
    "praise": lambda x: 0 if sum(word in x.text for word in PRAISE) >= 1 else -1,
    "links": lambda x: 1 if x.n_links > 1 else -1,
    "no_links": lambda x: 0 if x.n_links == 0 and x.score > 1.5 else -1,
    "shop": lambda x: 1 if x.domain in SHOPS and x.score < -1 else -1,
    "low": lambda x: 1 if x.score < -2 else -1,
    "high": lambda x: 0 if x.score > 2 else -1,
    "bots": lambda x: 1 if x.author < 100 else -1,
    "short": lambda x: 0 if len(x.text.split()) < 22 else -1,
    "capitals": lambda x: 1 if sum(c.isupper() for c in x.text[:40]) > 5 else -1,
    "marks": lambda x: 1 if x.text.count("!") >= 3 else -1,
    "early": lambda x: 0 if x.author % 24 == 5 else -1,
}
