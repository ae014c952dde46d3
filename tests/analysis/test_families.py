"""Families of like voters are found, described and drawn; independent rules are none."""

import json
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.image import imread

import labeling as lb
from labeling.analysis import VoterFamily, dependencies, dependency_picture, voter_families
from labeling.analysis.dependency.plot import _legend
from labeling.report import write_report
from tests.support.in_process import run

SCHEMA = lb.LabelSchema(["ham", "spam"])


def like_voters(seed=0, n=3000, n_like=6, n_rules=6):
    """Six prompts for spam that share a cause of their errors, and six rules for ham."""
    rng = np.random.default_rng(seed)
    spam, cause = rng.random((2, n, 1)) < 0.5
    like = rng.random((n, n_like)) < np.where(cause, 0.8, 0.1) * np.where(spam, 1, 0.3)
    rules = rng.random((n, n_rules)) < np.where(spam, 0.05, 0.3)
    codes = np.where(np.hstack([like, rules]), np.repeat([1, 0], [n_like, n_rules]), -1)
    names = [f"prompt {i}" for i in range(n_like)] + [f"rule {i}" for i in range(n_rules)]
    return lb.Votes.from_array(codes, schema=SCHEMA, voters=names)


def independent(seed=0, n=3000, m=12):
    """Rules for one label each, independent given the true label."""
    rng = np.random.default_rng(seed)
    truth, own = rng.integers(0, 2, (n, 1)), np.arange(m) % 2
    fires = rng.random((n, m)) < np.where(truth == own, 0.12, 0.02)
    return lb.Votes.from_array(np.where(fires, own, -1), schema=SCHEMA)


@pytest.mark.parametrize("seed", range(3))
def test_a_family_is_found_with_its_label_its_size_and_what_it_counts_as(seed):
    (family,) = voter_families(like_voters(seed))

    assert ("spam", tuple(f"prompt {i}" for i in range(6))) == (family.label, family.voters)
    assert 0.1 < family.correlation < 0.6
    assert 1.5 < family.effective < 5.4
    assert family.effective == pytest.approx(sum(family.weights), abs=1e-5)
    assert family.n == int(like_voters(seed).covered.sum())


@pytest.mark.parametrize("seed", range(5))
def test_independent_rules_are_no_family(seed):
    assert () == voter_families(independent(seed))


def test_the_order_of_samples_voters_and_labels_changes_nothing():
    votes = like_voters()
    rng = np.random.default_rng(3)
    rows, columns = rng.permutation(len(votes)), rng.permutation(len(votes.voters))
    array = votes.to_array()[rows][:, columns]
    other = lb.Votes.from_array(
        np.where(array < 0, -1, 1 - array),
        schema=lb.LabelSchema(["spam", "ham"]),
        voters=[votes.voters[column] for column in columns],
        sample_ids=votes.sample_ids[rows],
    )

    assert voter_families(votes) == voter_families(other)


def test_copies_of_a_voter_count_once():
    votes = like_voters()
    array = np.hstack([votes.to_array(), votes.to_array()[:, :1], votes.to_array()[:, 6:7]])
    names = [*votes.voters, "z prompt 0 again", "z rule 0 again"]

    assert voter_families(votes) == voter_families(
        lb.Votes.from_array(array, schema=SCHEMA, voters=names)
    )


@pytest.mark.parametrize("n", [0, 1, 20])
def test_without_votes_there_is_no_family(n):
    assert () == voter_families(lb.Votes.from_array(np.full((n, 5), -1), schema=SCHEMA))


def test_many_samples_are_drawn_by_id(monkeypatch):
    monkeypatch.setattr("labeling.analysis.dependency.families.MOST_SAMPLES", 1000)
    votes = like_voters(n=4000)
    (family,) = voter_families(votes)
    again = voter_families(votes.of_samples(votes.sample_ids[::-1]))

    assert 500 < family.n <= 1000
    assert (family,) == again


@pytest.mark.parametrize(
    ("name", "least"), [("prompts_youtube", 2), ("prompts_youtube_rules", 2), ("youtube", 0)]
)
def test_real_prompts_are_families_and_real_rules_are_not(real_data, name, least):
    with np.load(real_data / name / "votes.npz") as file:
        array = next(file[key] for key in file.files if file[key].ndim == 2)
    found = voter_families(lb.Votes.from_array(array, schema=SCHEMA))

    assert least == len(found)
    assert all(family.effective < 0.7 * len(family.voters) for family in found)


def test_the_sentence_names_label_voters_correlation_n_and_worth():
    (family,) = voter_families(like_voters())

    assert (
        f"6 voters for 'spam' vote together more often than the label explains (mean correlation"
        f" {family.correlation:.2f}, n = {family.n:,}), and count as {family.effective:.1f}:"
        " 'prompt 0', 'prompt 1', 'prompt 2', 'prompt 3', 'prompt 4', 'prompt 5'."
    ) == family.sentence()


def test_a_family_is_one_block_in_the_picture_light_and_dark(tmp_path):
    votes = like_voters()
    families = voter_families(votes)
    hostile = tuple(name.replace("prompt", "<b>$x$ prompt") for name in families[0].voters)
    odd = [replace(families[0], label="costs $5", voters=hostile)]
    table = dependencies(votes).replace(dict(zip(families[0].voters, hostile, strict=True)))
    voters = [*hostile, *votes.voters[6:]]
    light, dark = dependency_picture(table, voters, tmp_path / "a.png", odd)
    again, _ = dependency_picture(table.iloc[::-1], voters[::-1], tmp_path / "b.png", odd)
    without, _ = dependency_picture(table, voters, tmp_path / "c.png")

    assert light.read_bytes() == again.read_bytes() != without.read_bytes()
    assert imread(light)[:, :, :3].mean() > 0.6
    assert imread(dark)[:, :, :3].mean() < 0.4


def test_a_family_without_a_pair_that_stands_out_is_drawn(tmp_path):
    votes = like_voters()
    none = dependencies(votes).head(0)
    families = voter_families(votes)
    with_family, _ = dependency_picture(none, votes.voters, tmp_path / "a.png", families)
    without, _ = dependency_picture(none, votes.voters, tmp_path / "b.png")

    assert imread(with_family).shape[0] > imread(without).shape[0]
    with pytest.raises(lb.LabelingError, match="Not among them: 'prompt 0'"):
        dependency_picture(none, votes.voters[6:], tmp_path / "c.png", families)


def test_of_large_and_many_families_as_much_is_drawn_as_can_be_read(tmp_path):
    """80 voters of one family, of whom 60 fit; twelve families, of which eight are described."""
    none = dependencies(like_voters()).head(0)
    names = [f"voter {number:02d}" for number in range(80)]
    large = VoterFamily("spam", tuple(names), 0.2, 900, 9.6, (0.12,) * 80)
    pairs = [
        VoterFamily("l" * 90, tuple(names[i : i + 2]), 0.4, 900, 1.4, (0.7, 0.7))
        for i in range(0, 24, 2)
    ]
    whole, _ = dependency_picture(none, names, tmp_path / "a.png", [large])
    less, _ = dependency_picture(
        none, names, tmp_path / "b.png", [replace(large, voters=names[:60])]
    )
    many, _ = dependency_picture(none, names, tmp_path / "c.png", pairs)
    few, _ = dependency_picture(none, names, tmp_path / "d.png", pairs[:9])

    assert imread(whole).shape[1] == imread(less).shape[1] < 3000
    assert _legend(pairs).endswith("and 4 more families")
    assert 10 == len(_legend(pairs).splitlines())
    assert imread(few).shape[0] < imread(many).shape[0]


RULES = """
from labeling import labeling_function

def rule(name):
    @labeling_function(name=name)
    def say(x):
        return x[name]
    return say

rules = [rule(name) for name in {names}]
"""
CONFIG = """
data: {path: samples.parquet, id: key}
labels: [ham, spam]
labeling_functions: [rules.py]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("families")
    votes = like_voters(n=1500)
    frame = votes.to_frame().astype(object)
    frame["key"] = [f"k{number}" for number in range(len(frame))]
    frame.assign(text="hi").to_parquet(path / "samples.parquet", index=False)
    rules = RULES.format(names=list(votes.voters))
    (path / "rules.py").write_text(rules, encoding="utf-8")
    (path / "project.yaml").write_text(CONFIG, encoding="utf-8")
    return path


def test_check_summary_and_report_name_the_family(folder):
    before = run(folder, "-c", "project.yaml", "check")
    summary = run(folder, "-c", "project.yaml", "summary")
    check = run(folder, "-c", "project.yaml", "check")
    sentence = voter_families(lb.Project(folder / "project.yaml").votes())[0].sentence()

    assert "n = 1," in sentence
    assert sentence not in before.stdout  # 200 samples, on which they are tried
    assert sentence in check.stdout
    assert summary.stdout.endswith(f"{sentence}\n")
    rows = json.loads(run(folder, "-c", "project.yaml", "summary", "--json").stdout)
    families = {row["labeling_function"]: row["family"] for row in rows}
    assert ("spam", None) == (families["prompt 0"], families["rule 0"])
    assert 0 < rows[0]["counts_as"] < 1
    assert rows[-1]["counts_as"] is None


def test_the_report_lists_families_and_says_what_to_do(folder):
    its = lb.Project(folder / "project.yaml")
    page = write_report(its).read_text("utf-8")
    listed = page.partition('id="families"')[2].partition("</ul>")[0]

    assert "6 voters for &#39;spam&#39; vote together" in listed
    assert "functions from other ideas would add more" in page
