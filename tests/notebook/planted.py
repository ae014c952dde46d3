"""A workbench of eight comments on which every number is known by hand, for tests of it."""

import re

import pandas as pd

import labeling as lb
from labeling.functions import keywords

SCHEMA = lb.LabelSchema(["ham", "spam"])
TEXTS = {
    "c1": "free cash now",
    "c2": "free love",
    "c3": "cash at http://x.org",
    "c4": "I love this song",
    "c5": "song of the year",
    "c6": "first",
    "c7": "see http://y.org",
    "c8": "Free song",
}
GOLD = {"c1": "spam", "c2": "ham", "c3": "spam", "c4": "ham", "c6": "ham", "c8": "spam"}


def samples(texts=TEXTS):
    return pd.DataFrame({"text": list(texts.values())}, index=list(texts))


def free(name="free"):
    """c1, c2, c8: on the dev set right on c1 and c8, wrong on c2."""
    return keywords(name, ["free"], label="spam")


def song():
    """c4, c5, c8: on the dev set right on c4, wrong on c8."""
    return keywords("song", ["song"], label="ham")


def love():
    """c2, c4: on the dev set right on both."""
    return keywords("love", ["love"], label="ham")


def link(name="link"):
    """c3, c7: on the dev set right on c3."""

    @lb.labeling_function(name=name, label="spam")
    def has_link(x):
        return re.search(r"https?://\S+", x.text) is not None

    return has_link


def workbench(*lfs, gold=GOLD, **options):
    made = lb.Workbench(samples(), SCHEMA, gold=gold, **options)
    for lf in lfs:
        made.add(lf)
    return made
