"""Each finding of `lint` on spans or several labels is made where it should be, and only there."""

import itertools
import re
import time

import pandas as pd
import pytest

import labeling as lb
from labeling.functions import keywords, span_keywords, span_regex
from tests.support.safe_html import TEXT

N = 120
SPANS = lb.LabelSchema(["PER", "ORG"], kind="spans")
SETS = lb.LabelSchema(["joy", "anger", "fear"], kind="several")
COUNTER = itertools.count()
SENTENCES = ("Ann Lee met Bob, at Acme Inc.", "No one came.", "Bob Diaz left Acme Inc today", "Hm")
POSTS = ("so happy", "angry and happy", "rain", "afraid")
FEELINGS = (["joy"], ["joy", "anger"], [], ["fear"])


def notes():
    texts = [f"{SENTENCES[k % 4]} {k}" for k in range(N)]
    return pd.DataFrame({"text": texts}, index=[f"n{k}" for k in range(N)])


def gold_spans(frame, pattern=r"Ann Lee|Bob Diaz|Bob|Acme Inc"):
    return {
        key: [
            (*match.span(), "ORG" if match[0].startswith("Acme") else "PER")
            for match in re.finditer(pattern, text)
        ]
        for key, text in frame["text"].items()
    }


def bench(*lfs, n_dev=80, frame=None, gold=None):
    frame = notes() if frame is None else frame
    gold = gold_spans(frame.iloc[:n_dev]) if gold is None else gold
    ws = lb.Workbench(frame, SPANS, gold, text="text")
    for lf in lfs:
        ws.add(lf)
    return ws


def set_bench(*lfs, n_dev=80, more=None):
    frame = pd.DataFrame({"text": [f"{POSTS[k % 4]} {k}" for k in range(N)]})
    for name, column in (more or {}).items():
        frame[name] = column
    gold = {k: FEELINGS[k % 4] for k in range(n_dev)}
    ws = lb.Workbench(frame, SETS, gold, text="text")
    for lf in lfs:
        ws.add(lf)
    return ws


def findings(ws):
    return {(one.kind, one.functions): one for one in ws.lint().findings}


def finding(ws, kind):
    (one,) = [each for each in ws.lint().findings if each.kind == kind]
    assert one.n > 0
    assert all(one.why and one.advice for one in ws.lint().findings)
    return one


def span_lf(name, function, label="PER", **options):
    return lb.span_labeling_function(name=name, label=label, **options)(function)


def set_lf(name, function, **options):
    return lb.labeling_function(name=name, **options)(function)


PEOPLE = span_regex("PER", r"Ann Lee|Bob Diaz|Bob", name="people")
FIRMS = span_regex("ORG", r"Acme Inc", name="firms")
HAPPY = keywords("happy", ["happy"], label="joy")
ANGRY = keywords("angry", ["angry"], label="anger")
AFRAID = keywords("afraid", ["afraid"], label="fear")


def test_good_functions_give_no_finding():
    for ws in (bench(PEOPLE, FIRMS), set_bench(HAPPY, ANGRY, AFRAID)):
        found = ws.lint()
        assert found.findings == ()
        assert f"0 findings in {len(ws.functions)} labeling functions on 120 samples" in repr(found)
        assert ws.looks_at_dev == 1


def test_functions_that_say_the_same_are_found():
    again = span_lf("again", lambda x: re.finditer("Acme Inc", x.text), "ORG")
    one = finding(bench(PEOPLE, FIRMS, again), "duplicates")
    assert (one.functions, one.what, one.n) == (("again", "firms"), "say the same of 60 spans", 60)

    yes = set_lf("yes", lambda x: "happy" in x.text, label="joy")
    no = set_lf("no", lambda x: {"joy": False} if "happy" in x.text else None)
    assert finding(set_bench(HAPPY, yes, no), "duplicates").functions == ("happy", "yes")


def test_nearly_the_same_and_subsets_are_found():
    nearly = span_lf("nearly", lambda x: re.finditer(r"Acme Inc(?! today 2$)", x.text), "ORG")
    one = finding(bench(PEOPLE, FIRMS, nearly), "near-duplicates")
    assert (one.functions, one.what) == (("firms", "nearly"), "say the same of 59 of 60 spans")

    part = span_lf("part", lambda x: re.finditer(r"Acme Inc(?= today)", x.text), "ORG")
    one = finding(bench(PEOPLE, FIRMS, part), "subset")
    assert one.functions == ("part", "firms")
    assert "30 spans" in one.what

    both = keywords("both", ["angry and happy"], label="joy")
    assert finding(set_bench(HAPPY, both, ANGRY, AFRAID), "subset").functions == ("both", "happy")


def test_silent_functions_are_found_and_failing_ones_are_said_to_fail():
    silent = span_keywords("PER", ["zz"], name="silent")
    failing = span_lf("failing", lambda x: 1 / 0)
    found = findings(bench(PEOPLE, FIRMS, silent, failing))
    assert found.keys() == {("never votes", ("silent",)), ("raises", ("failing",))}
    assert found["never votes", ("silent",)].what == "says nothing of 120 samples"
    assert ("never votes", ("z",)) in findings(set_bench(HAPPY, keywords("z", ["zz"], label="joy")))


def test_a_label_that_is_always_given_is_found_unless_the_dev_set_has_it_as_often():
    digits = span_lf("digits", lambda x: re.search(r"\d+$", x.text), "ORG")
    one = finding(bench(PEOPLE, FIRMS, digits), "always votes")
    assert one.what == (
        "gives 100.0% of 120 samples the label 'ORG'; of 80 of the dev set, 40 have it"
    )
    gold = gold_spans(notes(), r"\d+$")
    assert findings(bench(digits, gold={k: [(*v[0][:2], "ORG")] for k, v in gold.items()})) == {}
    assert findings(bench(digits, gold={})) == {}, "each text may have one"
    always = set_lf("always", lambda x: ["fear"])
    assert ("always votes", ("always",)) in findings(set_bench(always, n_dev=0))


def test_labels_that_the_dev_set_lacks_are_found():
    gold = gold_spans(notes(), r"Ann Lee|Bob Diaz|Bob")
    one = finding(bench(PEOPLE, FIRMS, gold=gold), "label without gold")
    assert (one.functions, one.n) == (("firms",), 60)
    assert "gives 'ORG', which none of 120 samples" in one.what


def test_worse_than_chance_is_found_for_labels_of_samples():
    wrong = keywords("wrong", ["rain", "afraid"], label="joy")
    one = finding(set_bench(HAPPY, ANGRY, AFRAID, wrong), "below chance")
    assert one.functions == ("wrong",)
    assert "by chance it would be 0.500" in one.what
    only_no = set_lf("no", lambda x: {"joy": False} if "happy" in x.text else None)
    assert not any(kind == "below chance" for kind, _ in findings(set_bench(HAPPY, only_no)))


def test_broad_functions_are_found():
    capital = span_regex("PER", r"\b[A-Z]\w+", name="capital")
    one = finding(bench(PEOPLE, FIRMS, capital), "broad")
    assert one.functions == ("capital",)
    assert "speaks of 100.0% of the samples" in one.what
    wide = set_lf("wide", lambda x: "fear" if "afraid" not in x.text else None)
    assert ("broad", ("wide",)) in findings(set_bench(HAPPY, ANGRY, AFRAID, wide))


def test_what_lowers_f1_is_found_and_its_removal_raises_it():
    ws = bench(PEOPLE, FIRMS, span_regex("ORG", r"\bcame|Hm|today\b", name="noise"))
    one = finding(ws, "lowers F1")
    with_noise, without = re.search(r"F1 is ([\d.]+), and without them ([\d.]+)", one.what).groups()
    assert one.functions == ("noise",)

    def f1(names):
        soft = ws.soft_labels(ws.functions.without(*names))
        return lb.analysis.span_scores(soft, ws.gold, SPANS).f1.value

    assert f1(()) == pytest.approx(float(with_noise), abs=5e-4)
    assert f1(("noise",)) == pytest.approx(float(without), abs=5e-4)
    assert float(without) > float(with_noise)


def test_wrong_edges_are_found_with_what_is_too_much():
    comma = span_lf("comma", lambda x: re.finditer(r"Bob,? at|Ann Lee", x.text))
    one = finding(bench(PEOPLE, FIRMS, comma), "wrong edges")
    assert one.functions == ("comma",)
    assert one.what.startswith("20 of its 20 wrong spans on the dev set overlap")
    assert "20 end too late (20 by ', at'); such as 'Bob, at' for 'Bob'" in one.what
    first = span_lf("first", lambda x: re.finditer(r"Ann(?= Lee)", x.text))
    assert "20 end too early (20 by 'Lee')" in finding(bench(PEOPLE, first), "wrong edges").what


def test_punctuation_at_edges_is_found_where_gold_has_none():
    comma = span_lf("comma", lambda x: re.finditer(r"Bob,", x.text))
    dot = span_lf("dot", lambda x: re.finditer(r"Inc\.", x.text), "ORG")
    for ws in (bench(PEOPLE, FIRMS, comma), bench(comma, n_dev=2)):
        assert finding(ws, "punctuation").functions == ("comma",)
    assert "such as 'Bob,'" in finding(bench(comma), "punctuation").what
    assert finding(bench(PEOPLE, FIRMS, dot), "punctuation").functions == ("dot",)
    few = findings(bench(dot, n_dev=2))
    assert not any(kind == "punctuation" for kind, _ in few), '"Inc." may be right'
    gold = gold_spans(notes(), r"Acme Inc\.?|Ann Lee")
    assert not any(kind == "punctuation" for kind, _ in findings(bench(PEOPLE, dot, gold=gold)))


def test_spans_within_words_are_found():
    part = span_lf("part", lambda x: re.finditer(r"cam|Le", x.text))
    one = finding(bench(PEOPLE, FIRMS, part), "within words")
    assert one.functions == ("part",)
    assert "60 of its 60 spans" in one.what
    assert re.search("'(cam' in 'came.'|Le' in 'Lee')", one.what)
    chinese = notes().assign(text="我在北京工作")
    city = span_keywords("ORG", ["北京"], name="city", whole_words=False)
    assert findings(bench(city, frame=chinese, gold={})) == {}, "words are written together"


def test_mostly_dropped_spans_are_found():
    twice = span_lf("twice", lambda x: [(0, 1), (0, 2), (1, 2)])
    one = finding(bench(PEOPLE, FIRMS, twice), "mostly dropped")
    assert one.functions == ("twice",)
    assert one.what.startswith("240 of the 360 spans that it returned")


def test_spans_in_longer_ones_of_others_are_found():
    first = span_lf("first", lambda x: re.finditer(r"Ann(?= Lee)|Bob(?= Diaz)", x.text))
    one = finding(bench(PEOPLE, FIRMS, first), "contradicted")
    assert (one.functions, one.n) == (("first",), 60)
    assert "over 60 of its 60 spans; of 40 such spans on the dev set 0 are right" in one.what


@pytest.mark.parametrize("make", [bench, set_bench])
def test_runs_are_checked_too(make):
    spans = make is bench
    value = (lambda x: [(0, next(COUNTER) % 7 + 1)]) if spans else (lambda x: next(COUNTER) % 7 < 3)
    decorate = span_lf if spans else set_lf
    label = {} if spans else {"label": "joy"}
    chance = decorate("chance", (lambda x: value(x) if spans else bool(value(x))), **label)
    found = findings(make(chance))
    assert ("not deterministic", ("chance",)) in found
    assert ("not cached", ("chance",)) in found

    def sleepy(x):
        time.sleep(0.006)

    assert ("slow", ("sleepy",)) in findings(make(decorate("sleepy", sleepy, **label)))


def test_columns_that_give_the_dev_set_away_are_found():
    frame = notes()
    gold = gold_spans(frame)
    frame["names"] = [
        ", ".join(text[start:end] for start, end, _ in gold[key])
        for key, text in frame["text"].items()
    ]
    frame["copy"] = frame["text"]
    reader = span_lf("reader", lambda x: (0, 3) if x.names else None)
    copier = span_lf("copier", lambda x: re.finditer("Ann Lee", x.copy))
    found = findings(bench(PEOPLE, FIRMS, reader, copier, frame=frame))
    assert [key for key in found if key[0] == "reads gold"] == [("reads gold", ("reader",))]
    assert "'names', which holds the gold spans" in found["reads gold", ("reader",)].what

    mood = set_lf("mood", lambda x: "joy" if x.mood == "m0" else None)
    found = findings(set_bench(mood, more={"mood": [f"m{k % 4}" for k in range(N)]}))
    assert "by which the labels in each sample" in found["reads gold", ("mood",)].what


@pytest.mark.parametrize("make", [bench, set_bench])
def test_nothing_to_check_is_no_error(make):
    assert make().lint().findings == ()
    assert "Without a dev set" in repr(make(n_dev=0).lint())


def test_findings_do_not_depend_on_the_order_of_rows():
    capital = span_regex("PER", r"\b[A-Z]\w+", name="capital")
    cut = span_lf("cut", lambda x: re.finditer(r"cam|Bob,|Le", x.text))

    def table(frame):
        return bench(PEOPLE, FIRMS, capital, cut, frame=frame, gold=gold_spans(notes())).lint()

    first, turned = table(notes()).to_frame(), table(notes()[::-1]).to_frame()
    assert len(first) > 3
    pd.testing.assert_frame_equal(first, turned)


def test_hostile_texts_are_shown_safely():
    frame = pd.DataFrame({"text": [TEXT] * 30}, dtype=object)
    cut = span_lf("<b>cut", lambda x: [(k, k + 1) for k in range(0, len(x.text), 2)])
    ws = lb.Workbench(frame, SPANS, {k: [(0, 5, "PER")] for k in range(25)}, text="text")
    ws.add(cut)
    found = ws.lint()
    assert found.findings
    assert "<script" not in found._repr_html_()
    assert "<b>cut" not in found._repr_html_()
