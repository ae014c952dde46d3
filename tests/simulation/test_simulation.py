"""A simulation replays recorded votes as a project would ask for them, and compares the results."""

import numpy as np
import pandas as pd
import pytest

from labeling.adjudication import ReviewPolicy
from labeling.errors import DataError, LabelingError
from labeling.simulation import Plan, simulate
from labeling.simulation.comparison import Comparison
from labeling.simulation.named_policies import named_policies
from labeling.simulation.recorded_votes import prepare
from tests.support.recorded_votes import PLAN, made


def test_each_strategy_policy_and_budget_has_a_row(simulation):
    table = simulation.to_frame()

    assert len(table) == 2 * 2 * 3
    assert table["budget"].tolist() == [0, 20, 40] * 4
    assert (table["votes"] <= table["budget"]).all()
    assert (table["seeds"] == 2).all()
    assert table["cost"].tolist() == table["votes"].tolist()


def test_every_number_has_its_interval_and_its_n(simulation):
    table = simulation.to_frame()
    spent = table[table["budget"] > 0]

    for measure in ("labels", "pool", "model"):
        assert (spent[f"{measure}_low"] <= spent[measure]).all()
        assert (spent[measure] <= spent[f"{measure}_high"]).all()
        assert (spent[f"{measure}_n"] > 0).all()
    assert (table["model_n"] == 2 * 48).all()
    assert (spent["labels_n"] == 2 * spent["asked"]).all()


def test_a_policy_spends_what_its_name_says(simulation):
    table = simulation.to_frame()
    flat = table[(table["policy"] == "flat-1") & (table["budget"] == 40)]
    third = table[(table["policy"] == "two-then-third") & (table["budget"] == 40)]

    assert (flat["asked"] == flat["votes"]).all()
    assert (third["votes"] / third["asked"]).between(2, 3).all()
    for key, (*_, last) in simulation.runs.items():  # or some third votes were not paid for
        assert key.policy == "flat-1" or last.settled == last.asked or last.votes == last.budget


def test_nobody_is_asked_about_samples_kept_aside():
    data, recorded, votes, gold = made()
    prepared = prepare(data, recorded, votes, gold, 3)
    for seed in range(3):
        split = prepared.split(seed, 60)

        assert not split.pool.index.intersection(split.aside.index).size
        assert len(split.pool) == 60
        assert len(split.aside) == 48


def test_the_same_seeds_give_the_same_result_whatever_the_order_of_rows(simulation):
    data, recorded, votes, gold = made()
    order = np.random.default_rng(1).permutation(len(data))
    shuffled = data.iloc[order]
    again = simulate(
        shuffled,
        recorded.sample(frac=1, random_state=2),
        votes.of_samples(shuffled.index),
        plan=PLAN,
        gold=gold.sample(frac=1, random_state=3),
    )

    pd.testing.assert_frame_equal(simulation.to_frame(), again.to_frame(), rtol=0, atol=1e-9)
    assert simulation.recommendation() == again.recommendation()


def test_finished_runs_are_kept_and_not_run_again(tmp_path, monkeypatch):
    data, recorded, votes, gold = made()
    plan = Plan(["random"], ["flat-1", "flat-2"], budgets=[20], seeds=2)
    finished = []

    def stop(count):
        finished.append(count)
        if len(finished) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate(data, recorded, votes, plan=plan, gold=gold, out=tmp_path, progress=stop)
    with (tmp_path / "runs.jsonl").open("a") as file:
        file.write('{"fingerprint": "killed while it wr')

    from labeling.simulation import replaying

    real, played = replaying.SimulatedRun.checkpoints, []

    def counted(self, budgets):
        played.append((self.seed, self.strategy))
        return real(self, budgets)

    monkeypatch.setattr(replaying.SimulatedRun, "checkpoints", counted)
    resumed = simulate(data, recorded, votes, plan=plan, gold=gold, out=tmp_path)
    assert len(played) == 1
    whole = simulate(data, recorded, votes, plan=plan, gold=gold)
    pd.testing.assert_frame_equal(resumed.to_frame(), whole.to_frame())
    assert len((tmp_path / "runs.jsonl").read_text().splitlines()) == 4


def test_runs_of_other_votes_or_policies_are_not_taken_for_these(tmp_path):
    data, recorded, votes, gold = made()
    plan = Plan(["random"], {"mine": ReviewPolicy(1, 1)}, budgets=[20], seeds=1, least_votes=3)
    first = simulate(data, recorded, votes, plan=plan, gold=gold, out=tmp_path)
    other = Plan(["random"], {"mine": ReviewPolicy(2, 2)}, budgets=[20], seeds=1, least_votes=3)
    second = simulate(data, recorded, votes, plan=other, gold=gold, out=tmp_path)
    flipped = recorded.assign(label=recorded["label"].map({"ham": "spam", "spam": "ham"}))
    third = simulate(data, flipped, votes, plan=plan, gold=gold, out=tmp_path)

    assert first.to_frame()["asked"].iloc[-1] == 20
    assert second.to_frame()["asked"].iloc[-1] == 10
    assert third.to_frame()["labels"].iloc[-1] < 0.5 < first.to_frame()["labels"].iloc[-1]


def test_the_truth_is_named_and_samples_left_out_are_counted():
    data, recorded, votes, gold = made()
    short = recorded.drop(recorded.index[recorded["sample"] == "c0"][2:])
    stray = pd.DataFrame({"sample": ["x"], "annotator": ["p0"], "label": ["ham"]})

    by_gold = prepare(data, pd.concat([short, stray]), votes, gold, 3)
    by_votes = prepare(data, short, votes, gold.iloc[:50], 3)
    assert by_gold.truth.sentence == "Truth: 159 given gold labels."
    assert "1 sample with votes that have fewer than 3 recorded votes" in by_gold.sentences[2]
    assert "are not among the project's samples" in by_gold.sentences[1]
    assert "It is no gold label" in by_votes.truth.sentence
    assert "49 gold labels, fewer than 100" in by_votes.truth.sentence


def test_samples_without_a_most_frequent_vote_have_no_truth():
    data, recorded, votes, _ = made(n_people=2)
    prepared = prepare(data, recorded, votes, None, 2)
    agreed = recorded.groupby("sample")["label"].nunique() == 1

    assert sorted(prepared.samples.index) == sorted(agreed.index[agreed])
    assert f"{(~agreed).sum()} samples" in prepared.sentences[-1]


def test_too_few_recorded_votes_are_an_error_that_says_what_to_do():
    data, recorded, votes, gold = made()

    with pytest.raises(DataError, match=r"Got 0: .* Lower `least_votes`"):
        simulate(data, recorded, votes, gold=gold, plan=Plan(policies=["flat-9"]))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"strategies": ["margim"]}, "Did you mean 'margin'"),
        ({"budgets": [50, 20]}, "ascending"),
        ({"budgets": []}, "ascending"),
        ({"seeds": 0}, "`seeds`"),
        ({"policies": []}, "a strategy and a policy"),
    ],
)
def test_a_plan_that_cannot_be_done_is_refused(wrong, words):
    with pytest.raises(LabelingError, match=words):
        Plan(**wrong)


def test_an_unknown_policy_names_the_near_one():
    with pytest.raises(LabelingError, match="Did you mean 'two-then-third'"):
        named_policies(["two-then-thrd"])
    with pytest.raises(LabelingError, match="'config'"):
        named_policies(["config"])


def test_names_of_posterior_policies_say_their_settings():
    policies = named_policies(["posterior", "posterior+model:1-5/1.5", "posterior:2-4@0.9"])
    plain, budgeted, sure = policies.values()

    assert (plain.min_votes, plain.max_votes, plain.model_voter) == (2, 3, False)
    assert (budgeted.min_votes, budgeted.max_votes, budgeted.budget) == (1, 5, 1.5)
    assert budgeted.model_voter
    assert (sure.max_votes, sure.accept) == (4, 0.9)
    assert plain.expert_quota == 0
    assert named_policies(["posterior"], has_reviewer=True)["posterior"].expert_quota is None


def test_with_the_model_as_a_voter_many_samples_need_one_vote():
    data, recorded, votes, gold = made(n=300)
    plan = Plan(["random"], ["posterior+model/1.5", "flat-3"], budgets=[90], seeds=2)
    table = simulate(data, recorded, votes, plan=plan, gold=gold).to_frame()
    last = table[table["budget"] == 90].set_index("policy")
    ours = last.loc["posterior+model/1.5"]

    assert ours["votes"] / ours["asked"] == pytest.approx(1.5, abs=0.15)
    assert ours["settled"] == ours["asked"]
    assert ours["asked"] > 1.8 * last.loc["flat-3", "asked"]


def test_a_reviewer_decides_and_is_paid_for():
    data, recorded, votes, gold = made(right=0.6)
    policy = ReviewPolicy(2, 2, escalate="any_conflict")
    plan = Plan(["random"], {"conflict": policy}, budgets=[40], seeds=1)
    alone = simulate(data, recorded, votes, plan=plan, gold=gold).to_frame().iloc[-1]
    with_reviewer = simulate(data, recorded, votes, plan=plan, gold=gold, reviewer=dict(gold))
    last = with_reviewer.to_frame().iloc[-1]

    assert alone["reviews"] == 0
    assert alone["settled"] < alone["asked"]
    assert last["reviews"] > 0
    assert last["cost"] == last["votes"] + 5 * last["reviews"]
    assert last["settled"] == last["asked"]
    assert last["labels"] > alone["labels"]


def test_votes_that_tie_share_the_point():
    data, recorded, votes, gold = made(right=0.5)
    policy = ReviewPolicy(2, 2, escalate="any_conflict")
    plan = Plan(["random"], {"pairs": policy}, budgets=[60], seeds=1, least_votes=2)
    simulated = simulate(data, recorded, votes, plan=plan, gold=gold)
    (checkpoints,) = simulated.runs.values()

    assert set(checkpoints[-1].labels) == {0.0, 0.5, 1.0}


def test_a_run_ends_where_nobody_is_left_to_ask():
    data, recorded, votes, gold = made(n=60)
    plan = Plan(["random"], ["flat-1"], budgets=[20, 40, 80, 160], seeds=1)
    table = simulate(data, recorded, votes, plan=plan, gold=gold).to_frame()

    assert table["asked"].max() == 42
    assert table["budget"].tolist() == [0, 20, 40, 80]


def test_f1_is_measured_where_a_label_is_rare():
    data, recorded, votes, gold = made(n=300)
    spam = gold.index[gold == "spam"][:30]
    kept = gold.index[gold == "ham"].union(spam)
    simulated = simulate(
        data.loc[kept],
        recorded[recorded["sample"].isin(kept)],
        votes.of_samples(kept),
        plan=Plan(["random"], ["flat-1"], budgets=[40], seeds=2),
        gold=gold.loc[kept],
    )
    last = simulated.to_frame().iloc[-1]
    seed = next(iter(simulated.runs))
    truth = simulated.truth_is_rare[0]
    rare = np.array(simulated.runs[seed][-1].rare)

    assert simulated.rare == "spam"
    assert last["f1_low"] <= last["f1"] <= last["f1_high"]
    by_hand = 2 * (rare * truth).sum() / (rare.sum() + truth.sum())
    alone = Comparison({seed: simulated.runs[seed]}, simulated.truth_is_rare)
    assert alone.curve("random", "flat-1", "f1").quality[-1] == pytest.approx(by_hand)


def test_no_f1_where_no_label_is_rare(simulation):
    assert simulation.rare is None
    assert "f1" not in simulation.to_frame()


def test_pictures_are_written_for_light_and_dark_pages(simulation, tmp_path):
    pytest.importorskip("matplotlib", reason="it draws the pictures")
    light, dark = simulation.plot(tmp_path / "model.png")

    assert light.read_bytes()[:4] == dark.read_bytes()[:4] == b"\x89PNG"
    assert dark.name == "model-dark.png"


def test_query_functions_of_modal_are_checked_before_a_simulation():
    assert Plan(["modal:margin_sampling"]).strategies == ["modal:margin_sampling"]
    for name in ("modal:margn_sampling", "margn"):
        with pytest.raises(LabelingError, match="margin"):
            Plan([name])


@pytest.mark.parametrize(
    "wrong",
    [{"budgets": 50}, {"budgets": [10.5]}, {"budgets": ["50"]}, {"least_votes": -3}],
)
def test_a_plan_of_other_types_is_refused(wrong):
    with pytest.raises(LabelingError, match=next(iter(wrong))):
        Plan(**wrong)


def test_own_policies_must_be_policies():
    with pytest.raises(LabelingError, match="Policy 'mine' must be of type ReviewPolicy"):
        named_policies({"mine": "flat-1"})
