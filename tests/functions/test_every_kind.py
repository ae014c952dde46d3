"""What every kind of labeling function promises; a new kind gets an example here."""

import pickle

import pandas as pd
import pytest

import labeling as lb
from labeling import functions
from labeling.functions import (
    contains,
    crowd,
    keywords,
    labeling_function,
    lookup,
    model,
    regex,
    search,
    service,
)

# Names of the room that are not kinds.
PARTS = {
    "Condition",
    "SlicingFunction",
    "among",
    "contains",
    "load_labeling_functions",
    "load_slicing_functions",
    "matches",
    "preprocessor",
    "refuse_duplicate_names",
    "slicing_function",
    "sql_values",
    "where",
}
OF_LARGE_MODELS = {"hugging_face", "spacy_model"}  # test_lf_pretrained.py holds them to the same
OF_SPANS = {  # test_span_kinds.py holds them to the same
    "document_majority",
    "recorded_spans",
    "spacy_entities",
    "span_keywords",
    "span_labeling_function",
    "span_lookup",
    "span_regex",
}
SAMPLES = pd.DataFrame(
    {"text": ["free cash", "thanks a lot", None, "free tea", ""], "author": list("abcab")},
    index=pd.Index(["s1", "s2", "s3", "s4", "s5"], name="key"),
)
RECORDED = pd.DataFrame(
    {"sample": ["s1", "s4"], "annotator": ["ann", "bob"], "label": ["spam", "ham"]}
)


@labeling_function(label="spam")
def decorated(x):
    return x.text is not None and "free" in x.text


class Guess:
    """A classifier that is sure of what it has seen."""

    def predict_proba(self, texts):
        return [[0.1, 0.9] if text and "free" in text else [0.9, 0.1] for text in texts]

    classes_ = ("ham", "spam")


EXAMPLES = {
    "crowd": lambda url: crowd(RECORDED, by="key"),
    "keywords": lambda url: keywords("offers", ["free"], label="spam"),
    "labeling_function": lambda url: decorated,
    "lookup": lambda url: lookup("known", {"a": "spam", "b": "ham"}, column="author"),
    "model": lambda url: model("classifier", Guess()),
    "regex": lambda url: regex("offer", r"\bfree\b", label="spam"),
    "search": lambda url: search("offer", contains("free"), label="spam"),
    "service": lambda url: service("legacy", url),
}


@pytest.fixture(scope="module")
def url():
    pytest.importorskip("httpx", reason="services come with [http]")
    from tests.support.legacy_service import serving

    with serving() as server:
        yield server.url


def test_every_kind_has_an_example():
    assert set(functions.__all__) - PARTS - OF_LARGE_MODELS - OF_SPANS == set(EXAMPLES)


@pytest.fixture(params=sorted(EXAMPLES))
def lfs(request):
    needed = request.getfixturevalue("url") if request.param == "service" else ""
    made = EXAMPLES[request.param](needed)
    return made if isinstance(made, list) else [made]


def votes_of(lfs, schema, data=SAMPLES):
    return lb.apply(lfs, data, schema).to_frame()


def test_it_is_a_named_voter_that_says_why_and_votes(lfs, schema):
    assert all(isinstance(lf, lb.LabelingFunction) for lf in lfs)
    assert len({lf.name for lf in lfs}) == len(lfs)
    assert votes_of(lfs, schema).notna().to_numpy().any()


def test_its_vote_on_a_sample_does_not_depend_on_the_others(lfs, schema):
    votes = votes_of(lfs, schema)
    turned = votes_of(lfs, schema, SAMPLES.iloc[::-1])
    alone = pd.concat([votes_of(lfs, schema, SAMPLES.loc[[key]]) for key in SAMPLES.index])

    assert votes.equals(turned.loc[votes.index])
    assert votes.equals(alone)


def test_it_votes_the_same_after_being_sent_to_another_process(lfs, schema):
    copies = pickle.loads(pickle.dumps(lfs))

    assert votes_of(lfs, schema).equals(votes_of(copies, schema))
