"""The label model of sets of labels: probabilities, decisions, constraints, files."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import labeling as lb
from labeling.errors import GoldError, ModelFileError, NotFittedError, UnknownLabelError, VotesError
from labeling.records import Answers
from tests.support.planted_sets import planted_sets

SCHEMA = lb.LabelSchema(["oak", "tree", "cat"], kind="several")


def votes_of(rows, schema=SCHEMA, ids=None):
    frame = pd.DataFrame(rows, columns=["sample", "voter", "label", "says"])
    return lb.SetVotes.from_frame(frame, schema=schema, sample_ids=ids)


def f1(chosen, truth):
    return 2 * (chosen & truth).sum() / max(chosen.sum() + truth.sum(), 1)


def truth_of(gold, soft):
    return np.array([[label in labels for label in soft.schema] for labels in gold])


def test_a_yes_counts_as_right_with_a_probability_of_six_tenths():
    rows = [("a", "x", "oak", True), ("a", "y", "oak", True), ("b", "x", "cat", True)]
    soft = lb.SetModel().fit(votes_of(rows)).predict(votes_of(rows))
    assert soft.array[0, 0] == pytest.approx(1 - 0.4**2)
    assert soft.array[1, 2] == pytest.approx(0.6)
    assert soft.covered.tolist() == [[True, False, False], [False, False, True]]
    assert soft.to_labels().tolist() == [{"oak"}, {"cat"}]


def test_what_nobody_speaks_of_has_a_share_and_is_not_chosen():
    rows = [("a", "x", "oak", True)]
    votes = votes_of(rows, ids=["a", "b", "c", "d"])
    soft = lb.SetModel().fit(votes).predict(votes)
    assert soft.array[1:, 0] == pytest.approx(0.6 / 3)  # as many as the votes find
    assert soft.to_labels().tolist() == [{"oak"}, None, None, None]
    gold = {"b": [], "c": ["oak", "tree"]}
    soft = lb.SetModel().fit(votes, gold=gold).predict(votes)
    assert soft.array[3, 0] == pytest.approx((1 + 5 * 0.2) / 7)


def test_precisions_are_learned_from_gold():
    rows = [(n, "x", "oak", True) for n in range(40)]
    votes = votes_of(rows)
    gold = {n: ["oak"] if n < 5 else [] for n in range(20)}
    model = lb.SetModel().fit(votes, gold=gold)
    assert model.precision_[0, model.labels_.index("oak")] == pytest.approx((5 + 3) / 25)
    assert model.predict(votes).chosen[:, 0].all()  # 5 gold samples with it are too few to overrule


def test_much_gold_learns_of_votes_for_other_labels():
    rows = [(n, "leaf", "oak", True) for n in range(200)]
    rows += [(n, "paw", "cat", True) for n in range(200, 400)]
    votes = votes_of(rows)
    gold = {n: ["oak", "tree"] if n < 200 else ["cat"] for n in range(400)}
    soft = lb.SetModel().fit(votes, gold=gold).predict(votes)
    assert soft.chosen[:, 1].tolist() == [True] * 200 + [False] * 200  # nobody said "tree"
    assert soft.covered[0, 1]
    assert not soft.covered[300, 1]


def test_much_gold_takes_the_decision_from_a_bad_voter():
    rows = [(n, "good", "oak", True) for n in range(100)]
    rows += [(n, "bad", "oak", True) for n in range(100, 400)]
    votes = votes_of(rows)
    gold = {n: ["oak"] if n < 100 or n % 30 == 0 else [] for n in range(400)}
    model = lb.SetModel().fit(votes, gold=gold)
    chosen = model.predict(votes).chosen[:, 0]
    assert chosen[:100].all()
    assert not chosen[100:].any()
    assert any("They overrule 300 yes and add 0 labels" in text for text in model.report_)


def test_noes_can_outvote_a_yes_and_a_tie_leaves_it():
    rows = [("a", "x", "oak", True), ("a", "y", "oak", False)]
    rows += [("b", "x", "oak", True), ("b", "y", "oak", False), ("b", "z", "oak", False)]
    rows += [("c", "y", "oak", False)]
    model = lb.SetModel().fit(votes_of(rows))
    soft = model.predict(votes_of(rows))
    assert soft.chosen[:, 0].tolist() == [True, False, False]
    assert soft.array[0, 0] == pytest.approx(0.5)
    assert soft.covered[:, 0].all()
    assert any("In 1 case noes outvote the yes" in text for text in model.report_)


def conflicting_votes(n=300, seed=0):
    rng = np.random.default_rng(seed)
    truth = rng.random(n) < 0.4
    rows = []
    for voter, accuracy in enumerate([0.95, 0.9, 0.6, 0.6, 0.6]):
        says = np.where(rng.random(n) < accuracy, truth, ~truth)
        rows += [(row, f"v{voter}", "cat", bool(says[row])) for row in range(n)]
    rows += [(row, "v0", "oak", True) for row in range(0, n, 7)]
    return votes_of(rows), truth


def test_a_label_with_conflicting_voters_has_a_label_model():
    votes, truth = conflicting_votes()
    model = lb.SetModel().fit(votes)
    assert dict(zip(model.labels_, model.method_, strict=True)) == {
        "cat": "label model",
        "oak": "noisy-or",
        "tree": "noisy-or",
    }
    soft = model.predict(votes)
    by_hand = lb.LabelModel().fit(votes.of_label("cat")).predict_proba(votes.of_label("cat"))
    np.testing.assert_allclose(soft.array[:, 2], by_hand.array[:, 1])
    assert (soft.chosen[:, 2] == truth).mean() > 0.9
    assert any("a label model for it learns from their conflicts" in text for text in model.report_)


def test_a_yes_is_a_yes_to_what_follows():
    votes = votes_of([("a", "x", "oak", True), ("b", "x", "tree", True), ("c", "x", "cat", True)])
    soft = lb.SetModel(implies={"oak": "tree"}).fit(votes).predict(votes)
    assert soft.to_labels().tolist() == [{"oak", "tree"}, {"tree"}, {"cat"}]
    assert soft.array[0, 0] <= soft.array[0, 1]


def test_who_denies_what_follows_is_heard():
    votes = votes_of(
        [("a", "x", "oak", True), *(("a", f"no {n}", "tree", False) for n in range(4))]
    )
    soft = lb.SetModel(implies={"oak": "tree"}).fit(votes).predict(votes)
    assert soft.to_labels().tolist() == [frozenset()]  # 0.6 for oak, 0.23 for tree


def test_the_least_probable_of_exclusive_labels_goes():
    rows = [("a", "x", "oak", True), ("a", "y", "oak", True), ("a", "x", "cat", True)]
    rows += [("b", "x", "oak", True), ("b", "y", "cat", True), ("b", "x", "tree", True)]
    model = lb.SetModel(exclusive=[{"oak", "cat"}]).fit(votes_of(rows))
    assert model.predict(votes_of(rows)).to_labels().tolist() == [{"oak"}, {"tree"}]
    (sentence,) = (text for text in model.report_ if "constraint" in text)
    assert "decisions on 2 samples of 2 broke it" in sentence
    assert "For 1 several ways cost the same" in sentence


@pytest.mark.parametrize(
    ("exclusive", "implies", "words"),
    [
        ((), {"a": "b", "b": ["c"], "c": "a"}, "in a circle. Got 'a' -> 'b' -> 'c' -> 'a'"),
        ((), {"a": "a"}, "in a circle. Got 'a' -> 'a'"),
        ([{"b", "c"}], {"a": ["b", "c"]}, "No sample could have the label 'a'"),
        ([{"a", "b"}], {"a": "b"}, "No sample could have the label 'a'"),
        ([{"a", "c"}], {"a": "b", "b": "c"}, "declared to exclude each other"),
        ([{"a"}], None, "two labels or more"),
        (["ab"], None, "two labels or more"),
        ("ab", None, "must be groups of labels"),
        ((), ["a"], "must be a mapping"),
        ((), {"a": 3}, "a label or several for each label"),
    ],
)
def test_constraints_that_cannot_hold_are_refused(exclusive, implies, words):
    with pytest.raises(lb.LabelingError, match=words):
        lb.SetModel(exclusive=exclusive, implies=implies)


def test_constraints_of_unknown_labels_are_refused():
    votes = votes_of([("a", "x", "oak", True)])
    with pytest.raises(UnknownLabelError, match=r"'aok'.*Did you mean 'oak'"):
        lb.SetModel(implies={"aok": "tree"}).fit(votes)


def test_unusable_input_is_refused():
    votes = votes_of([("a", "x", "oak", True)])
    with pytest.raises(NotFittedError):
        lb.SetModel().predict(votes)
    with pytest.raises(GoldError, match="Gold of sample 'a' must be a set of labels"):
        lb.SetModel().fit(votes, gold={"a": "oak"})
    with pytest.raises(UnknownLabelError, match="In the gold of sample 'a'"):
        lb.SetModel().fit(votes, gold={"a": ["fir"]})
    model = lb.SetModel().fit(votes)
    with pytest.raises(VotesError, match="does not know 'y'"):
        model.predict(votes_of([("a", "y", "oak", True)]))
    with pytest.raises(lb.LabelingError, match="labels that the model was fitted on"):
        model.predict(votes_of([("a", "x", "oak", True)], lb.LabelSchema(["oak"], kind="several")))


@pytest.mark.parametrize("make", [planted_sets, lambda: (conflicting_votes()[0], None)])
def test_the_order_of_samples_voters_and_labels_changes_nothing(make):
    votes, gold = make()
    rng = np.random.default_rng(1)
    model = lb.SetModel(exclusive=[votes.schema.labels[:2]])
    soft = model.fit(votes, gold=None if gold is None else gold[:400]).predict(votes)
    sample_order = rng.permutation(len(votes))
    labels = [votes.schema.labels[code] for code in rng.permutation(len(votes.schema))]
    shuffled = lb.SetVotes.from_frame(
        votes.to_frame().sample(frac=1, random_state=1),
        schema=lb.LabelSchema(labels, kind="several"),
        sample_ids=votes.sample_ids[sample_order],
        voters=votes.voters[::-1],
    )
    other = lb.SetModel(exclusive=[votes.schema.labels[:2]])
    other.fit(shuffled, gold=None if gold is None else gold[:400].iloc[::-1])
    again = other.predict(shuffled).of_samples(votes.sample_ids)
    columns = [labels.index(label) for label in votes.schema]
    np.testing.assert_array_equal(again.array[:, columns], soft.array)
    np.testing.assert_array_equal(again.chosen[:, columns], soft.chosen)
    assert model.report_ == other.report_


def test_gold_does_not_make_it_worse_than_any_yes():
    gains = []
    for seed in range(5):
        votes, gold = planted_sets(
            2000, n_labels=6, per_label=3, precision=0.5, spread=0.35, seed=seed
        )
        any_yes = lb.SetModel().fit(votes).predict(votes)
        truth = truth_of(gold, any_yes)
        for n in (30, 100, 300, 1000):
            drawn = gold.sample(n, random_state=seed)
            soft = lb.SetModel().fit(votes, gold=drawn).predict(votes)
            rest = ~votes.sample_ids.isin(drawn.index)
            gain = f1(soft.chosen[rest], truth[rest]) - f1(any_yes.chosen[rest], truth[rest])
            assert gain >= -0.002
            gains.append(gain)
    assert max(gains) > 0.01


def test_a_model_comes_back_from_its_file(tmp_path):
    votes, _ = conflicting_votes()
    constraints = {"exclusive": [{"cat", "tree"}], "implies": {"oak": "tree"}}
    model = lb.SetModel(**constraints).fit(votes, gold={0: ["cat"], 1: []})
    model.save(tmp_path / "model.npz")
    loaded = lb.SetModel.load(tmp_path / "model.npz")
    assert repr(loaded) == repr(model)
    assert loaded.report_ == model.report_
    soft, again = model.predict(votes), loaded.predict(votes)
    np.testing.assert_array_equal(again.array, soft.array)
    np.testing.assert_array_equal(again.chosen, soft.chosen)
    assert again.constraints == soft.constraints
    with pytest.raises(ModelFileError, match="must hold a LabelModel"):
        lb.LabelModel.load(tmp_path / "model.npz")
    (tmp_path / "text").write_text("no model")
    with pytest.raises(ModelFileError):
        lb.SetModel.load(tmp_path / "text")


def test_a_fit_that_fails_leaves_the_model_as_it_was():
    votes = votes_of([("a", "x", "oak", True)])
    model = lb.SetModel().fit(votes)
    before = dict(vars(model))
    with pytest.raises(GoldError):
        model.fit(votes, gold={"a": "oak"})
    assert vars(model) == before


def test_views_show_labels_and_reasons():
    votes = votes_of([("a", "<b>", "oak", True)])
    assert "not fitted yet" in repr(lb.SetModel())
    page = lb.SetModel().fit(votes)._repr_html_()
    assert "noisy-or" in page
    assert "any yes decides" in page


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.integers(0, 3), st.integers(0, 2), st.booleans()),
        max_size=30,
        unique_by=lambda row: row[:3],
    ),
    st.sampled_from([((), None), ([{"oak", "cat"}], {"oak": "tree"}), ([SCHEMA.labels], None)]),
)
def test_constraints_hold_for_any_votes(rows, constraints):
    columns = [np.array(column, dtype=np.int64) for column in zip(*rows, strict=True)] or [[]] * 4
    answers = Answers(*columns[:3], says=np.array(columns[3], dtype=bool))
    votes = lb.SetVotes(answers, pd.RangeIndex(6), list("wxyz"), SCHEMA)
    soft = lb.SetModel(*constraints).fit(votes, gold={0: ["cat"], 3: []}).predict(votes)
    for optimize in ("accuracy", "f1", {"cat": 0.5}):
        chosen = soft.decisions(optimize)
        assert (soft.constraints.repaired(chosen, soft.array, SCHEMA)[0] == chosen).all()
    assert ((soft.array >= 0) & (soft.array <= 1)).all()


def test_the_report_quotes_labels_once():
    table = pd.DataFrame([("a", "v", "x", True)], columns=["sample", "voter", "label", "says"])
    schema = lb.LabelSchema(["x", "y"], kind="several")
    votes = lb.SetVotes.from_frame(table, schema=schema)
    report = " ".join(lb.SetModel().fit(votes, gold={"a": ["x"]}).report_)
    assert "Nobody says anything of 'y': it is never chosen." in report
    assert "No gold sample has 'y': there any yes decides." in report
