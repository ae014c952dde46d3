"""Suggestions of rules: what they measure, in which order they come, what accepting does."""

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.functions import keywords, load_labeling_functions
from tests.benchmarks.quality.data import data_folder, read_set
from tests.benchmarks.suggestions import dev_set, draw_of, samples_of

SCHEMA = lb.LabelSchema(["ham", "spam"])
OPENINGS = ("well", "so", "today", "later", "again", "friend", "look", "hello")
HAM = ("nice song", "great voice", "lovely tune", "love it")
SPAM = ("win cash", "free prize", "click here", "buy followers")


def comments(n=400):
    """Texts whose middle says what they are, in words that do not differ from row to row."""
    texts, labels = [], []
    for row in range(n):
        label = row % 2
        said = (HAM, SPAM)[label]
        first, second = said[row // 2 % 4], said[row // 8 % 4]
        texts.append(f"{OPENINGS[row * 7 % 8]} {first} and {second} {OPENINGS[row * 5 % 8]}")
        labels.append(SCHEMA.labels[label])
    index = [f"c{row}" for row in range(n)]
    return pd.DataFrame({"text": texts}, index=index), np.array(labels)


def workbench(n_gold=80, order=None, **options):
    samples, labels = comments()
    gold = dict(zip(samples.index[:n_gold], labels[:n_gold], strict=True))
    samples = samples if order is None else samples.iloc[order]
    return lb.Workbench(samples, options.pop("schema", SCHEMA), gold or None, **options)


def test_numbers_are_those_of_the_functions_votes():
    made = workbench()
    _, labels = comments()
    frame = made.suggest().to_frame()
    assert list(frame.columns) == [
        "name",
        "label",
        "source",
        "n",
        "precision",
        "precision_low",
        "coverage",
        "new_coverage",
    ]
    for lf, row in zip(made.suggest().functions, frame.itertuples(), strict=True):
        votes = lb.apply(lf, made.samples, SCHEMA).to_array()[:, 0]
        on_dev = votes[:80] >= 0
        assert row.n == on_dev.sum()
        assert row.precision == pytest.approx((labels[:80][on_dev] == row.label).mean())
        assert row.coverage == row.new_coverage == pytest.approx((votes >= 0).mean())
        assert row.precision_low < 1


def test_every_label_is_among_them_and_no_rule_is_offered_twice():
    found = workbench().suggest(10)
    assert set(found.to_frame()["label"]) == {"ham", "spam"}
    identities = [(item.kind, item.words) for item in found.items]
    assert len(set(identities)) == len(identities)


def test_order_of_rows_and_labels_changes_nothing():
    straight = workbench().suggest().to_frame()
    order = np.random.default_rng(1).permutation(400)
    turned = workbench(order=order, schema=lb.LabelSchema(["spam", "ham"])).suggest().to_frame()
    pd.testing.assert_frame_equal(straight, turned, rtol=0, atol=1e-9)


def test_a_word_that_tells_nothing_is_not_offered():
    found = workbench().suggest(50, kinds=["ngram"])
    assert found.items
    assert not {"well", "so", "today", "and"} & {item.words for item in found.items}


def test_accepting_adds_to_the_workbench_and_writes_a_module_of_the_same_votes(tmp_path):
    made = workbench()
    found = made.suggest(8)
    path = tmp_path / "lfs" / "found.py"
    accepted = found.accept(1, found.items[1].name, path=path)
    more = found.accept(3, path=path)
    assert made.functions.names == tuple(lf.name for lf in (*accepted, *more))
    again = load_labeling_functions(path)
    ours = made.votes()
    theirs = lb.apply(again, made.samples, SCHEMA)
    assert theirs.voters == ours.voters
    assert (theirs.to_array() == ours.to_array()).all()


def test_a_name_that_the_module_has_is_refused_and_nothing_is_added(tmp_path):
    made = workbench()
    found = made.suggest(3)
    path = tmp_path / "found.py"
    path.write_text(f"{found.items[0].name} = None\n")
    with pytest.raises(lb.LabelingError, match="already"):
        found.accept(1, path=path)
    assert len(made.functions) == 0
    assert path.read_text() == f"{found.items[0].name} = None\n"


def test_the_rest_of_a_module_stays_as_it_is(tmp_path):
    path = tmp_path / "mine.py"
    mine = '"""Mine."""\n\nimport re\n\n# A comment.\nFOUND = re.compile("x")\n'
    path.write_text(mine)
    workbench().suggest(2, kinds=["ngram"]).accept(1, path=path)
    text = path.read_text()
    assert text.startswith('"""Mine."""\n\nimport re\nfrom labeling.functions import keywords\n')
    assert '\n# A comment.\nFOUND = re.compile("x")\n' in text


def test_what_was_rejected_is_offered_no_more_and_what_was_accepted_neither():
    made = workbench()
    found = made.suggest(5)
    found.reject(1)
    found.accept(2)
    later = {item.identity for item in made.suggest(50).items}
    assert found.items[0].identity not in later
    assert found.items[1].identity not in later


def test_an_unknown_number_or_name_is_an_error():
    found = workbench().suggest(3)
    for wrong in (0, 4, True, "spam_fre"):
        with pytest.raises(lb.LabelingError, match="numbers from 1 to 3"):
            found.accept(wrong)
    with pytest.raises(lb.LabelingError, match="Got 'none'"):
        found.accept()


def test_without_a_dev_set_the_label_model_judges_with_wider_bounds():
    functions = [
        keywords("one", ["win cash"], label="spam"),
        keywords("two", ["free prize"], label="spam"),
        keywords("three", ["nice song"], label="ham"),
        keywords("four", ["great voice"], label="ham"),
    ]
    blind = workbench(n_gold=0)
    for lf in functions:
        blind.add(lf)
    found = blind.suggest(6)
    assert found.items
    assert "no dev set" in found.judged_by
    frame = found.to_frame()
    assert (frame["n"] == 0).all()
    assert frame["precision"].isna().all()
    assert frame["precision_low"].max() <= 0.1 ** (1 / 25)
    assert (frame["new_coverage"] > 0).all()


def test_without_a_dev_set_and_without_functions_there_is_nothing_to_judge_by():
    with pytest.raises(lb.LabelingError, match="neither"):
        workbench(n_gold=0).suggest()


def test_a_dev_set_of_one_label_is_an_error():
    samples, _ = comments()
    made = lb.Workbench(samples, SCHEMA, {"c0": "ham", "c2": "ham"})
    with pytest.raises(lb.LabelingError, match="at least two labels"):
        made.suggest()


def test_kinds_and_numbers_that_are_not_there_are_errors():
    with pytest.raises(lb.LabelingError, match="Did you mean 'regex'"):
        workbench().suggest(kinds=["regexp"])
    with pytest.raises(lb.LabelingError, match="at least 1"):
        workbench().suggest(0)


def test_numbers_and_categories_without_any_text():
    rng = np.random.default_rng(3)
    amount = rng.normal(size=600)
    country = np.where(rng.random(600) < 0.4, "XX", np.where(amount > 0, "DE", "FR"))
    truth = np.where((amount > 0.8) | (country == "XX"), "spam", "ham")
    plan = rng.choice(["a", "b"], 600)
    samples = pd.DataFrame({"my amount": amount, "country": country, "plan": plan})
    samples.loc[5, "my amount"] = np.nan
    gold = {row: truth[row] for row in range(0, 600, 5)}
    made = lb.Workbench(samples, SCHEMA, gold)
    found = made.suggest(6)
    assert {"lookup", "stump"} <= {item.kind for item in found.items}
    for item in found.items:
        votes = made.vote(item.lf)
        assert not votes.faults
        assert (truth[votes.codes >= 0] == item.label).mean() > item.precision_low - 0.05
    assert {item.words for item in found.items} >= {"country is XX", "country is FR"}


def test_it_shows_itself_safely():
    samples, labels = comments()
    nasty = "<script>alert(1)</script> \u202e \U0001f600 \x00 win cash " + "x" * 10_000
    samples.loc["c1", "text"] = nasty
    gold = dict(zip(samples.index[:80], labels[:80], strict=True))
    found = lb.Workbench(samples, SCHEMA, gold).suggest()
    html = found._repr_html_()
    assert "<script" not in html
    assert len(html) < 100_000
    assert "suggestions" in repr(found)
    first = found.items[0]
    assert f"n = {first.n}" in html


@pytest.fixture
def real_texts():
    if not (data_folder() / "youtube" / "texts.jsonl.gz").exists():
        pytest.skip("LABELING_DATA names no folder with texts")


@pytest.mark.parametrize("name", ["youtube", "sms"])
def test_the_top_ten_are_precise_on_real_texts(name, real_texts):
    """Of 100 dev labels; all 20 draws are in tests/benchmarks/suggestions.py."""
    samples, truth, schema = samples_of(name)
    draws = [draw_of(samples, truth, schema, seed) for seed in range(100, 106)]
    assert np.mean([np.mean(draw.precisions) for draw in draws]) >= 0.95
    assert all(len(set(draw.labels)) == 2 for draw in draws)


@pytest.mark.parametrize("name", ["youtube", "sms", "topics_hausa"])
def test_from_an_empty_workbench_to_five_rules_in_fifteen_calls(name, real_texts):
    """They are more accurate, where they vote, than the majority of the set's own functions."""
    samples, truth, schema = samples_of(name)
    workbench, calls = lb.Workbench(samples, schema, dev_set(samples, truth, 7)), 1
    while len(workbench.functions) < 5:
        workbench.suggest(5).accept(1, 2)
        calls += 2
    accepted = workbench.votes()
    soft = workbench.soft_labels().to_array().argmax(axis=1)
    right = np.array(schema.labels, dtype=object)[soft] == truth
    assert calls <= 15
    assert len(set(accepted.to_array()[accepted.to_array() >= 0])) >= 2
    starter = read_set(data_folder(), name).votes.of_samples(samples.index)
    assert right[accepted.covered].mean() > majority_accuracy(starter, truth)
    most = max((truth[accepted.covered] == label).mean() for label in schema.labels)
    assert right[accepted.covered].mean() > most


def majority_accuracy(votes, truth):
    """Return the accuracy of majority vote on covered samples; a tie counts as its share."""
    array = votes.to_array()[votes.covered]
    times = np.stack([(array == code).sum(axis=1) for code in range(len(votes.schema))], axis=1)
    first = times == times.max(axis=1, keepdims=True)
    is_true = truth[votes.covered][:, None] == np.array(votes.schema.labels, dtype=object)
    return ((first * is_true).sum(axis=1) / first.sum(axis=1)).mean()


def test_a_column_that_gives_gold_away_is_not_used_and_named(schema):
    texts = [f"{'win cash' if n % 3 == 0 else 'nice song'} number {n}" for n in range(300)]
    labels = ["spam" if n % 3 == 0 else "ham" for n in range(300)]
    samples = pd.DataFrame({"text": texts, "verdict": labels, "length": range(300)})
    workbench = lb.Workbench(samples, schema, gold=dict(enumerate(labels[:100])))

    found = workbench.suggest()

    assert len(found)
    assert not any("verdict" in source for source in found.to_frame()["source"])
    assert "Column 'verdict' gives the label of each sample of the dev set away" in str(found)
