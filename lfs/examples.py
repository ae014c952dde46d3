"""Every kind of labeling function, on comments under goods for sale: are they spam or ham?

A comment has a `comment_id`, its `text`, its `author`, the `country` it came from, the `price` of
the goods and the number of `links` it contains. Labeling functions that need a file, a fitted
model, an extra, a server or a database are made by the functions at the end: call one, and give the
result a name in your own module, or put it in a list.
"""

import re

import pandas as pd

from labeling import ABSTAIN, labeling_function
from labeling.functions import (
    among,
    contains,
    crowd,
    hugging_face,
    keywords,
    lookup,
    matches,
    model,
    preprocessor,
    regex,
    search,
    service,
    spacy_model,
    sql_values,
    where,
)

# Heuristics: any rule over any columns.


@labeling_function
def link_or_chat(x):
    """Several links are an advertisement; a short comment without one is small talk."""
    if x.links >= 2:
        return "spam"
    return "ham" if x.links == 0 and len(x.text) < 40 else ABSTAIN


@labeling_function(label="spam")
def dear_and_pushy(x):
    """Expensive goods with many exclamation marks: praise that somebody paid for."""
    return x.price > 500 and x.text.count("!") >= 3


# Words, patterns, and Boolean search over them.

money = keywords("money", ["free money", "cash", "prize"], label="spam", reason="Lures with money.")
phone = regex("phone", r"\b\d{3}-\d{4}\b", label="spam", reason="Wants to be called.")
free_offer = search(
    "free_offer",
    contains("free", "gratis") & ~contains("feel free", "free time")
    | matches(r"win\W+cash", flags=re.IGNORECASE),
    label="spam",
    reason="Offers something for nothing; not the idioms with the same word.",
)
thanks_of_a_buyer = search(
    "thanks_of_a_buyer",
    contains("thanks", "thank you")
    & where(lambda x: x.links == 0)
    & ~among(["bot1"], column="author"),
    label="ham",
    reason="Thanks without a link come from a satisfied buyer.",
)

# Known values: a set, a mapping from value to label. A file or a table: see the end.

known_bots = lookup(
    "known_bots", {"bot1", "bot2"}, label="spam", column="author", reason="Banned before."
)
by_country = lookup(
    "by_country",
    {"XX": "spam", "NZ": "ham"},
    column="country",
    reason="Nobody sells to XX; the shop's staff write from NZ.",
)


# A legacy system and a model: anything that labels many samples at once.


def filter_of_2009(texts):
    """Return the class that the old mail filter assigns, and a confidence from its points."""
    points = [sum(text.lower().count(word) for word in ("buy", "cheap", "!!")) for text in texts]
    return [("S" if point else "H", min(1.0, 0.5 + point / 4)) for point in points]


old_filter = model(
    "old_filter",
    filter_of_2009,
    threshold=0.75,
    labels={"S": "spam", "H": "ham"},
    reason="Tuned by hand for years; right where it is confident.",
)


# The crowd: past annotations of people.

PAST_ANNOTATIONS = pd.DataFrame(
    {
        "sample": ["c1", "c2", "c1"],
        "annotator": ["ann", "ann", "bob"],
        "label": ["spam", "ham", "spam"],
    }
)
people = crowd(PAST_ANNOTATIONS, by="comment_id")


# Preprocessors: run once per sample for all functions that use them. Expensive fields are cached
# on disk.


def without_case(x):
    """Add the text in lower case."""
    x.lower = x.text.lower()
    return x


@preprocessor(reads=["text"], cache=".cache/comment_words.sqlite")
def words_of(x):
    """Add the words; imagine a parser that takes a second."""
    x.words = re.findall(r"\w+", x.text.lower())
    return x


shouting_bargain = search(
    "shouting_bargain",
    contains("last chance", "act now", column="lower", ignore_case=False),
    label="spam",
    pre=[without_case],
    reason="Bargains that end today never end.",
)


@labeling_function(pre=[words_of], label="spam")
def repeats_itself(x):
    """A machine says the same word again and again."""
    return len(x.words) >= 6 and len(set(x.words)) <= len(x.words) / 2


# Labeling functions that need a file, a model, an extra or a server.


def banned_by_hand(path):
    """Return an LF of a text file with an author a line; `#` begins a remark.

    `banned_by_hand("banned.txt")`.
    """
    reason = "The shop's list of years."
    return lookup("banned_by_hand", path, label="spam", column="author", reason=reason)


def trained_before(classifier):
    """Return an LF of a classifier of scikit-learn that was fitted on texts, pipelines included."""
    return model(
        "trained_before",
        classifier,
        threshold=0.8,
        labels={0: "ham", 1: "spam"},
        reason="Trained on the comments of another shop; right where it is confident.",
    )


def banned_in_crm(database):
    """Return an LF of a table (extra `sql`); the url comes from an environment variable.

    `banned_in_crm("env:CRM_URL")`.
    """
    verdicts = sql_values(database, "accounts", "name", label_column="verdict")
    return lookup("banned_in_crm", verdicts, column="author", reason="Support has looked at them.")


def spam_service(url):
    """Return an LF that asks a service (extra `http`); the token comes from the environment."""
    return service(
        "spam_service",
        url,
        timeout=5.0,
        retries=3,
        ask=lambda text: {"q": text},
        answer=lambda got: (got["class"], got["score"]),
        labels={"S": "spam", "H": "ham"},
        threshold=0.8,
        headers={"Authorization": "env:SPAM_SERVICE_TOKEN"},
        cache=".cache/spam_service.sqlite",
        reason="Knows the campaigns of other shops.",
    )


def spam_transformer(folder):
    """Return an LF of a text classifier of Hugging Face (extra `transformers`)."""
    return hugging_face(
        "spam_transformer",
        "text-classification",
        model=folder,
        labels={"LABEL_0": "ham", "LABEL_1": "spam"},
        threshold=0.9,
        reason="Trained on text messages, which comments resemble.",
    )


def names_a_person(pipeline):
    """Return an LF of what a spaCy pipeline finds (extra `spacy`)."""
    return spacy_model(
        "names_a_person",
        pipeline,
        vote=lambda doc: any(entity.label_ == "PERSON" for entity in doc.ents),
        labels={True: "ham", False: None},
        reason="A comment that addresses a person by name is sincere.",
    )
