import pickle
import re
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import labeling as lb
from labeling import ABSTAIN
from labeling.errors import DataError, LabelingFunctionError
from labeling.functions import among, contains, matches, search, where


def x(text=None, **fields):
    return SimpleNamespace(text=text, **fields)


def spam(condition):
    return search("rule", condition, label="spam")


OFFER = contains("free") & ~contains("love") | matches(r"win\W+cash")


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("Free tea", True),
        ("free love", False),
        ("win, cash and free love", True),
        ("freedom", False),
        ("", False),
        (None, None),
    ],
)
def test_conditions_are_composed_and_a_missing_text_is_neither(text, holds):
    assert OFFER(x(text)) is holds
    assert (~OFFER)(x(text)) is (None if holds is None else not holds)
    assert spam(OFFER)(x(text)) == ("spam" if holds else ABSTAIN)


# Each letter is a condition; a sample says of each: holds, does not, or is missing.
TRUTHS = st.fixed_dictionaries({name: st.sampled_from([True, False, None]) for name in "abc"})
FORMULAS = st.recursive(
    st.sampled_from("abc"),
    lambda inner: st.one_of(
        st.tuples(st.just("~"), inner), st.tuples(st.sampled_from("&|"), inner, inner)
    ),
    max_leaves=8,
)


def condition(formula):
    if isinstance(formula, str):
        return contains("yes", column=formula)
    parts = [condition(part) for part in formula[1:]]
    return {"~": lambda p: ~p, "&": lambda p, q: p & q, "|": lambda p, q: p | q}[formula[0]](*parts)


def possible(formula, truths):
    """Return what the formula can be, over all that the missing values may have been."""
    missing = [name for name in truths if truths[name] is None]
    if not missing:
        return {plain(formula, truths)}
    return possible(formula, truths | {missing[0]: True}) | possible(
        formula, truths | {missing[0]: False}
    )


def plain(formula, truths):
    if isinstance(formula, str):
        return truths[formula]
    parts = [plain(part, truths) for part in formula[1:]]
    return {"~": lambda p: not p, "&": lambda p, q: p and q, "|": lambda p, q: p or q}[formula[0]](
        *parts
    )


def sample(truths):
    words = {True: "yes!", False: "no", None: None}
    return SimpleNamespace(**{name: words[truth] for name, truth in truths.items()})


@given(formula=FORMULAS, truths=TRUTHS)
def test_what_a_condition_answers_is_what_plain_boolean_evaluation_answers(formula, truths):
    answer = condition(formula)(sample(truths))
    if None not in truths.values():
        assert answer is plain(formula, truths)
    elif answer is not None:  # then it holds whatever the missing values were
        assert possible(formula, truths) == {answer}


@given(formula=FORMULAS, truths=TRUTHS)
def test_what_a_condition_says_of_itself_is_python_that_makes_it_again(formula, truths):
    made = condition(formula)
    again = eval(repr(made), {"contains": contains})
    assert (repr(again), again(sample(truths))) == (repr(made), made(sample(truths)))


@given(truths=TRUTHS)
def test_known_sides_settle_what_a_missing_one_cannot(truths):
    a, b = (contains("yes", column=name) for name in "ab")
    known, other = truths["a"], truths["b"]
    both, either = (a & b)(sample(truths)), (a | b)(sample(truths))
    assert (both is False) == (known is False or other is False)
    assert (either is True) == (known is True or other is True)


def test_the_docstring_is_the_expression_or_the_reason_given():
    rule = spam((contains("a") | contains("b", column="title")) & ~among({"bot"}, column="author"))
    assert rule.__doc__ == (
        "Votes 'spam' where (contains('a') | contains('b', column='title'))"
        " & ~among(['bot'], column='author')."
    )
    assert search("r", OFFER, label="spam", reason="Because.").__doc__ == "Because."
    options = contains("A", whole_words=False, ignore_case=False) | matches("b", flags=re.I)
    assert repr(options) == (
        "contains('A', whole_words=False, ignore_case=False) | matches('b', flags=re.IGNORECASE)"
    )


def named_rule(x):
    return x.price > 100


def test_a_function_is_shown_as_it_was_written():
    assert repr(where(lambda x: x.price > 100)) == "where(lambda x: x.price > 100)"
    assert repr(where(lambda x: (x.price + 1) * 2 > len("é") or x.dear)).endswith("or x.dear)")
    assert repr(where(named_rule)) == "where(named_rule)"
    several = where(
        lambda x: x.price > 100
        and x.links
    )  # fmt: skip
    assert repr(several) == "where(lambda ...)"
    assert repr(where(eval("lambda x: x.price"))) == "where(lambda ...)"


def test_columns_of_any_kind_can_be_asked_about():
    rule = where(lambda x: x.price > 100) & among([7, "Bot"], column="author")
    asked = [x(price=120, author=author) for author in (7, "bot", "ann", None, float("nan"))]
    assert [rule(sample) for sample in asked] == [True, True, False, None, None]
    assert not among(["Bot"], column="author", ignore_case=False)(x(author="bot"))
    assert where(lambda x: np.bool_(x.text == "a"))(x("a")) is True
    assert where(lambda x: None)(x("a")) is None


@pytest.mark.parametrize(
    ("misused", "message"),
    [
        (lambda: contains("a") and contains("b"), r"combined with `&`, `\|` and `~`. Got contains"),
        (lambda: contains("a") or contains("b"), "`and`, `or`, `not` and `if` do that"),
        (lambda: not contains("a"), "Conditions must be combined"),
        (lambda: contains("a") & "b", r"made with contains.*Got 'b' \(str\)"),
        (lambda: True | contains("a"), r"Got True \(bool\).*parentheses may be missing"),
        (lambda: False & contains("a"), r"Got False \(bool\)"),
        (lambda: contains("a") | len, "Got <built-in function len>"),
        (lambda: search("r", "free", label="spam"), "Got 'free'"),
        (lambda: contains(), "must have non-empty words"),
        (lambda: contains(["a", "b"]), r"write contains\(\"a\", \"b\"\)"),
        (lambda: contains(" "), "must have non-empty words"),
        (lambda: matches("("), r"pattern of matches\(...\) must be a regular expression. Got '\('"),
        (lambda: among([], column="a"), "at least one value"),
        (lambda: among("bot", column="a"), "Got 'bot'"),
        (lambda: where("x.price > 1"), r"write where\(lambda x: ...\)"),
        (lambda: where(lambda x: x.text)(x("a")), "must answer True, False or None. Got 'a'"),
    ],
)
def test_misuse_is_answered_with_what_must_be_written(misused, message):
    with pytest.raises(LabelingFunctionError, match=message):
        misused()


FRAME = pd.DataFrame(
    {"text": ["Free tea", None, "win cash", "hello"] * 3, "price": [1.0, np.nan, 200.0, 300.0] * 3},
)


def test_votes_are_the_same_in_workers(schema):
    rule = spam(OFFER & where(lambda x: x.price < 250))
    votes = lb.apply(rule, FRAME, schema).to_array()
    assert votes[:4, 0].tolist() == [1, -1, 1, -1]
    assert (lb.apply(rule, FRAME, schema, workers=2).to_array() == votes).all()
    assert pickle.loads(pickle.dumps(rule)).__doc__ == rule.__doc__


def test_a_column_that_is_not_there_is_named_unless_a_preprocessor_may_add_it(schema):
    with pytest.raises(DataError, match=r"no column 'txt'.*Did you mean 'text'"):
        lb.apply(spam(contains("a", column="txt") | contains("b")), FRAME, schema)

    def shout(x):
        x.loud = (x.text or "").upper()
        return x

    rule = search("r", contains("TEA", column="loud", ignore_case=False), label="spam", pre=[shout])
    assert lb.apply(rule, FRAME.head(2), schema).to_array()[:, 0].tolist() == [1, -1]


def test_a_search_says_the_column_of_conditions_that_name_none(schema):
    """What names a column keeps it; what is written down says which column is read."""
    either = contains("free") | matches("w[io]n") & ~among(["Won"]) | contains("x", column="text")
    rule = search("offer", either, label="spam", column="title")
    frame = pd.DataFrame(
        {
            "title": ["Free!", "we win", "won", "no", "no", None],
            "text": ["no", "no", "no", "free", "an x", "free"],
        }
    )

    assert rule.reads == ("title", "text")
    assert lb.apply(rule, frame, schema).to_array()[:, 0].tolist() == [1, 1, -1, -1, 1, -1]
    assert rule.__doc__ == (
        "Votes 'spam' where contains('free', column='title') | matches('w[io]n', column='title')"
        " & ~among(['Won'], column='title') | contains('x')."
    )
    assert search("as before", either, label="spam").reads == ("text",)
    assert repr(either) == (
        "contains('free') | matches('w[io]n') & ~among(['Won'], column='text') | contains('x')"
    )


def test_a_search_of_a_column_that_is_not_there_names_the_near_one(schema):
    rule = search("offer", contains("free"), label="spam", column="titel")
    with pytest.raises(lb.LabelingError, match=r"no column 'titel' .*Did you mean 'title'"):
        lb.apply(rule, pd.DataFrame({"title": ["free"]}), schema)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_search_of_a_column_is_the_same_in_other_processes(schema, workers):
    condition = where(lambda x: len(x.title) > 2) & contains("free")
    rule = search("offer", condition, label="spam", column="title")
    frame = pd.DataFrame({"title": ["free", "no"] * 3, "text": "x"})

    assert lb.apply(rule, frame, schema, workers=workers).to_array()[:2, 0].tolist() == [1, -1]
