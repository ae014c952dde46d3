"""Each finding of `Workbench.lint` is made where it should be, and nowhere else."""

import itertools
import time

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.functions import keywords
from labeling.notebook import Workbench

N = 400
COUNTER = itertools.count()


def samples(n=N):
    words = ["free cash", "nice song", "see you", "free love"]
    texts = [f"{words[number % 4]} {number}" for number in range(n)]
    frame = pd.DataFrame({"text": texts}, index=[f"c{number}" for number in range(n)])
    frame["label"] = np.where(frame["text"].str.contains("free"), "spam", "ham")
    frame["shop"] = [f"s{number % 3}" for number in range(n)]
    return frame


def bench(*lfs, n_dev=100, schema=("ham", "spam")):
    frame = samples()
    gold = frame["label"].iloc[:n_dev] if n_dev else None
    made = Workbench(frame, lb.LabelSchema(list(schema)), gold=gold, text="text")
    for lf in lfs:
        made.add(lf)
    return made


def kinds(workbench):
    return {(one.kind, one.functions) for one in workbench.lint().findings}


def lf(name, function, label="spam", **options):
    return lb.labeling_function(name=name, label=label, **options)(function)


FREE = keywords("free", ["free"], label="spam")
SONG = keywords("song", ["song"], label="ham")


def test_good_functions_give_no_finding():
    found = bench(FREE, SONG).lint()

    assert () == found.findings
    assert "0 findings in 2 labeling functions" in repr(found)
    assert list(found.to_frame().columns) == ["kind", "functions", "what", "n", "why", "advice"]


def test_same_votes_are_found():
    again = lf("again", lambda x: "free" in x.text)

    assert {("duplicates", ("again", "free"))} == kinds(bench(FREE, SONG, again))


def test_nearly_the_same_votes_are_found():
    nearly = lf("nearly", lambda x: "free" in x.text and not x.text.endswith("00"))

    assert ("near-duplicates", ("free", "nearly")) in kinds(bench(FREE, SONG, nearly))


def test_a_function_whose_votes_another_casts_too_is_found():
    cash = keywords("cash", ["cash"], label="spam")
    found = kinds(bench(cash, FREE, SONG))

    assert {("subset", ("cash", "free"))} == found


def test_a_function_that_never_votes_is_found():
    assert {("never votes", ("z",))} == kinds(bench(FREE, SONG, keywords("z", ["zz"], label="ham")))


def test_a_function_that_always_votes_is_found():
    always = lf("always", lambda x: True)

    assert ("always votes", ("always",)) in kinds(bench(always, FREE, SONG))
    assert not any(kind == "subset" for kind, _ in kinds(bench(always, FREE, SONG)))


def test_a_function_of_several_labels_may_always_vote():
    both = lf("both", lambda x: "spam" if "free" in x.text else "ham", label=None)

    assert not any(kind == "always votes" for kind, _ in kinds(bench(both)))


def test_a_function_that_takes_long_is_found():
    def wait(x):
        time.sleep(0.002)
        return "free" in x.text

    found = {one.kind: one for one in bench(lf("wait", wait), SONG).lint().findings}

    assert ("wait",) == found["slow"].functions
    assert found["slow"].n == N


def test_a_quick_function_is_not_slow():
    assert "slow" not in {kind for kind, _ in kinds(bench(FREE, SONG))}


def test_a_function_that_votes_differently_each_time_is_found():
    def every_third(x):
        return next(COUNTER) % 3 == 0

    found = kinds(bench(lf("third", every_third), FREE, SONG))

    assert ("not deterministic", ("third",)) in found
    assert ("not cached", ("third",)) in found


def test_a_function_that_raises_is_found_with_the_first_sample():
    def divide(x):
        return 1 / (len(x.text) % 3) > 0.3

    workbench = bench(lf("divide", divide), FREE, SONG)
    (found,) = [one for one in workbench.lint().findings if one.kind == "raises"]

    assert found.n == len(workbench.functions["divide"].faults)
    assert "ZeroDivisionError" in found.what


def test_a_function_that_reads_the_labels_is_found():
    leak = lf("leak", lambda x: x.label == "spam")

    found = [one for one in bench(leak, SONG).lint().findings if one.kind == "reads gold"]
    assert [("leak",)] == [one.functions for one in found]
    assert "'label'" in found[0].what
    assert found[0].n == 100


def test_a_column_that_does_not_tell_the_labels_may_be_read():
    shop = lf("shop", lambda x: x.shop == "s1")

    assert "reads gold" not in {kind for kind, _ in kinds(bench(shop, SONG))}


def test_a_vote_for_a_label_that_is_never_gold_is_found():
    news = keywords("news", ["love"], label="news")
    found = kinds(bench(FREE, SONG, news, schema=("ham", "spam", "news")))

    assert ("label without gold", ("news",)) in found


def test_a_function_below_chance_is_found_with_its_interval():
    wrong = lf("wrong", lambda x: "free" in x.text, label="ham")
    found = [one for one in bench(wrong, SONG).lint().findings if one.kind == "below chance"]

    assert [("wrong",)] == [one.functions for one in found]
    assert "n = 50" in found[0].what


def test_three_wrong_votes_are_not_below_chance():
    few = lf("few", lambda x: x.text in ("free cash 0", "free love 3", "free cash 4"), label="ham")

    assert "below chance" not in {kind for kind, _ in kinds(bench(few, FREE, SONG))}


def test_a_broad_function_less_precise_than_the_others_is_found():
    most = lf("most", lambda x: "nice" not in x.text)
    found = kinds(bench(most, FREE, SONG))

    assert ("broad", ("most",)) in found
    assert ("broad", ("free",)) not in found


def test_without_a_dev_set_the_result_says_so():
    wrong = lf("wrong", lambda x: "free" in x.text, label="ham")
    found = bench(wrong, n_dev=0).lint()

    assert () == found.findings
    assert "Without a dev set" in repr(found)


def test_a_version_makes_a_function_cached():
    def clock(x):
        return time.time() > 0 and "free" in x.text

    assert ("not cached", ("clock",)) in kinds(bench(lf("clock", clock), SONG))
    assert set() == kinds(bench(lf("clock", clock, version=1), SONG))


def test_the_order_of_rows_and_functions_does_not_count():
    first = bench(lf("again", lambda x: "free" in x.text), FREE, SONG)
    backward = Workbench(
        samples()[::-1], first.schema, gold=samples()["label"].iloc[:100], text="text"
    )
    for one in (SONG, FREE, first.functions["again"].lf):
        backward.add(one)

    pd.testing.assert_frame_equal(first.lint().to_frame(), backward.lint().to_frame())


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "\u202eevil", "a" * 5_000])
def test_any_name_is_shown_safely(name):
    found = bench(keywords(name, ["zz"], label="ham")).lint()

    assert "<script>" not in found._repr_html_()
    assert found._repr_html_().startswith("<div")
    assert repr(found)
