"""A simulation replays recorded votes as a project would ask for them, and compares the results."""

import json
import math

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.adjudication import ReviewPolicy
from labeling.cli.simulating import numbers_in
from labeling.cli.simulation_table import simulation_sentences
from labeling.errors import DataError, LabelingError, UnknownLabelError
from labeling.simulation import Plan, Simulation, simulate, simulate_project
from labeling.simulation.comparison import Comparison, Curve
from labeling.simulation.named_policies import named_policies
from labeling.simulation.recorded_votes import prepare
from labeling.simulation.replaying import Checkpoint
from labeling.simulation.run_log import RunKey
from tests.support.in_process import run

SCHEMA = lb.LabelSchema(["ham", "spam"])
WORDS = (["hi", "thanks", "song", "nice"], ["free", "win", "cash", "offer"])


def made(n=160, n_people=5, right=0.85, seed=0):
    """Return samples, recorded votes, votes of labeling functions, and the truth."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 2, n)
    texts = [
        " ".join([*rng.choice(WORDS[code if rng.random() < 0.9 else 1 - code], 3), f"w{number}"])
        for number, code in enumerate(truth)
    ]
    data = pd.DataFrame({"text": texts}, index=[f"c{number}" for number in range(n)])
    rows = [
        (key, f"p{person}", SCHEMA.labels[code if rng.random() < right else 1 - code])
        for key, code in zip(data.index, truth, strict=True)
        for person in range(n_people)
    ]
    recorded = pd.DataFrame(rows, columns=["sample", "annotator", "label"])
    array = np.where(rng.random((n, 3)) < 0.75, truth[:, None], 1 - truth[:, None])
    array[rng.random((n, 3)) < 0.4] = -1
    votes = lb.Votes.from_array(array, schema=SCHEMA, sample_ids=data.index)
    return data, recorded, votes, pd.Series([SCHEMA.labels[code] for code in truth], data.index)


PLAN = Plan(["random", "margin"], ["flat-1", "two-then-third"], budgets=[20, 40], seeds=2)


@pytest.fixture(scope="module")
def simulation():
    data, recorded, votes, gold = made()
    return simulate(data, recorded, votes, plan=PLAN, gold=gold)


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

    from labeling.simulation import grid

    real, played = grid.SimulatedRun.checkpoints, []

    def counted(self, budgets):
        played.append((self.seed, self.strategy))
        return real(self, budgets)

    monkeypatch.setattr(grid.SimulatedRun, "checkpoints", counted)
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


def curve(*points):
    cost, quality = zip(*points, strict=True)
    return Curve(np.array(cost, dtype=float), np.array(quality, dtype=float))


def test_the_area_is_the_mean_height_of_the_curve():
    assert curve((0, 0.5), (100, 0.7)).area(100) == pytest.approx(0.6)
    assert curve((0, 0.5), (100, 0.7), (300, 0.7)).area(200) == pytest.approx(0.65)


def test_the_cost_of_a_quality_is_interpolated():
    line = curve((0, 0.5), (100, 0.7), (200, 0.6), (300, 0.8))

    assert line.cost_of(0.6) == pytest.approx(50)
    assert line.cost_of(0.5) == 0
    assert line.cost_of(0.75) == pytest.approx(250)
    assert math.isnan(line.cost_of(0.9))


def planted(costs, qualities, n=200, policy="flat-3", asked=None):
    """Return runs of three seeds whose scores are a share of ones."""
    checkpoints = [
        Checkpoint(int(cost), int(cost), 0, cost, asked or int(cost), int(cost), *([hits] * 3))
        for cost, quality in zip(costs, qualities, strict=True)
        for hits in [tuple(float(row < quality * n) for row in range(n))]
    ]
    return {RunKey(seed, "mixture", policy): checkpoints for seed in range(3)}


def of_runs(runs):
    return Simulation(runs, tuple(runs), (100, 200), (), None, {})


def test_votes_saved_at_equal_quality_are_those_planted():
    runs = planted([0, 100, 200], [0.5, 0.7, 0.8]) | planted(
        [0, 50, 100], [0.5, 0.7, 0.8], policy="half"
    )
    table = of_runs(runs).savings().set_index(["policy", "against"])

    assert table.loc[("half", "flat-3"), "saved"] == pytest.approx(0.5)
    assert table.loc[("half", "flat-3"), "quality"] == pytest.approx(0.8)
    assert table.loc[("half", "flat-3"), "saved_low"] > 0.4


def test_savings_of_labels_are_interpolated_between_settings_of_a_policy():
    """A flat three is right in 80 %; one vote in 70 %, two in 90 %: one and a half are enough."""
    runs = planted([0, 300], [0.5, 0.8], asked=100) | planted(
        [0, 100], [0.5, 0.7], policy="new/1", asked=100
    )
    runs |= planted([0, 200], [0.5, 0.9], policy="new/2", asked=100)
    (row,) = of_runs(runs).label_savings().to_dict("records")

    assert (row["family"], row["against"]) == ("new", "flat-3")
    assert row["saved"] == pytest.approx(0.5)
    assert row["saved_low"] < 0.5 < row["saved_high"]


def test_the_recommendation_is_the_largest_area_and_says_how_sure_it_is():
    better = planted([0, 100, 200], [0.5, 0.9, 0.9], policy="better")
    worse = planted([0, 100, 200], [0.5, 0.6, 0.6])
    sure = of_runs(better | worse).recommendation()
    same = of_runs(planted([0, 100, 200], [0.5, 0.6, 0.6], policy="same") | worse).recommendation()

    assert sure.startswith("Take strategy mixture with policy better")
    assert "22.5 points lower" in sure
    assert "no difference" not in sure
    assert "no difference is shown" in same


def test_seeds_that_are_not_finished_are_left_out():
    runs = planted([0, 100], [0.5, 0.7]) | planted([0, 100], [0.5, 0.8], policy="other")
    planned = tuple(runs)
    del runs[RunKey(2, "mixture", "other")]
    partial = Simulation(runs, planned, (100,), (), None, {})

    assert not partial.is_complete
    assert (partial.to_frame()["seeds"] == 2).all()
    with pytest.raises(LabelingError, match="Finished are 0 of 6 runs"):
        Simulation({}, planned, (100,), (), None, {}).to_frame()


def test_pictures_are_written_for_light_and_dark_pages(simulation, tmp_path):
    pytest.importorskip("matplotlib", reason="it draws the pictures")
    light, dark = simulation.plot(tmp_path / "model.png")

    assert light.read_bytes()[:4] == dark.read_bytes()[:4] == b"\x89PNG"
    assert dark.name == "model-dark.png"


CONFIG = """
data: {path: texts.csv, id: key, gold: gold.csv, locked: 0}
labels: [ham, spam]
labeling_functions: [rules.py]
replay: {votes: votes.csv}
"""
RULES = """
from labeling.functions import keywords

offers = keywords("offers", ["free", "win", "cash"], label="spam")
greets = keywords("greets", ["hi", "thanks", "song"], label="ham")
"""


@pytest.fixture
def folder(tmp_path):
    data, recorded, _, gold = made()
    data.rename_axis("key").to_csv(tmp_path / "texts.csv")
    recorded.to_csv(tmp_path / "votes.csv", index=False)
    gold.rename("label").rename_axis("key").to_csv(tmp_path / "gold.csv")
    (tmp_path / "rules.py").write_text(RULES, encoding="utf-8")
    (tmp_path / "project.yaml").write_text(CONFIG, encoding="utf-8")
    return tmp_path


OPTIONS = ("--strategies", "random", "--policies", "flat-1,config", "--budgets", "20", "--seeds")


def test_the_command_prints_the_table_and_the_recommendation(folder):
    done = run(folder, "-c", "project.yaml", "simulate", *OPTIONS, "1")

    assert done.returncode == 0, done.stderr
    assert "flat-1" in done.stdout
    assert "Truth: 160 given gold labels." in done.stdout
    assert "Take strategy random with policy" in done.stdout
    written = {path.name for path in (folder / "out" / "simulation").iterdir()}
    assert {"runs.jsonl", "simulation.csv", "model.png", "model-dark.png"} <= written


def test_the_command_prints_json(folder):
    done = run(folder, "-c", "project.yaml", "simulate", "votes.csv", *OPTIONS, "1", "--json")
    result = json.loads(done.stdout)

    assert done.returncode == 0
    assert len(result["table"]) == 4
    assert result["recommendation"].startswith("Take strategy random")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (["--goal", "money"], "--goal must be model or labels"),
        (["--budgets", "many"], "many"),
        (["--strategies", "margim"], "margin"),
    ],
)
def test_wrong_options_are_wrong_usage(folder, wrong, words):
    done = run(folder, "-c", "project.yaml", "simulate", *wrong)

    assert done.returncode == 2
    assert words in done.stderr


def test_the_votes_of_a_project_can_be_replayed_without_changing_it(folder):
    config = CONFIG.replace("replay: {votes: votes.csv}", "files: {annotators: [p0, p1]}")
    (folder / "project.yaml").write_text(config, encoding="utf-8")
    project = lb.Project(folder / "project.yaml")
    plan = Plan(["random"], ["flat-1"], budgets=[20], seeds=1)
    with pytest.raises(LabelingError, match="has no annotations yet"):
        simulate_project(project, plan=plan)
    by_file = simulate_project(project, folder / "votes.csv", plan=plan).to_frame()
    now = pd.Timestamp("2026-01-01", tz="UTC").to_pydatetime()
    votes = pd.read_csv(folder / "votes.csv").itertuples(index=False, name=None)
    project.add_annotations([lb.Annotation(*vote, now, now) for vote in votes])
    before = project.status().to_dict()

    pd.testing.assert_frame_equal(simulate_project(project, plan=plan).to_frame(), by_file)
    assert project.status().to_dict() == before


def test_votes_that_no_run_asks_for_are_checked_too():
    data, recorded, votes, gold = made()
    unknown, nobody = recorded.copy(), recorded.copy()
    unknown.loc[3, "label"] = "eggs"
    nobody.loc[3, "annotator"] = None
    with pytest.raises(UnknownLabelError, match="eggs"):
        simulate(data, unknown, votes, plan=PLAN, gold=gold)
    with pytest.raises(DataError, match="1 have none, the first on sample 'c0'"):
        simulate(data, nobody, votes, plan=PLAN, gold=gold)


def test_query_functions_of_modal_are_checked_before_a_simulation():
    assert Plan(["modal:margin_sampling"]).strategies == ["modal:margin_sampling"]
    for name in ("modal:margn_sampling", "margn"):
        with pytest.raises(LabelingError, match="margin"):
            Plan([name])


def test_budgets_must_be_whole_numbers():
    for wrong in ("x", "50,1e2", "2.5"):
        with pytest.raises(LabelingError, match="--budgets"):
            numbers_in(wrong)
    assert [50, 100] == numbers_in("50, 100")


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


@pytest.mark.parametrize("policy", ["two-then-third", "posterior+model"])
def test_no_run_spends_more_than_its_budget(policy):
    """People differ, so that reviews ask for third votes that cannot all be paid for."""
    data, recorded, votes, gold = made(n=60, right=0.55)
    plan = Plan(["random"], [policy], budgets=[7, 20, 5000], seeds=2, least_votes=5)
    simulated = simulate(data, recorded, votes, plan=plan, gold=gold)
    again = simulate(data, recorded.sample(frac=1, random_state=1), votes, plan=plan, gold=gold)

    for run_of_seed in simulated.runs.values():
        assert all(one.votes <= one.budget for one in run_of_seed)
        assert run_of_seed[2].votes >= 17
        assert run_of_seed[3].votes >= run_of_seed[3].asked == 42
    assert simulated.runs == again.runs


def test_votes_that_a_budget_did_not_pay_for_are_asked_for_with_the_next():
    """Two of three people agree: two thirds of the samples need a third vote."""
    data, recorded, votes, gold = made(n=40, n_people=3)
    recorded["label"] = ["ham", "spam", "ham"] * 40
    plan = Plan(["random"], ["two-then-third"], budgets=[50, 56, 200], seeds=4)
    runs = simulate(data, recorded, votes, plan=plan, gold=gold).runs.values()
    cut = [run_of_seed for run_of_seed in runs if run_of_seed[1].settled < run_of_seed[1].asked]

    assert cut
    assert all(one[1].settled < one[2].settled for one in cut)
    assert {28} == {one[3].settled for one in runs}


def test_a_budget_that_was_spent_before_does_not_end_a_run():
    data, recorded, votes, gold = made()
    plan = Plan(["random"], ["flat-3"], budgets=[18, 19, 60], seeds=1)
    table = simulate(data, recorded, votes, plan=plan, gold=gold).to_frame()

    assert [0, 18, 19, 60] == table["budget"].tolist()
    assert [0, 18, 18, 60] == table["votes"].tolist()


def test_budgets_that_no_run_reaches_are_named():
    data, recorded, votes, gold = made(n=60)
    plan = Plan(["random"], ["flat-1"], budgets=[20, 50, 5000], seeds=1)
    simulation = simulate(data, recorded, votes, plan=plan, gold=gold)

    assert [0, 20, 50] == simulation.to_frame()["budget"].tolist()
    shown = " ".join(simulation_sentences(simulation, "model"))
    assert "Not reached: 5,000 votes." in shown
    assert "nan" not in shown
