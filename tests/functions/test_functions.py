import pickle
import re
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

import labeling as lb
from labeling import ABSTAIN, labeling_function
from labeling.errors import LabelingError, LabelingFunctionError, LoadError
from labeling.functions import keywords, lookup, model, regex


def x(text=None, **fields):
    return SimpleNamespace(text=text, **fields)


@labeling_function
def has_link(x):
    """A link is nearly always spam."""
    return "spam" if "http" in x.text else ABSTAIN


@labeling_function(name="short", resources={"limit": 3}, label="ham")
def is_short(x, limit):
    return len(x.text) < limit


# The decorator


def test_the_decorator_works_with_and_without_parentheses():
    def rule(x):
        return 1

    plain, called = labeling_function(rule), labeling_function()(rule)
    assert (plain.name, called.name) == ("rule", "rule")
    assert (plain(x()), called(x())) == (1, 1)


def test_a_labeling_function_keeps_what_the_function_says_of_itself():
    assert has_link.__doc__ == "A link is nearly always spam."
    assert (has_link.__name__, has_link.name) == ("has_link", "has_link")
    assert has_link.__module__ == __name__
    assert has_link.__wrapped__(x("http")) == "spam"
    assert (is_short.__name__, is_short.name) == ("is_short", "short")


def test_resources_are_keyword_arguments_and_a_yes_votes_for_the_label():
    assert [is_short(x("hi")), is_short(x("hello"))] == ["ham", ABSTAIN]


def test_a_function_with_a_label_may_still_name_another_one():
    rule = labeling_function(label="ham")(lambda x: x.text or None)
    assert [rule(x("spam")), rule(x(""))] == ["spam", None]


def test_preprocessors_run_in_order_on_a_copy_of_the_sample():
    def lower(x):
        x.text = x.text.lower()
        return x

    def words(x):
        x.words = x.text.split()
        return x

    rule = labeling_function(pre=[lower, words])(lambda x: "spam" if "free" in x.words else None)
    sample = x("FREE tea")
    assert rule(sample) == "spam"
    assert sample == x("FREE tea")


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda: labeling_function("name"), r"must stand above a function. Got 'name'.*`name=`"),
        (lambda: labeling_function(dict), "must stand above a function"),
        (lambda: labeling_function(pre=len)(print), "`pre` must be a list of functions"),
        (lambda: labeling_function(pre=["a"])(print), "`pre` must be a list of functions"),
        (lambda: labeling_function(resources=[1])(print), "`resources` must be a dict.*Got list"),
    ],
)
def test_a_misused_decorator_says_what_it_needs(made, message):
    with pytest.raises(LabelingFunctionError, match=message):
        made()


# Pickling


def closure(word):
    @labeling_function
    def mentions(x):
        return "spam" if word in x.text else None

    return mentions


@pytest.mark.parametrize(
    "lf",
    [has_link, closure("http"), labeling_function(name="l")(lambda x: "spam" if x.text else None)],
    ids=["module level", "closure", "lambda"],
)
def test_any_labeling_function_survives_pickling(lf):
    back = pickle.loads(pickle.dumps(lf))
    assert (back.name, back.__doc__) == (lf.name, lf.__doc__)
    assert [back(x("http")), back(x(""))] == [lf(x("http")), lf(x(""))]


def test_a_labeling_function_works_in_a_process_that_cannot_import_its_file(tmp_path):
    rules = tmp_path / "rules.py"
    rules.write_text(
        "import dataclasses\nfrom labeling import labeling_function\n"
        "from labeling.functions import keywords\n"
        "WORDS = {'free'}\n"
        "@dataclasses.dataclass\nclass Found:\n    words: set\n"
        "def found(x):\n    return Found(WORDS & set(x.text.split()))\n"
        "@labeling_function\ndef free(x):\n    return 'spam' if found(x).words else None\n"
        "def shout(x):\n    x.text = x.text.upper()\n    return x\n"
        "@labeling_function(pre=[shout])\ndef loud(x):\n"
        "    return 'spam' if 'TEA' in x.text else None\n"
        "tea = keywords('tea', ['tea'], label='ham')\n"
    )
    plan = tmp_path / "plan"
    plan.write_bytes(pickle.dumps(lb.load_labeling_functions(rules)))
    rules.unlink()
    code = (
        "import pickle, sys; from types import SimpleNamespace as S\n"
        "lfs = pickle.load(open(sys.argv[1], 'rb'))\n"
        "print([lf(S(text='free tea')) for lf in lfs])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, str(plan)],
        capture_output=True, text=True, cwd=tmp_path, check=False,
    )  # fmt: skip
    assert (ran.stdout, ran.stderr) == ("['spam', 'spam', 'ham']\n", "")


# Keywords, regular expressions, look-ups


@pytest.mark.parametrize(
    ("words", "text", "options", "votes"),
    [
        (["free money"], "FREE MONEY now", {}, True),
        (["free money"], "free  money", {}, False),
        (["ham"], "shame on champions", {}, False),
        (["ham"], "shame", {"whole_words": False}, True),
        (["free"], "FREE", {"ignore_case": False}, False),
        (["grün"], "GRÜN!", {}, True),
        (["чай"], "есть чай.", {}, True),
        (["чай"], "чайник", {}, False),
        (["🎉"], "party🎉time", {}, False),
        (["🎉"], "party 🎉 time", {}, True),
        (["c++"], "I like C++, too", {}, True),
        (["a.b"], "axb", {}, False),
        (["(", "[x", "\\d", "^", "$5*"], "only $5*!", {}, True),
        (["a|b"], "a", {}, False),
        ("free", "free", {}, True),
        (["free", "cash"], "free free", {"at_least": 2}, False),
        (["free", "cash"], "cash is free", {"at_least": 2}, True),
        (["free", "free money"], "free money", {"at_least": 2}, True),
        (["new york", "york city"], "new york city", {"at_least": 2}, True),
        (["Free", "free"], "free", {"at_least": 2}, False),
        (["free"], None, {}, False),
        (["free"], "", {}, False),
    ],
)
def test_keywords_are_found_literally_as_whole_words_and_phrases(words, text, options, votes):
    rule = keywords("rule", words, label="spam", **options)
    assert rule(x(text)) == ("spam" if votes else ABSTAIN)


WORDS = st.lists(
    st.text("ab.*(+ é", min_size=1, max_size=3).filter(str.strip), min_size=1, max_size=4
)


@given(words=WORDS, text=st.text("ab.*(+ éAB", max_size=12), data=st.data())
def test_keywords_vote_where_enough_different_words_occur(words, text, data):
    different = set(words)
    at_least = data.draw(st.integers(1, len(words)))
    rule = keywords(
        "rule", words, label="spam", at_least=at_least, whole_words=False, ignore_case=False
    )
    occur = sum(word in text for word in different)
    assert rule(x(text)) == ("spam" if occur >= at_least else ABSTAIN)


@pytest.mark.parametrize(
    ("words", "at_least"), [([], 1), ([" "], 1), (["a"], 2), (["a"], 0), ([1], 1)]
)
def test_keywords_that_could_never_vote_are_refused(words, at_least):
    with pytest.raises(LabelingFunctionError, match="'rule' must have non-empty words"):
        keywords("rule", words, label="spam", at_least=at_least)


def test_a_regex_is_searched_anywhere_with_its_flags_and_abstains_on_missing_text():
    rule = regex("phone", r"call \d{3}", label="spam", flags=re.IGNORECASE)
    assert [rule(x("do CALL 555")), rule(x("call me")), rule(x(None))] == ["spam", ABSTAIN, ABSTAIN]
    assert regex("same", re.compile("a"), label="ham")(x("cat")) == "ham"


def test_a_broken_regex_is_refused_by_name():
    with pytest.raises(
        LabelingFunctionError, match=r"'rule' must be a regular expression. Got '\('"
    ):
        regex("rule", "(", label="spam")


def test_a_column_with_any_name_can_be_read():
    assert regex("r", "a", label="ham", column="my text")({"my text": "a"}) == "ham"
    assert regex("r", "a", label="ham", column="class")(SimpleNamespace(**{"class": "a"})) == "ham"


def test_a_lookup_knows_values_of_a_set_and_lines_of_a_file(tmp_path):
    file = tmp_path / "bots.txt"
    file.write_bytes("\ufeffBot1\n# a comment\n\n  Größe \r\n".encode())
    of_file = lookup("bots", file, label="spam", column="author")
    authors = ["bot1", "GRÖSSE", "# a comment", "", None, "ann"]
    assert [of_file(x(author=author)) != ABSTAIN for author in authors] == [True] * 2 + [False] * 4
    of_set = lookup("n", {7, None, "Bot"}, label="spam", column="author", ignore_case=False)
    is_found = [of_set(x(author=a)) != ABSTAIN for a in (7, None, "bot", "7", "07")]
    assert is_found == [True, True, False, True, False]


def test_a_lookup_without_values_or_file_is_refused(tmp_path):
    with pytest.raises(LabelingFunctionError, match="'bots' must have at least one value"):
        lookup("bots", [], label="spam", column="author")
    with pytest.raises(LoadError, match="file of lookup 'bots' must be a UTF-8 text file"):
        lookup("bots", tmp_path / "none.txt", label="spam", column="author")
    (tmp_path / "latin.txt").write_bytes(b"\xff")
    with pytest.raises(LoadError, match="file of lookup 'bots' must be a UTF-8 text file"):
        lookup("bots", str(tmp_path / "latin.txt"), label="spam", column="author")


# Models


@pytest.fixture(scope="module")
def classifier():
    texts = ["free cash now"] * 9 + ["see you soon"] * 9
    return make_pipeline(CountVectorizer(), LogisticRegression()).fit(texts, ["s"] * 9 + ["h"] * 9)


def test_a_fitted_classifier_votes_where_it_is_sure_and_its_classes_get_their_labels(classifier):
    rule = model("sure", classifier, threshold=0.9, labels={"s": "spam", "h": None})
    assert [rule(x("free cash now")), rule(x("see you soon")), rule(x("?"))] == [
        "spam",
        None,
        ABSTAIN,
    ]


def test_a_classifier_may_read_several_columns_as_a_frame(schema):
    train = pd.DataFrame({"n": [0.0, 1.0] * 9, "m": [1.0, 0.0] * 9})
    fitted = LogisticRegression(C=100).fit(train, [0, 1] * 9)
    votes = lb.apply(model("both", fitted, column=["n", "m"]), train, schema)
    assert votes.to_array()[:, 0].tolist() == [0, 1] * 9


def test_an_answer_may_be_a_label_alone_or_a_label_with_its_confidence(schema):
    frame = pd.DataFrame({"text": ["a!", "b"]})
    plain = model("plain", lambda texts: ["spam" if "!" in text else None for text in texts])
    paired = model("paired", lambda texts: [("spam", len(t) / 2) for t in texts], threshold=0.9)
    assert lb.apply([plain, paired], frame, schema).to_array().tolist() == [[1, 1], [-1, -1]]


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda: model("m", LogisticRegression()), "'m' must be fitted"),
        (lambda: model("m", 7), "'m' must be a fitted classifier.*Got 7"),
        (lambda: model("m", len, threshold=2), "threshold of 'm' must be between 0 and 1. Got 2"),
        (lambda: model("m", lambda v: v, threshold=0.5)(x("a")), "pairs, since it has a threshold"),
        (lambda: model("m", lambda v: [1, 2])(x("a")), "each of 1 samples. It gave 2 answers"),
        (lambda: model("m", lambda v: v, labels={"b": 1})(x("a")), "say what 'a' means"),
        (lambda: model("m", lambda v: [("s", np.nan)], threshold=0.5)(x("a")), "Got nan"),
    ],
)
def test_a_model_that_cannot_vote_is_refused_by_name(made, message):
    with pytest.raises(LabelingFunctionError, match=message):
        made()


@pytest.mark.parametrize(
    "wrong", [87.0, 7, -0.2, 1.001, np.nan, np.inf, -np.inf, True, np.True_, "0.9", None, [0.9]]
)
@pytest.mark.parametrize("threshold", [0.0, 0.5])
def test_a_confidence_is_a_number_from_0_to_1(schema, wrong, threshold):
    lf = model("m", lambda texts: [("spam", wrong)] * len(texts), threshold=threshold)
    with pytest.raises(LabelingError, match=r"confidence of 'm' in 'spam' must be a number from"):
        lb.apply(lf, pd.DataFrame({"text": ["a", "b"]}), schema)


@pytest.mark.parametrize("right", [0, 1, 0.5, np.float32(0.5), np.int64(1), 1 + 1e-7])
def test_a_confidence_may_be_a_number_of_any_type(right):
    lf = model("m", lambda texts: [("spam", right)], threshold=0.4)
    assert lf(x("a")) == ("spam" if right >= 0.4 else ABSTAIN)


@pytest.mark.parametrize("wrong", [[0.2, 87.0], [-0.2, 1.2], [0.5, np.nan], [np.nan, np.nan]])
def test_a_classifier_that_gives_no_probabilities_is_refused(wrong):
    class Broken(DummyClassifier):
        def predict_proba(self, values):
            return np.array([wrong] * len(values))

    lf = model("m", Broken().fit([["a"], ["b"]], ["h", "s"]))
    with pytest.raises(LabelingFunctionError, match="must be a number from 0 to 1"):
        lf(x("a"))


def test_a_model_that_answers_too_few_fails_under_its_name(schema):
    short = model("short", lambda texts: np.zeros(0, dtype=int))
    with pytest.raises(LabelingError, match=r"'short' failed on sample 0.*It gave 0 answers"):
        lb.apply(short, pd.DataFrame({"text": ["a", "b"]}), schema)


def test_a_model_abstains_where_two_classes_are_equally_probable():
    """No tie is broken by the order of the classes."""
    tied = DummyClassifier(strategy="prior").fit([["a"], ["b"]], ["h", "s"])
    assert model("tied", tied)(x("a")) == ABSTAIN


def test_a_model_that_abstains_needs_no_label_for_that():
    rule = model("m", lambda texts: [None for _ in texts], labels={"s": "spam"})
    assert rule(x("a")) == ABSTAIN
