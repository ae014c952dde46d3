"""Voters that depend on each other are found, and independent ones are left alone."""

import re

import numpy as np
import pytest
from matplotlib.image import imread

import labeling as lb
from labeling.analysis import dependencies, dependency_picture
from labeling.report import write_report
from tests.support.synthetic_votes import schema_of, voters

METHODS = ("robust PCA", "structure learning")
SETTINGS = {
    "two labels": {"accuracies": np.linspace(0.55, 0.9, 10), "n": 4000},
    "one label each": {"accuracies": [0.8] * 12, "n": 4000, "one_label": True},
    "three labels": {
        "accuracies": np.linspace(0.5, 0.85, 10),
        "n": 4000,
        "shares": (0.4, 0.3, 0.3),
    },
    "rare label": {"accuracies": np.linspace(0.6, 0.9, 10), "n": 4000, "shares": (0.85, 0.15)},
}


def named(array, n_labels):
    names = [f"v{column:02d}" for column in range(array.shape[1])]
    return lb.Votes.from_array(array, schema=schema_of(n_labels), voters=names)


def made(setting, seed, plant=None):
    """Votes, and which pairs of columns were made to depend on each other."""
    drawn = {"shares": (0.5, 0.5), **SETTINGS[setting]}
    truth, votes, _ = voters(**drawn, seed=seed)
    array, k = votes.to_array().copy(), len(drawn["shares"])
    pairs = plant(array, truth, k, np.random.default_rng(seed)) if plant else set()
    return named(array, k), pairs


def copied(array, truth, k, rng):
    """Column 4 says what column 0 says, 98 % alike."""
    array[:, 4] = array[:, 0]
    flips = (array[:, 0] >= 0) & (rng.random(len(array)) < 0.02)
    array[flips, 4] = -1
    return {("v00", "v04")}


def copied_often(array, truth, k, rng):
    """Columns 4, 6 and 8 as well."""
    for column in (4, 6, 8):
        array[:, column] = array[:, 0]
        array[rng.random(len(array)) < 0.02, column] = -1
    names = ("v00", "v04", "v06", "v08")
    return {(a, b) for a in names for b in names if a < b}


def firing_together(array, truth, k, rng):
    """Columns 0 and 4, 2 and 6 speak on the same samples in 7 of 10 cases."""
    for first, second in ((0, 4), (2, 6)):
        fresh = array[rng.permutation(len(array)), second]  # keeps its rate; right by chance
        said = np.where(rng.random(len(array)) < 0.75, truth, (truth + 1) % k)
        only = np.unique(array[array[:, second] >= 0, second])
        said = np.full_like(said, only[0]) if len(only) == 1 else said
        same = rng.random(len(array)) < 0.7
        spoken = np.where(array[:, first] >= 0, said, -1)
        array[:, second] = np.where(same, spoken, fresh)
    return {("v00", "v04"), ("v02", "v06")}


def erring_together(array, truth, k, rng):
    """Columns 0 to 3 are right or wrong by one draw in 6 of 10 cases each, and always speak."""
    shared = rng.random(len(array))
    for column in range(4):
        own = np.where(rng.random(len(array)) < 0.6, shared, rng.random(len(array)))
        array[:, column] = np.where(own < 0.75, truth, (truth + 1) % k)
    return {(f"v0{a}", f"v0{b}") for a in range(4) for b in range(a + 1, 4)}


def pairs_of(table):
    return set(zip(table["first"], table["second"], strict=True))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("setting", SETTINGS)
def test_independent_voters_raise_no_alarm(setting, method):
    alarms = [len(dependencies(made(setting, seed)[0], method=method)) for seed in range(3)]

    assert sum(alarms) <= 1, alarms  # of 3 times 45 pairs or more


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("plant", [copied, copied_often, firing_together])
@pytest.mark.parametrize("setting", SETTINGS)
def test_planted_dependencies_are_found(setting, plant, method):
    votes, planted = made(setting, 7, plant)
    table = dependencies(votes, method=method)
    found = pairs_of(table)

    assert planted <= found
    assert len(found - planted) <= 1
    planted_rows = [pair in planted for pair in zip(table["first"], table["second"], strict=True)]
    kinds = set(table.loc[planted_rows, "kind"])
    assert kinds == ({"correlated"} if plant is firing_together else {"copy"})


def test_voters_who_err_together_are_found():
    """Even where they speak on all samples and the others on few: the label is no group's own."""
    found, planted, right = 0, 0, 0
    for seed in range(3):
        votes, pairs = made("two labels", seed, erring_together)
        got = pairs_of(dependencies(votes))
        found, planted, right = found + len(got), planted + len(pairs), right + len(got & pairs)

    assert right >= 0.9 * planted
    assert right >= 0.9 * found


def test_voters_who_speak_much_more_than_others_do_not_depend():
    _, votes, _ = voters([0.85] * 10, n=3000, coverage=1.0, seed=1)
    array = votes.to_array().copy()
    array[:, 4:][np.random.default_rng(0).random((3000, 6)) > 0.15] = -1

    assert dependencies(named(array, 2)).empty


@pytest.mark.parametrize("method", METHODS)
def test_no_order_matters(method):
    votes, _ = made("three labels", 3, copied_often)
    rng = np.random.default_rng(0)
    rows, columns, labels = (rng.permutation(size) for size in (*votes.to_array().shape, 3))
    names = votes.schema.labels
    moved = np.append(np.argsort(labels), -1)[votes.to_array()][np.ix_(rows, columns)]
    turned = lb.Votes.from_array(
        moved,
        schema=lb.LabelSchema([names[label] for label in labels]),
        sample_ids=votes.sample_ids[rows],
        voters=[votes.voters[column] for column in columns],
    )
    table, again = (dependencies(one, method=method) for one in (votes, turned))

    assert len(table) >= 6
    assert table.to_csv() == again.to_csv()


def test_what_is_listed_can_be_counted():
    votes, _ = made("two labels", 7, copied)
    row = dependencies(votes).iloc[0]
    first, second = (
        votes.to_array()[:, votes.voters.index(row[one])] for one in ("first", "second")
    )
    both = (first >= 0) & (second >= 0)

    assert row["both"] == both.sum()
    assert row["agreement"] == pytest.approx((first == second)[both].mean())
    assert 0.5 < row["expected_agreement"] < 0.9 < row["agreement"]
    assert row["expected_both"] < 0.7 * row["both"]


def test_good_voters_are_no_copies():
    """Voters who are all nearly always right agree nearly always, without any dependence."""
    _, votes, _ = voters([0.97] * 8, n=3000, coverage=1.0)

    assert dependencies(votes).empty


@pytest.mark.parametrize("method", METHODS)
def test_what_nothing_can_be_said_of_is_an_empty_table(method):
    votes, _ = made("two labels", 0, copied)
    few = votes.of_voters(["v00", "v04", "v01"])
    silent = lb.Votes.from_array(np.full((50, 6), -1), schema=schema_of(2))
    none = lb.Votes.from_array(np.empty((0, 6), int), schema=schema_of(2))
    full = dependencies(votes, method=method)

    for empty in (few, silent, none):
        table = dependencies(empty, method=method)
        assert table.empty
        assert table.dtypes.to_dict() == full.dtypes.to_dict()


@pytest.mark.parametrize("method", METHODS)
def test_voters_with_few_votes_or_one_value_are_no_trouble(method):
    votes, planted = made("two labels", 1, copied)
    array = votes.to_array().copy()
    array[:, 1] = -1
    array[:12, 1] = 0
    array[:, 2] = 1  # always the same
    array[:, 3] = -1
    table = dependencies(named(array, 2), method=method)

    assert planted <= pairs_of(table)
    assert np.isfinite(table[["strength", "expected_both", "expected_agreement"]]).all(axis=None)


def test_many_samples_are_drawn_by_id_for_structure_learning():
    _, votes, _ = voters([0.7] * 40, n=15_000, one_label=True, coverage=0.2)
    array = votes.to_array().copy()
    array[:, 4] = array[:, 0]
    array[:, 9] = -1
    array[:12, 9] = 0  # so rare that a draw may leave it out
    table = dependencies(named(array, 2), method="structure learning")

    assert {("v00", "v04")} == pairs_of(table)


def test_an_unknown_method_is_told_the_known_ones():
    votes, _ = made("two labels", 0)

    with pytest.raises(lb.LabelingError, match="Did you mean 'robust PCA'"):
        dependencies(votes, method="robust pca ")


def test_a_computation_that_did_not_converge_warns(monkeypatch):
    monkeypatch.setattr("labeling.analysis.dependency.low_rank.MOST_STEPS", 2)
    votes, _ = made("two labels", 0, copied)

    with pytest.warns(UserWarning, match="did not converge in 2 steps"):
        table = dependencies(votes)

    assert {"method": "robust PCA", "steps": 2, "converged": False} == table.attrs


def drawn(table, names, path):
    return [one.read_bytes() for one in dependency_picture(table, names, path)]


@pytest.mark.filterwarnings("ignore:Glyph .* missing from font:UserWarning")
def test_the_picture_is_light_and_dark_and_the_same_each_time(tmp_path):
    votes, _ = made("two labels", 7, copied_often)
    hostile = dict(zip(["v00", "v04"], ["costs $5 and $6", "_<b>&amp;\U0001f600" * 9], strict=True))
    table = dependencies(votes).replace(hostile)
    names = [hostile.get(name, name) for name in votes.voters]
    first = drawn(table, names, tmp_path / "a.png")

    assert first == drawn(table.iloc[::-1], names[::-1], tmp_path / "b.png")
    assert imread(tmp_path / "a.png")[:, :, :3].mean() > 0.6
    assert imread(tmp_path / "a-dark.png")[:, :, :3].mean() < 0.4


def test_many_voters_are_drawn_in_part(tmp_path):
    names = [f"voter {number:03d}" for number in range(150)]
    pairs = list(zip(names[:-10:2], names[1:-10:2], strict=True))
    table = dependencies(made("two labels", 0)[0]).reindex(range(len(pairs)))
    table["first"], table["second"] = zip(*pairs, strict=True)
    table["strength"], table["kind"] = np.linspace(1, 0.1, len(pairs)), "copy"
    light, _ = dependency_picture(table, names, tmp_path / "a.png")
    less, _ = dependency_picture(table.head(30), names, tmp_path / "b.png")
    nothing, _ = dependency_picture(table.head(0), names, tmp_path / "c.png")

    assert imread(light).shape[1] == imread(less).shape[1] < 3000
    assert imread(nothing).shape[1] < imread(less).shape[1]


def test_a_picture_of_other_voters_is_an_error(tmp_path):
    votes, _ = made("two labels", 7, copied)

    with pytest.raises(lb.LabelingError, match="Not among them: 'v04'"):
        dependency_picture(dependencies(votes), ["v00"], tmp_path / "a.png")


RULES = """
from labeling import labeling_function

def rule(name, column):
    @labeling_function(name=name)
    def say(x):
        return x[column]
    return say

rules = [rule(f"rule {column}", column) for column in ("c0", "c1", "c2", "c3", "c4")]
again = rule("rule <b>c0</b>", "c0")
"""
CONFIG = """
name: copies
data: {path: samples.parquet, id: key}
labels: [ham, spam]
labeling_functions: [rules.py]
"""


def reported(folder, rules):
    _, votes, _ = voters([0.75] * 5, n=600, coverage=1.0, seed=2)
    frame = votes.to_frame().replace({"label 0": "ham", "label 1": "spam"})
    frame.columns = [f"c{column}" for column in range(5)]
    frame["key"] = [f"k{number}" for number in range(len(frame))]
    frame.assign(text="hi").to_parquet(folder / "samples.parquet", index=False)
    (folder / "rules.py").write_text(rules, encoding="utf-8")
    (folder / "project.yaml").write_text(CONFIG, encoding="utf-8")
    project = lb.Project(folder / "project.yaml")
    project.apply()
    return write_report(project).read_text("utf-8")


def test_the_report_lists_copies_and_says_what_to_do(tmp_path):
    page = reported(tmp_path, RULES)
    table = re.search(r'<table id="dependent">.*?</table>', page, re.DOTALL)[0]
    cells = re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", table.partition("<tbody>")[2], re.DOTALL)

    assert ["copy", "600"] == cells[1:3]
    assert "100%" == cells[4]
    assert 6 == len(cells)
    assert "rule &lt;b&gt;c0&lt;/b&gt;" in cells[0]
    assert "Merge such a pair" in page
    assert "did not converge" not in page


def test_the_report_says_what_did_not_converge(tmp_path, monkeypatch):
    monkeypatch.setattr("labeling.analysis.dependency.low_rank.MOST_STEPS", 2)

    assert "estimation did not converge: weak dependencies are uncertain" in reported(
        tmp_path, RULES
    )


def test_the_report_is_silent_where_nothing_depends(tmp_path):
    page = reported(tmp_path, RULES.partition("again")[0])

    assert 'id="dependent"' not in page
    assert "Merge such a pair" not in page
