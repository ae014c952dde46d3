import logging
import sys
from types import SimpleNamespace

import pandas as pd
import pytest

import labeling as lb
from labeling import ABSTAIN
from labeling.errors import LabelingFunctionError, LoadError, MissingExtraError
from labeling.functions import hugging_face, pretrained, spacy_model

FRAME = pd.DataFrame({"text": ["free cash", "see you soon", None, "free tea", ""] * 2})


def x(text):
    return SimpleNamespace(text=text)


# Hugging Face: a tiny model with random weights, made here.


@pytest.fixture(scope="module", autouse=True)
def no_network():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HUB_OFFLINE", "1")
        patch.setenv("TOKENIZERS_PARALLELISM", "false")
        yield


@pytest.fixture
def own_workers():
    """Workers that no other test has used or will use.

    One that grows by a large library is taken to leak by joblib, which ends it with a warning: here
    that is an error in a thread of its own, and everything would wait for ever.
    """
    from joblib.externals.loky import get_reusable_executor

    get_reusable_executor().shutdown(wait=True)
    yield
    get_reusable_executor().shutdown(wait=True)


def make_model(folder, **limits):
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "free", "cash", "see", "you", "tea"]
    (folder / "vocab.txt").write_text("\n".join(words))
    config = BertConfig(
        vocab_size=len(words), hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=16, max_position_embeddings=12,
        id2label={0: "HAM", 1: "SPAM"}, label2id={"HAM": 0, "SPAM": 1},
    )  # fmt: skip
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = BertForSequenceClassification(config)
    with torch.no_grad():
        network.classifier.weight *= 40  # or it would be sure of nothing
    network.save_pretrained(folder)
    BertTokenizerFast(str(folder / "vocab.txt"), **limits).save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_model(tmp_path_factory.mktemp("model"), model_max_length=12)


@pytest.fixture(scope="module")
def pipeline(folder):
    import transformers

    return transformers.pipeline("text-classification", model=folder)


LABELS = {"HAM": "ham", "SPAM": "spam"}


def wanted(pipeline, text, threshold):
    if text is None:
        return ABSTAIN
    best = pipeline(text, truncation=True)[0]
    return ["HAM", "SPAM"].index(best["label"]) if best["score"] >= threshold else ABSTAIN


def test_it_votes_as_the_pipeline_does_by_task_or_made_alike(pipeline, folder, schema, own_workers):
    scores = sorted(pipeline(text)[0]["score"] for text in FRAME["text"].dropna().unique())
    threshold = (scores[0] + scores[-1]) / 2
    options = {"labels": LABELS, "threshold": threshold}
    lfs = [
        hugging_face("by_task", "text-classification", model=folder, **options),
        hugging_face("made", pipeline, **options),
        hugging_face("several", pipeline, batch_size=4, **options),
    ]
    expected = [
        wanted(pipeline, text, threshold) for text in FRAME["text"].replace({float("nan"): None})
    ]
    assert set(expected) > {ABSTAIN}
    array = lb.apply(lfs, FRAME, schema).to_array()
    assert array.T.tolist() == [expected] * 3
    assert (lb.apply(lfs, FRAME, schema, workers=2).to_array() == array).all()


def test_labels_may_abstain_and_unknown_ones_are_named(pipeline):
    label = pipeline("free cash")[0]["label"]
    assert hugging_face("m", pipeline, labels={**LABELS, label: None})(x("free cash")) is None
    with pytest.raises(
        LabelingFunctionError, match=f"`labels` of 'm' must say what '{label}' means"
    ):
        hugging_face("m", pipeline, labels={"NEGATIVE": "ham"})(x("free cash"))


@pytest.mark.parametrize("limits", [{"model_max_length": 12}, {}])
def test_a_long_text_is_cut_and_counted(tmp_path, caplog, limits):
    rule = hugging_face(
        "m", "text-classification", model=make_model(tmp_path, **limits), labels=LABELS
    )
    with caplog.at_level("WARNING", "labeling"):
        votes = rule.batch([x("free " * 200), x("tea")])
    assert set(votes) <= {"ham", "spam"}
    assert "1 of 2 texts are longer and were cut" in caplog.text


def test_scores_that_are_no_probabilities_are_refused(folder):
    import torch
    import transformers

    logits = transformers.pipeline("text-classification", model=folder, function_to_apply="none")
    with torch.no_grad():
        logits.model.classifier.weight *= 100
    rule = hugging_face("m", logits, labels=LABELS, threshold=0.5)
    with pytest.raises(LabelingFunctionError, match=r"'m' in '.*' must be a number from 0 to 1"):
        rule(x("free cash"))


@pytest.mark.parametrize("wrong", [87.0, -0.2, float("nan"), True, "0.9"])
def test_confidences_from_a_doc_are_refused_where_they_are_none(wrong):
    import spacy

    rule = spacy_model("s", spacy.blank("en"), vote=lambda doc: ("spam", wrong), threshold=0.5)
    with pytest.raises(LabelingFunctionError, match="'s' in 'spam' must be a number from 0 to 1"):
        rule(x("free cash"))


def test_a_tie_is_no_vote():
    assert pretrained._best("m", {"a": 0.5, "b": 0.5}) == (None, 0.5)
    assert pretrained._best("m", {"a": 0.4, "b": 0.6}) == ("b", 0.6)
    assert pretrained._best("m", {"a": 0.4}) == ("a", 0.4)


@pytest.mark.parametrize(
    ("given", "options", "message"),
    [
        ("summarization", {"model": "m"}, "given a text classification.*Got 'summarization'"),
        (len, {}, "given a text classification"),
        ("text-classification", {}, "must be given `model` with a task"),
        (SimpleNamespace(task="text-classification"), {"model": "m"}, "not with a pipeline"),
        ("text-classification", {"model": "m", "threshold": 2}, "between 0 and 1. Got 2"),
    ],
)
def test_a_hugging_face_model_that_cannot_vote_is_refused(given, options, message):
    with pytest.raises(LabelingFunctionError, match=message):
        hugging_face("m", given, labels=LABELS, **options)


def test_a_model_that_is_not_there_is_named(tmp_path):
    rule = hugging_face("m", "text-classification", model=str(tmp_path), labels=LABELS)
    with pytest.raises(LoadError, match=r"model '.*' cannot be loaded"):
        rule(x("a"))


# spaCy


@pytest.fixture(scope="module")
def ruler():
    import spacy

    nlp = spacy.blank("en")
    nlp.add_pipe("entity_ruler").add_patterns(
        [{"label": "PERSON", "pattern": "Ann"}, {"label": "ORG", "pattern": [{"LOWER": "acme"}]}]
    )
    return nlp


def people(doc):
    entities = {entity.label_ for entity in doc.ents}
    return "ham" if "PERSON" in entities else "spam" if "ORG" in entities else None


NAMED = pd.DataFrame({"text": ["Hi Ann!", "Buy at ACME", "nothing", None] * 3})


def test_spacy_votes_as_a_function_of_the_doc_says(ruler, schema, tmp_path, own_workers):
    ruler.to_disk(tmp_path / "ruler")
    lfs = [
        spacy_model("made", ruler, vote=people),
        spacy_model("by_name", str(tmp_path / "ruler"), vote=people),
        spacy_model(
            "yes_or_no", ruler, vote=lambda doc: bool(doc.ents), labels={True: "spam", False: None}
        ),
        spacy_model("sure", ruler, vote=lambda doc: ("ham", len(doc) / 3), threshold=1.0),
    ]
    array = lb.apply(lfs, NAMED, schema).to_array()
    assert array[:4].T.tolist() == [[0, 1, -1, -1], [0, 1, -1, -1], [1, 1, -1, -1], [0, 0, -1, -1]]
    assert (lb.apply(lfs, NAMED, schema, workers=2).to_array() == array).all()


def test_the_text_classifier_of_a_pipeline_votes_where_it_is_sure(schema):
    import spacy
    from spacy.language import Language

    @Language.component("cats_of_words")
    def cats_of_words(doc):
        spam = {"free": 0.9, "maybe": 0.6, "odd": 0.5}.get(doc[0].text, 0.1)
        doc.cats = {"HAM": 1 - spam, "SPAM": spam}
        return doc

    nlp = spacy.blank("en")
    nlp.add_pipe("cats_of_words")
    rule = spacy_model("cats", nlp, labels=LABELS, threshold=0.8)
    assert [rule(x(text)) for text in ("free", "maybe", "odd", "hello", None)] == [
        "spam", ABSTAIN, ABSTAIN, "ham", ABSTAIN,
    ]  # fmt: skip
    assert spacy_model("cats", nlp, labels=LABELS)(x("odd")) == ABSTAIN


def test_a_trained_text_classifier_votes_and_goes_to_workers(schema, own_workers):
    import spacy
    from spacy.training import Example

    spacy.util.fix_random_seed(0)
    nlp = spacy.blank("en")
    model = {
        "@architectures": "spacy.TextCatBOW.v3",
        "exclusive_classes": True,
        "ngram_size": 1,
        "no_output_layer": False,
    }
    nlp.add_pipe("textcat", config={"model": model})
    examples = [("free cash now", "SPAM"), ("see you soon", "HAM")]
    examples = [
        Example.from_dict(
            nlp.make_doc(text), {"cats": {"SPAM": label == "SPAM", "HAM": label == "HAM"}}
        )
        for text, label in examples
    ]
    nlp.initialize(lambda: examples)
    for _ in range(50):
        nlp.update(examples)
    rule = spacy_model("trained", nlp, labels=LABELS)
    frame = pd.DataFrame({"text": ["free cash", "see you"] * 4})
    array = lb.apply(rule, frame, schema).to_array()
    assert array[:2, 0].tolist() == [1, 0]
    assert (lb.apply(rule, frame, schema, workers=2).to_array() == array).all()


def test_a_spacy_model_that_cannot_vote_says_why(ruler):
    with pytest.raises(LabelingFunctionError, match=r"given a spaCy pipeline or the name.*Got 7"):
        spacy_model("m", 7)
    with pytest.raises(LabelingFunctionError, match="'m' must have a text classifier"):
        spacy_model("m", ruler)(x("a"))
    with pytest.raises(LoadError, match=r"'no_such' cannot be loaded.*spacy download no_such"):
        spacy_model("m", "no_such")(x("a"))
    with pytest.raises(LabelingFunctionError, match="pairs, since it has a threshold"):
        spacy_model("m", ruler, vote=people, threshold=0.5)(x("Ann"))


@pytest.mark.parametrize(
    ("module", "made"),
    [
        ("transformers", lambda: hugging_face("m", "text-classification", model="m", labels={})),
        ("spacy", lambda: spacy_model("m", "en_core_web_sm")),
    ],
)
def test_without_the_package_it_says_what_to_install(monkeypatch, module, made):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match=rf"labeling\[{module}\]"):
        made()


def test_nothing_heavy_is_imported_before_it_is_used():
    import subprocess

    code = (
        "import logging, sys, labeling.functions as f\n"
        "f.hugging_face('m', 'text-classification', model='m', labels={})\n"
        "f.spacy_model('m', 'en_core_web_sm'); f.service('s', 'http://h/')\n"
        "print([m for m in ('torch', 'transformers', 'spacy', 'httpx', 'sqlalchemy')"
        " if m in sys.modules], logging.getLogger('labeling').level)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (ran.stdout, ran.stderr) == (f"[] {logging.NOTSET}\n", "")
