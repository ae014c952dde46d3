"""`Workbench.uncovered`: clusters of samples without a vote."""

import pandas as pd
import pytest

import labeling as lb
from labeling.errors import DataError
from labeling.functions import keywords
from tests.notebook.planted import SCHEMA, free, song, workbench

TOPICS = {
    "music": ["great guitar solo", "the guitar riff", "guitar and drums", "drums and bass solo"],
    "food": ["tasty pizza recipe", "pizza with cheese", "cheese recipe", "pizza oven recipe"],
    "covered": ["free cash", "free money", "free prize", "free gift"],
}


def frame():
    texts = [
        (f"{topic}{copy}{number}", f"{text} {copy}")
        for topic, made in TOPICS.items()
        for copy in "abcde"
        for number, text in enumerate(made)
    ]
    return pd.DataFrame({"text": [text for _, text in texts]}, index=[key for key, _ in texts])


def made(data):
    workbench = lb.Workbench(data, SCHEMA)
    workbench.add(keywords("free", ["free"], label="spam"))
    return workbench


def test_clusters_are_the_topics_with_their_words():
    uncovered = made(frame()).uncovered(2)
    assert [len(cluster) for cluster in uncovered.clusters] == [20, 20]
    table = uncovered.to_frame()
    topics = table.groupby("cluster")["text"].size()
    assert topics.tolist() == [20, 20]
    for cluster in uncovered.clusters:
        ids = {
            str(table.index[i])[:4]
            for i in range(len(table))
            if table["cluster"].iloc[i] == cluster.number
        }
        assert len(ids) == 1
        assert set(cluster.words) & (
            {"guitar", "drums"} if ids == {"musi"} else {"pizza", "recipe"}
        )
    assert not table.index.str.startswith("covered").any()


def test_clusters_do_not_depend_on_the_order_of_rows_and_come_twice_alike():
    first = made(frame()).uncovered(3).to_frame()
    assert first.equals(made(frame()).uncovered(3).to_frame())
    shuffled = frame().sample(frac=1, random_state=5)
    assert first.equals(made(shuffled).uncovered(3).to_frame())


def test_few_rows_no_words_and_no_rows():
    uncovered = workbench(free(), song()).uncovered()
    assert sorted(uncovered.to_frame().index) == ["c3", "c6", "c7"]
    signs = lb.Workbench(pd.DataFrame({"text": ["!!", "??", "", "!!"] * 5}), SCHEMA)
    assert len(signs.uncovered()) == 20
    same = lb.Workbench(pd.DataFrame({"text": ["one two three"] * 30}), SCHEMA)
    assert len(same.uncovered().clusters) == 1
    whole = workbench(keywords("all", ["e", "i", "o", "a"], label="ham", whole_words=False))
    assert len(whole.uncovered()) == 0
    assert whole.uncovered().to_frame().empty
    assert "0 samples of 8 without a vote" in repr(whole.uncovered())


def test_missing_texts_and_samples_without_texts():
    missing = lb.Workbench(pd.DataFrame({"text": ["a b", None, float("nan")]}), SCHEMA, text="text")
    assert len(missing.uncovered(2)) == 3
    numbers = lb.Workbench(pd.DataFrame({"price": [1, 2]}), SCHEMA)
    assert "There is no column of texts" in repr(numbers.uncovered())
    assert numbers.uncovered().to_frame()["text"].tolist()[0].startswith("price = ")


@pytest.mark.parametrize("n_clusters", [0, -1, 2.5, "3", True])
def test_the_number_of_clusters_is_checked(n_clusters):
    with pytest.raises(DataError, match="whole number from 1"):
        workbench(free()).uncovered(n_clusters)


def test_texts_are_safe_to_show():
    hostile = pd.DataFrame({"text": ["<script>alert(1)</script>", "\x00 \u202e x" * 2_000] * 15})
    html = lb.Workbench(hostile, SCHEMA).uncovered()._repr_html_()
    assert "<script" not in html
    assert "\x00" not in html
    assert len(html) < 20_000
