"""What every module of random labeling functions begins with."""

PRELUDE = '''\
"""Labeling functions written by a random generator."""

import functools
import math
import re
from datetime import date, datetime, timedelta
from enum import IntEnum

import pandas as pd

HAM, SPAM, ABSTAIN = 0, 1, -1
NAN = float("nan")
LIMIT = 3
WORDS = ("free", "win", "!!", "é")
MANY_WORDS = ("free", "win", "cash", "prize", "click", "here", "song", "love", "now")
WORD_LIST = ["free", "", "here", "K"]
KEYS = {"shop.example", "free", "win", "ß", ""}
MIXED = ("shop.example", 3, 2.5, None, True, "free", 2**53 + 1)
NUMBERS = {0, 1, 8, 2.0, 2**53, -(2**60), 16}
WEIGHTS = {"free": 2, "win": 1, "cash": -1, "end": 3}
SCORES = {"shop.example": 1, "news.example": 0, "free": -1, 3: 7, "": 2}
PUNCTUATION = frozenset("!?.,;:")
LINK = re.compile(r"https?://|www\\.")
END = re.compile(r"end$")
SPACES = re.compile(r"\\s{2,}")
TWICE = re.compile(r"(\\w)\\1")
CALL = re.compile(r"\\bcall\\b.*\\bnow\\b", re.IGNORECASE)
PATTERNS = {"link": LINK, "end": END, "text": "free", "call": CALL}
BY_NUMBER = {1: 3, 2: 0, 5: 7, 0.5: 4, 24: -1}
RUNS = re.compile(r"[a-z]+", re.I)
CUTOFF = datetime(2026, 2, 1, 5)
STAMP = pd.Timestamp("2026-02-28 23:59:59.000000001")
OLDEST = pd.Timestamp("1677-09-22")
ZONED = pd.Timestamp("2026-02-01", tz="UTC")
NOTHING = pd.NaT
WEEK, AGES, TICK = timedelta(days=7), timedelta(days=99_999), pd.Timedelta(1, "ns")


class Label(IntEnum):
    HAM = 0
    SPAM = 1


class Settings:
    limit = 2


BY_NAME = {"free": Label.SPAM, "win": Label.HAM, "shop.example": Label.SPAM, 1: Label.SPAM, "": 7}


def is_long(text, least=10):
    return len(text) >= least


def has_word(sample, word):
    """Whether the text has a word, in any case."""
    text = sample.text
    if not text:
        return False
    return word in text.lower()


def score_of(sample):
    score = 0
    for word, weight in WEIGHTS.items():
        if word in sample.text:
            score += weight
    return score


def safe_ratio(part, whole):
    return part / whole if whole else 0.0


MEMORIES = []


def remembered(memory):
    MEMORIES.append(memory)
    return memory


def forget():
    for memory in MEMORIES:
        memory.clear()


def remember(memory, value):
    if isinstance(memory, dict):
        memory[value] = 1
    elif isinstance(memory, set):
        memory.add(value)
    else:
        memory.append(value)


class Watcher:
    """Remembers that it was looked at."""

    __hash__ = None

    def __init__(self, memory):
        self.memory = memory

    def __contains__(self, item):
        remember(self.memory, item)
        return False

    def __bool__(self):
        remember(self.memory, 0)
        return False

    def __eq__(self, other):
        remember(self.memory, other)
        return False

    def __lt__(self, other):
        remember(self.memory, other)
        return False

    def __format__(self, form):
        remember(self.memory, form)
        return ""


def maker(words, least):
    def made(x):
        found = sum(word in x.text for word in words)
        return SPAM if found >= least else ABSTAIN

    return made


def decorated(function):
    @functools.wraps(function)
    def wrapper(x):
        return function(x)

    return wrapper

'''
