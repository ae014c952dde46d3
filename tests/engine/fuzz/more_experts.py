"""Thirty-six more labeling functions as experts write them: tickets, contracts, orders, people.

They were written before it was looked at which of them run on columns, and stay as they were.
"""

import random
import re
from datetime import date, datetime, timedelta

import pandas as pd

from labeling import labeling_function
from tests.engine.fuzz.vocabulary import listed

ABSTAIN, NO, YES = -1, 0, 1

# Support tickets: urgent or not?

URGENT_WORDS = {"urgent", "asap", "immediately", "emergency", "down", "outage", "broken"}
CALM_WORDS = {"whenever", "question", "wondering", "curious", "thanks"}
VIP_DOMAINS = ("bigbank.example", "hospital.example")


@labeling_function()
def urgent_words(x):
    words = set(x.text.lower().split())
    if URGENT_WORDS & words:
        return YES
    return ABSTAIN


@labeling_function()
def calm_words(x):
    tokens = re.findall(r"[a-z']+", x.text.lower())
    return NO if len(CALM_WORDS.intersection(tokens)) >= 1 else ABSTAIN


@labeling_function()
def all_caps_subject(x):
    subject = x.subject or ""
    return YES if subject.isupper() and len(subject) > 5 else ABSTAIN


@labeling_function()
def caps_ratio(x):
    caps = sum(1 for ch in x.text if ch.isupper())
    return YES if caps / max(len(x.text), 1) > 0.3 else ABSTAIN


@labeling_function()
def exclamation_density(x):
    return YES if x.text.count("!") / max(1, len(x.text.split())) > 0.2 else ABSTAIN


@labeling_function()
def vip_sender(x):
    _user, _, domain = x.mail.partition("@")
    return YES if domain.lower().endswith(VIP_DOMAINS) else ABSTAIN


@labeling_function()
def no_reply_sender(x):
    user = x.mail.split("@")[0].lower()
    return NO if user in ("noreply", "no-reply", "newsletter") else ABSTAIN


@labeling_function()
def weekend_ticket(x):
    return NO if x.opened.weekday() in (5, 6) and x.plan != "enterprise" else ABSTAIN


@labeling_function()
def old_ticket(x):
    age = x.updated - x.opened
    return YES if age > timedelta(days=14) and x.replies == 0 else ABSTAIN


@labeling_function()
def same_day(x):
    return NO if (x.updated - x.opened).days < 1 else ABSTAIN


@labeling_function()
def opened_this_year(x):
    return YES if datetime(2025, 1, 1) <= x.opened < datetime(2026, 1, 1) else ABSTAIN


@labeling_function()
def first_line_greets(x):
    first_line = x.text.split("\n")[0].strip().lower()
    return NO if first_line.startswith(("hi", "hello", "dear")) else ABSTAIN


@labeling_function()
def asks(x):
    sentences = [s for s in re.split(r"[.!?]", x.text) if s.strip()]
    return NO if x.text.rstrip().endswith("?") and len(sentences) <= 2 else ABSTAIN


# Contracts: is it a termination clause?

TERMINATION = re.compile(r"\bterminat(?:e|es|ed|ion)\b", re.I)
NOTICE = re.compile(r"(\d+)\s+days?'?\s+(?:prior\s+)?(?:written\s+)?notice", re.I)
CUES = ["notice", "breach", "expire", "effective date", "written", "either party"]


@labeling_function()
def termination_word(x):
    return YES if len(TERMINATION.findall(x.clause)) >= 2 else ABSTAIN


@labeling_function()
def notice_period(x):
    m = NOTICE.search(x.clause)
    if m is None:
        return ABSTAIN
    days = int(m.group(1))
    return YES if 5 <= days <= 180 else ABSTAIN


@labeling_function()
def termination_cues(x):
    clause = x.clause.lower()
    hits = 0
    for cue in CUES:
        if cue in clause:
            hits += 1
    return YES if hits >= 2 else NO if hits == 0 else ABSTAIN


@labeling_function()
def heading(x):
    title = x.clause.split(".")[0]
    return YES if "Termination" in title and len(title.split()) <= 6 else ABSTAIN


@labeling_function()
def defines_term(x):
    return NO if any(q in x.clause for q in ('" means', "shall mean")) else ABSTAIN


@labeling_function()
def all_cues(x):
    return YES if all(cue in x.clause.lower() for cue in ("notice", "party")) else ABSTAIN


@labeling_function()
def numbers_in_clause(x):
    digits = [c for c in x.clause if c.isdigit()]
    return NO if len(digits) > 8 else ABSTAIN


@labeling_function()
def average_word(x):
    words = x.clause.split()
    if not words:
        return ABSTAIN
    return NO if sum(len(w) for w in words) / len(words) > 6.5 else ABSTAIN


def normalize(text):
    return text.lower().replace("-", " ").strip()


def contains_any(text, words):
    return any(word in text for word in words)


@labeling_function()
def renewal(x):
    return NO if contains_any(normalize(x.clause), ["renew", "extension"]) else ABSTAIN


# Relations between two people in a sentence, as in Snorkel's tutorial

SPOUSES = {"spouse", "wife", "husband", "ex-wife", "ex-husband"}
FAMILY = {"father", "mother", "sister", "brother", "son", "daughter"}


@labeling_function(resources={"spouses": SPOUSES})
def spouse_between(x, spouses):
    return YES if len(spouses.intersection(set(x.between.split()))) > 0 else ABSTAIN


@labeling_function()
def family_between(x):
    return NO if len(FAMILY.intersection(x.between.lower().split())) > 0 else ABSTAIN


@labeling_function()
def same_last_name(x):
    first, second = x.person1.split()[-1], x.person2.split()[-1]
    return YES if first == second and x.person1 != x.person2 else ABSTAIN


@labeling_function()
def married_between(x):
    if "married" in x.between and len(x.between.split()) < 6:
        return YES
    return ABSTAIN


@labeling_function()
def short_name(x):
    return NO if min(len(x.person1), len(x.person2)) < 5 else ABSTAIN


# Orders: is it fraud?

RISK = {"low": 0, "medium": 1, "high": 2}
LIMITS = {"DE": 500.0, "US": 800.0, "FR": 400.0}


@labeling_function()
def risk_points(x):
    points = RISK.get(x.risk, 0)
    if x.country not in LIMITS:
        points += 2
    if x.amount > LIMITS.get(x.country, 300.0):
        points += 1
    if x.coupon is not None and x.coupon.startswith("NEW"):
        points += 1
    return YES if points >= 3 else NO if points == 0 else ABSTAIN


@labeling_function()
def ships_elsewhere(x):
    return YES if x.country != x.ship_country and not x.gift else ABSTAIN


@labeling_function()
def cents(x):
    return NO if round(x.amount * 100) % 100 != 0 else ABSTAIN


@labeling_function()
def expensive_items(x):
    if not x.items:
        return ABSTAIN
    return YES if x.amount / x.items > 250 else ABSTAIN


@labeling_function()
def mail_of_digits(x):
    name = x.mail.rsplit("@", 1)[0]
    digits = sum(c.isdigit() for c in name)
    return YES if digits > 3 or name.isdigit() else ABSTAIN


@labeling_function()
def key_of_place(x):
    return YES if f"{x.country}-{x.ship_country}" in ("US-NG", "DE-RU", "FR-RU") else ABSTAIN


@labeling_function()
def before_signup(x):
    if pd.isnull(x.signup):
        return ABSTAIN
    return YES if x.opened < x.signup or x.signup.date() > date(2026, 6, 1) else NO


@labeling_function()
def dosage(x):
    """A note that names a dose is about a medicine."""
    match = re.search(r"(\d+(?:\.\d+)?)\s*(mg|ml|mcg)\b", x.note, re.IGNORECASE)
    if not match:
        return ABSTAIN
    return YES if match.group(2).lower() == "mg" else NO


@labeling_function()
def negated_symptom(x):
    words = x.note.lower().split()
    for cue in ("no", "denies", "without"):
        if cue in words:
            return NO
    return YES if "pain" in words or "fever" in words else ABSTAIN


FILLERS = listed("the|a|of|and|this|that|is|was|it|to|in|on|for|with|my|your|we|they|so|but|please")
TOPICS = listed(
    "urgent|asap|server is DOWN|outage|broken|thanks|question|whenever you can|Termination.|notice"
    "|either party|30 days' prior written notice|terminate|termination|breach|expire|shall mean"
    "|renewal|re-newal|No. 12345678|spouse|wife|husband|married|mother|brother|500 mg|10 ml|pain"
    "|no|denies|without|fever|!!!|WHY|really?|Hello,|Hi|Dear all,|café|naïve|😀|effective date"
)
NAMES = listed("Ann Lee|Bob Lee|Jo Orr|Maria García|Max Muster|Eva Muster|John Smith|Al Smith")


def _texts(rng, count, most):
    for _ in range(count):
        words = rng.choices(FILLERS, k=rng.randint(1, most))
        for _ in range(rng.choice([0, 1, 1, 2, 3])):
            words.insert(rng.randint(0, len(words)), rng.choice(TOPICS))
        text = rng.choice([" ", " ", " ", "\n", ". "]).join(words)
        yield rng.choice([text, text, text, text.capitalize(), f"{text}?", text.upper()])


def _times(rng, count, first):
    start = pd.Timestamp(first)
    return [start + pd.Timedelta(minutes=rng.randint(0, 1_000_000)) for _ in range(count)]


def samples(count, seed=0):
    """Return made-up samples that have the columns of all functions."""
    rng = random.Random(seed)
    one_of = lambda *values: rng.choices(values, k=count)  # noqa: E731
    texts = lambda most: list(_texts(rng, count, most))  # noqa: E731
    opened = _times(rng, count, "2024-06-01")
    return pd.DataFrame(
        {
            "text": texts(45),
            "subject": pd.Series(one_of("HELP NOW", "question", "Invoice 12", "", None), dtype=str),
            "mail": one_of(
                "a@gmail.com", "x.y@Hospital.example", "noreply@shop.example", "bob12345@m.example"
            ),
            "plan": pd.Categorical(one_of("free", "pro", "enterprise")),
            "opened": opened,
            "updated": [time + pd.Timedelta(hours=rng.randint(0, 900)) for time in opened],
            "replies": [rng.randint(0, 6) for _ in range(count)],
            "clause": texts(70),
            "between": texts(6),
            "person1": one_of(*NAMES),
            "person2": one_of(*NAMES),
            "risk": pd.Categorical(one_of("low", "medium", "high")),
            "country": pd.Categorical(one_of("DE", "US", "FR", "NG")),
            "ship_country": pd.Categorical(one_of("DE", "US", "RU", "NG")),
            "amount": [rng.choice([9.99, 120.0, 450.0, 999.0, 73.5]) for _ in range(count)],
            "items": [rng.randint(0, 5) for _ in range(count)],
            "gift": one_of(True, False),
            "coupon": pd.Series(one_of("NEW10", "SPRING", None), dtype=str),
            "signup": [rng.choice([pd.NaT, *opened[:9]]) for _ in range(count)],
            "note": texts(40),
        },
        index=pd.RangeIndex(count, name="id"),
    )
