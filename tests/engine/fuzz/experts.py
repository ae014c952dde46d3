"""Forty labeling functions as experts write them: spam, reviews, medicine, finance, shops.

Nothing in the package was tuned to them. They follow what tutorials on weak supervision do: keyword
lists, patterns, counts, metadata, helpers, `resources`, factories.
"""

import random
import re
import string
from datetime import datetime, timedelta

import pandas as pd

from labeling import labeling_function
from tests.engine.fuzz.vocabulary import listed

ABSTAIN = -1
NEGATIVE, POSITIVE = 0, 1
NO, YES = 0, 1

# YouTube comments and mail: spam


@labeling_function()
def check_out(x):
    return POSITIVE if "check out" in x.body.lower() else ABSTAIN


@labeling_function()
def regex_check_out(x):
    return POSITIVE if re.search(r"check.*out", x.body, flags=re.I) else ABSTAIN


@labeling_function()
def short_comment(x):
    """Ham comments are often short, such as 'cool video!'."""
    return NEGATIVE if len(x.body.split()) < 5 else ABSTAIN


def keyword_lookup(x, keywords, label):
    if any(word in x.body.lower() for word in keywords):
        return label
    return ABSTAIN


def make_keyword_lf(keywords, label=POSITIVE):
    return labeling_function(
        name=f"keyword_{keywords[0]}", resources={"keywords": keywords, "label": label}
    )(keyword_lookup)


keyword_my = make_keyword_lf(keywords=["my"])
keyword_subscribe = make_keyword_lf(keywords=["subscribe", "subscribers"])
keyword_song = make_keyword_lf(keywords=["song", "music"], label=NEGATIVE)


@labeling_function()
def shouting(x):
    letters = [c for c in x.body if c.isalpha()]
    if not letters:
        return ABSTAIN
    upper = sum(1 for c in letters if c.isupper())
    return POSITIVE if upper / len(letters) > 0.5 else ABSTAIN


@labeling_function()
def many_links(x):
    return POSITIVE if len(re.findall(r"https?://\S+", x.body)) >= 2 else ABSTAIN


@labeling_function()
def punctuation_share(x):
    marks = sum(c in string.punctuation for c in x.body)
    return POSITIVE if marks > 0.15 * len(x.body) else ABSTAIN


@labeling_function()
def freemail_with_money(x):
    domain = x.sender.split("@")[-1].lower()
    if domain in {"gmail.com", "yahoo.com", "hotmail.com"} and "$" in x.body:
        return POSITIVE
    return ABSTAIN


@labeling_function()
def reply(x):
    return NEGATIVE if x.subject.startswith(("Re:", "RE:", "Fwd:")) else ABSTAIN


@labeling_function(label="pos")
def sent_at_night(x):
    return x.sent.hour < 6 or x.sent.hour >= 23


# Reviews: sentiment

POSITIVE_WORDS = ["good", "great", "excellent", "love", "wonderful", "best", "amazing"]
NEGATIVE_WORDS = ["bad", "terrible", "awful", "hate", "worst", "boring", "refund"]
NEGATION = re.compile(r"\b(?:not|never|no|n't)\b\s+(?:\w+\s+){0,2}(good|great|love)", re.I)


@labeling_function()
def lexicon(x):
    text = x.review.lower()
    pos = sum(text.count(w) for w in POSITIVE_WORDS)
    neg = sum(text.count(w) for w in NEGATIVE_WORDS)
    if pos > neg:
        return POSITIVE
    if neg > pos:
        return NEGATIVE
    return ABSTAIN


@labeling_function()
def word_overlap(x):
    words = set(x.review.lower().split())
    if len(words & set(POSITIVE_WORDS)) >= 2:
        return POSITIVE
    return ABSTAIN


@labeling_function()
def negated_praise(x):
    return NEGATIVE if NEGATION.search(x.review) else ABSTAIN


@labeling_function()
def stars(x):
    if x.stars is None:
        return ABSTAIN
    if x.stars >= 4:
        return POSITIVE
    elif x.stars <= 2:
        return NEGATIVE
    return ABSTAIN


@labeling_function()
def five_stars_in_text(x):
    match = re.search(r"([1-5])\s*(?:out of 5|stars?)", x.review)
    if match:
        return POSITIVE if int(match.group(1)) >= 4 else NEGATIVE
    return ABSTAIN


@labeling_function()
def exclamations(x):
    return POSITIVE if x.review.count("!") >= 3 and "bad" not in x.review else ABSTAIN


@labeling_function()
def first_word(x):
    first = x.review.split()[0].lower().strip(",.!")
    return {"love": POSITIVE, "great": POSITIVE, "terrible": NEGATIVE}.get(first, ABSTAIN)


@labeling_function()
def emoticon(x):
    for smile in (":)", ":-)", "😀"):
        if smile in x.review:
            return POSITIVE
    for frown in (":(", ":-("):
        if frown in x.review:
            return NEGATIVE
    return ABSTAIN


@labeling_function()
def long_and_verified(x):
    return POSITIVE if x.verified and len(x.review) > 120 and x.helpful > 3 else ABSTAIN


# Clinical notes

FEVER = re.compile(
    r"\b(?:fever|febrile|temp(?:erature)?\s*(?:of\s*)?(?:3[89]|4\d)(?:\.\d)?)\b", re.I
)
NEGATED_FEVER = re.compile(r"\b(?:no|denies|without)\s+(?:\w+\s+)?fever", re.IGNORECASE)
ICD_FLU = {"J09", "J10", "J10.1", "J11"}


@labeling_function()
def fever_mentioned(x):
    if NEGATED_FEVER.search(x.note):
        return NO
    return YES if FEVER.search(x.note) else ABSTAIN


@labeling_function()
def flu_code(x):
    return YES if x.icd in ICD_FLU else ABSTAIN


@labeling_function()
def flu_code_prefix(x):
    if x.icd is None or not isinstance(x.icd, str):
        return ABSTAIN
    return YES if x.icd[:3] in ("J09", "J10", "J11") else ABSTAIN


@labeling_function()
def high_temperature(x):
    if pd.isna(x.temperature):
        return ABSTAIN
    return YES if x.temperature >= 38.0 else NO


@labeling_function()
def infant(x):
    return YES if 0 <= x.age < 2 and x.temperature > 37.5 else ABSTAIN


@labeling_function()
def shock_index(x):
    try:
        index = x.heart_rate / x.systolic
    except ZeroDivisionError:
        return ABSTAIN
    return YES if index > 0.9 else ABSTAIN


@labeling_function(label="pos")
def flu_season(x):
    return x.seen.month in (11, 12, 1, 2, 3)


@labeling_function()
def symptom_count(x):
    note = x.note.lower()
    symptoms = ["cough", "fever", "myalgia", "headache", "chills"]
    return YES if len([s for s in symptoms if s in note]) >= 3 else ABSTAIN


@labeling_function()
def family_history(x):
    return (
        NO
        if re.search(r"(?:family history|mother|father) .{0,30}(?:flu|influenza)", x.note)
        else ABSTAIN
    )


# Payments: fraud

HIGH_RISK = {"NG", "RU", "KP"}


@labeling_function()
def round_amount(x):
    return YES if x.amount >= 1000 and x.amount % 100 == 0 else ABSTAIN


@labeling_function()
def foreign_country(x):
    return YES if x.country in HIGH_RISK and x.country != x.card_country else ABSTAIN


@labeling_function()
def far_above_usual(x):
    return YES if x.amount > 5 * max(x.usual, 1.0) else ABSTAIN


@labeling_function()
def weekend_night(x):
    return YES if x.paid.weekday() >= 5 and x.paid.hour in range(0, 5) else ABSTAIN


@labeling_function()
def quick_after_signup(x):
    return YES if (x.paid - x.signup) < timedelta(days=2) else ABSTAIN


@labeling_function()
def old_customer(x):
    return NO if x.signup < datetime(2022, 1, 1) else ABSTAIN


def is_disposable(mail):
    """Whether a mail address is of a throw-away service."""
    _, _, domain = mail.rpartition("@")
    return domain in ("mailinator.com", "tempmail.io")


@labeling_function()
def disposable_mail(x):
    return YES if is_disposable(x.mail) else ABSTAIN


# Products: is it an accessory?

ACCESSORIES = ("case", "cable", "charger", "strap", "adapter", "cover", "holder", "mount", "screen")
BRANDS = {"apple": 1, "samsung": 1, "noname": -1}


@labeling_function()
def accessory_word(x):
    title = x.title.lower()
    return YES if any(f" {word}" in f" {title}" for word in ACCESSORIES) else ABSTAIN


@labeling_function()
def for_device(x):
    return (
        YES
        if re.search(r"\b(?:for|compatible with)\s+(?:iphone|galaxy|ipad)", x["title"], re.I)
        else ABSTAIN
    )


@labeling_function()
def cheap(x):
    price = x.get("price")
    if price is None or price != price:
        return ABSTAIN
    score = 0
    if price < 20:
        score += 2
    if "pack" in x["title"].lower():
        score += 1
    if BRANDS.get(x.brand, 0) > 0:
        score -= 1
    return YES if score >= 2 else NO if score < 0 else ABSTAIN


@labeling_function()
def category_path(x):
    return YES if "Accessories" in x["category path"].split(" > ") else NO


@labeling_function()
def model_number(x):
    return NO if re.match(r"^[A-Z]{2,}\d{3,}[A-Z]?\b", x.title) else ABSTAIN


@labeling_function()
def title_all_words_capitalized(x):
    return NO if all(w[0].isupper() for w in x.title.split()) else ABSTAIN


FILLERS = listed("the|a|of|and|this|that|is|was|it|to|in|on|for|with|my|your|we|they|so|but")
TOPICS = listed(
    "check out my channel|subscribe|song|music|http://a.io/x|https://b.co|FREE $$$|good|great"
    "|love it|terrible|bad|not good|5 stars|4 out of 5|:)|:-(|fever|denies fever|temp of 39.1"
    "|cough|chills|headache|mother had influenza|!!!|BEST|WIN NOW|refund|café|naïve|😀|3 pack"
    "|case for iPhone|cable|XR2000B Phone|Samsung Galaxy|compatible with iPad|Charger"
)


def _texts(rng, count, most):
    for _ in range(count):
        words = rng.choices(FILLERS, k=rng.randint(1, most))
        for _ in range(rng.choice([0, 1, 1, 2, 3])):
            words.insert(rng.randint(0, len(words)), rng.choice(TOPICS))
        text = " ".join(words)
        yield rng.choice([text, text, text, text.capitalize(), text.title(), text.upper()])


def _times(rng, count, first):
    start = pd.Timestamp(first)
    return [start + pd.Timedelta(minutes=rng.randint(0, 2_000_000)) for _ in range(count)]


def samples(count, seed=0):
    """Return made-up samples that have the columns of all functions."""
    rng = random.Random(seed)
    one_of = lambda *values: rng.choices(values, k=count)  # noqa: E731
    texts = lambda most: list(_texts(rng, count, most))  # noqa: E731
    return pd.DataFrame(
        {
            "body": texts(40),
            "subject": one_of("Re: lunch", "Fwd: news", "Offer", "hello", "RE: your order"),
            "sender": one_of("a@gmail.com", "bob@Yahoo.com", "x@corp.example", "no-reply"),
            "sent": _times(rng, count, "2023-01-01"),
            "review": texts(60),
            "stars": pd.array(one_of(1, 2, 3, 4, 5, None), dtype="Int64"),
            "verified": one_of(True, False),
            "helpful": [rng.randint(0, 20) for _ in range(count)],
            "note": texts(80),
            "icd": pd.Series(one_of("J10", "J10.1", "J11", "I10", "E11.9", None), dtype="str"),
            "temperature": [
                rng.choice([36.6, 37.2, 38.0, 39.4, float("nan")]) for _ in range(count)
            ],
            "age": [rng.randint(0, 95) for _ in range(count)],
            "heart_rate": [rng.randint(50, 150) for _ in range(count)],
            "systolic": [rng.choice([0, 90, 110, 120, 140]) for _ in range(count)],
            "seen": _times(rng, count, "2023-01-01"),
            "amount": [
                rng.choice([9.99, 100.0, 1500.0, 2000.0, 73.5, 12345.67]) for _ in range(count)
            ],
            "usual": [rng.choice([0.0, 20.0, 100.0, 400.0]) for _ in range(count)],
            "country": pd.Categorical(one_of("DE", "US", "NG", "RU", "FR")),
            "card_country": pd.Categorical(one_of("DE", "US", "FR")),
            "paid": _times(rng, count, "2024-01-01"),
            "signup": _times(rng, count, "2021-06-01"),
            "mail": one_of("a@gmail.com", "b@mailinator.com", "c@tempmail.io", "d@corp.example"),
            "title": texts(8),
            "price": [rng.choice([5.0, 19.99, 49.0, 799.0, float("nan")]) for _ in range(count)],
            "brand": pd.Categorical(one_of("apple", "samsung", "noname", "acme")),
            "category path": one_of(
                "Phones > Accessories", "Phones", "Phones > Accessories > Cases"
            ),
        },
        index=pd.RangeIndex(count, name="id"),
    )
