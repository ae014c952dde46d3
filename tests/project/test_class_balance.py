"""How common labels are can be declared in a config, and is held against random draws."""

import io
import json
import warnings

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

import labeling as lb
from labeling.analysis import class_balance_gaps, compare_class_balance
from labeling.cli.class_balance_table import print_class_balance
from labeling.config import load_config
from labeling.project.labels import parse_class_balance
from tests.support.in_process import run

CONFIG = """
data: {path: comments.csv, id: key}
labels: [ham, spam]
labeling_functions: [rules.py]
query: {n: 60}
files: {annotators: [ann, bob]}
"""
RULES = """
from labeling.functions import keywords

offers = keywords("offers", ["free", "win", "it"], label="spam")
greets = keywords("greets", ["hi", "song"], label="ham")
"""
WHEN = pd.Timestamp("2026-01-01", tz="UTC").to_pydatetime()


@pytest.fixture
def folder(tmp_path):
    """300 comments, a fifth of them spam; rules that call much more spam."""
    rng = np.random.default_rng(1)
    truth = (rng.random(300) < 0.2).astype(int)
    words = [["hi", "song", "nice", "it", "so"], ["free", "win", "now", "it", "so"]]
    table = pd.DataFrame(
        {
            "key": [f"c{i}" for i in range(300)],
            "text": [" ".join(rng.choice(words[t], 3)) for t in truth],
        }
    )
    table.to_csv(tmp_path / "comments.csv", index=False)
    truth_table = pd.DataFrame({"key": table["key"], "label": np.array(["ham", "spam"])[truth]})
    truth_table.sample(150, random_state=0).to_csv(tmp_path / "gold.csv", index=False)
    truth_table.to_csv(tmp_path / "truth.csv", index=False)
    (tmp_path / "rules.py").write_text(RULES, encoding="utf-8")
    return tmp_path


def project(folder, config=CONFIG):
    (folder / "project.yaml").write_text(config, encoding="utf-8")
    return lb.Project(folder / "project.yaml")


@pytest.mark.parametrize(
    "said", ["{ham: 0.8, spam: 0.2}", "{spam: 0.2, ham: 0.8}", "[0.8, 0.2]", "[8.0e-1, 0.2]"]
)
def test_a_balance_is_by_name_or_in_the_order_of_the_labels(folder, said):
    its = project(folder, f"{CONFIG}class_balance: {said}\n")

    assert {"ham": 0.8, "spam": 0.2} == its.config.class_balance


def test_a_name_that_yaml_reads_as_a_number_is_that_label(folder):
    config = (
        CONFIG.replace("[ham, spam]", '["1", "2", "3"]')
        + "class_balance: {2: 0.5, 1: 0.2, 3: 0.3}\n"
    )
    (folder / "project.yaml").write_text(config, encoding="utf-8")

    assert {"1": 0.2, "2": 0.5, "3": 0.3} == load_config(folder / "project.yaml").class_balance


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("{ham: 0.8}", "must give each of 'ham', 'spam' a share above 0"),
        ("{ham: 0.8, spam: 0.3}", "must sum to 1"),
        ("{ham: 0.8, spma: 0.2}", "Did you mean 'spam'"),
        ("[0.2, 0.3, 0.5]", "must give each of 'ham', 'spam'"),
        ("{ham: 1, spam: 0}", "a share above 0"),
        ("{ham: 0.8, spam: much}", "must hold numbers"),
        ("0.8", "must be a dict or a list"),
        ("{yes: 0.8, spam: 0.2}", "True is not a label"),
    ],
)
def test_a_balance_that_cannot_be_is_an_error_of_the_config(folder, said, message):
    with pytest.raises(lb.LabelingError, match=message) as error:
        project(folder, f"{CONFIG}class_balance: {said}\n")

    assert "class_balance" in str(error.value)


def test_the_models_of_a_project_are_told_as_those_of_the_api(folder):
    balance = {"ham": 0.8, "spam": 0.2}
    its = project(folder, f"{CONFIG}class_balance: {balance}\n")
    here = its.snapshot()  # what the label model ignores is in its report; no warning is raised
    votes = its.votes()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        soft = lb.LabelModel().fit(votes, class_balance=balance).predict_proba(votes)
    end = lb.EndModel().fit(its.samples, soft, votes=votes, class_balance=balance)
    expected = end.predict_proba(its.samples, soft=soft, votes=votes)
    without = project(folder).snapshot().posterior

    np.testing.assert_array_equal(expected.to_array(), here.posterior.to_array())
    assert not np.array_equal(without.to_array(), here.posterior.to_array())


def test_a_declared_balance_is_that_of_the_soft_labels_that_fit_writes(folder):
    """Over all samples, with a vote or without; and the command says that it is obeyed."""
    (folder / "project.yaml").write_text(
        f"{CONFIG}class_balance: {{ham: 0.7, spam: 0.3}}\n", encoding="utf-8"
    )
    done = run(folder, "-c", "project.yaml", "fit", "--json")
    assert 0 == done.returncode, done.stderr
    result = json.loads(done.stdout)
    soft = pd.read_parquet(folder / "out" / "soft_labels.parquet")

    assert 0 < result["covered"] < len(soft)  # some samples have no vote
    assert [0.7, 0.3] == pytest.approx(soft[["ham", "spam"]].mean().tolist(), abs=1e-6)
    assert "The class balance that was given is obeyed" in " ".join(result["report"])


def test_an_export_whose_shares_are_not_those_of_gold_labels_says_so(folder, caplog):
    """The label, its share, the interval, n, and what to do."""
    gold = "data: {path: comments.csv, id: key, gold: gold.csv, locked: 0}"
    config = CONFIG.replace("data: {path: comments.csv, id: key}", gold)
    its = project(folder, config)
    its.fit()
    its.export()
    said = [record.getMessage() for record in caplog.records]
    fit = [sentence for sentence in said if "the label model's labels" in sentence]

    assert 1 == len(fit)
    assert "given gold labels" in fit[0]
    assert "'spam' " in fit[0]
    assert "[" in fit[0]
    assert "declare `class_balance` in the config" in fit[0]


def test_what_people_said_of_a_random_draw_is_held_against_the_export(folder, caplog):
    from labeling.report import write_report

    # A label model that does not learn from people, who will find no spam in the random draw.
    its = project(folder, f"{CONFIG}label_model: majority_vote\n")
    truth = pd.read_csv(folder / "truth.csv").set_index("key")["label"]
    its.query()
    its.push()
    its.export()
    assert "drawn at random" not in caplog.text  # nobody has said anything yet
    at_random = set(random_samples(its))
    said = [
        lb.Annotation(sample, who, "ham" if sample in at_random else "spam", WHEN, WHEN)
        for sample in its.store.batches.asked()
        for who in ("ann", "bob")
    ]
    its.add_annotations(said)
    its.export()
    page = write_report(its).read_text("utf-8")

    assert truth.value_counts(normalize=True)["ham"] > 0.7
    assert "The class balance of the training set is not that of 30 samples" in caplog.text
    assert "where 0.0% [0.0%, 11.4%] are expected" in caplog.text
    assert "class balance of the training set is not that of 30 samples" in page


def people_say_ham_of_all(its):
    its.add_annotations(
        lb.Annotation(sample, who, "ham", WHEN, WHEN)
        for sample in its.store.batches.asked()
        for who in ("ann", "bob")
    )


def test_shares_in_an_export_stand_beside_those_of_random_draws(folder):
    """With interval and n, also where they do not differ enough for a warning."""
    from labeling.report import write_report

    its = project(folder, CONFIG.replace("id: key}", "id: key, gold: gold.csv, locked: 0.5}"))
    train = its.export()
    assert ["gold labels"] == list(its.class_balance(train)[0].in_draws)
    its.query()
    its.push()
    people_say_ham_of_all(its)
    shown, found = (
        run(folder, "-c", "project.yaml", *words, columns=120).stdout
        for words in (["export"], ["export", "--json"])
    )
    page = write_report(its).read_text("utf-8")
    ham, spam = json.loads(found)["label_shares"]
    settled = its.people.verdict(its.people.current_annotations(its.samples)).gold
    n = len({one.sample_id for one in settled} & set(random_samples(its)))

    assert 20 == n
    assert {"random draw", "gold labels"} == set(ham["drawn"])
    assert (0.0, n) == (spam["drawn"]["random draw"]["share"], spam["drawn"]["random draw"]["n"])
    assert len(its.data.dev) == ham["drawn"]["gold labels"]["n"]
    high = spam["drawn"]["random draw"]["high"]
    assert f"0.0% [0.0%, {high:.1%}], n = {n}" in shown
    assert f"{spam['share']:.1%}" in shown
    assert "share in random draw" in page
    assert f'<b>0.0%</b> <span class="ci">[0.0%, {high:.1%}]' in page


def random_samples(its):
    chosen = its.store.batches.frame()
    return chosen.index[chosen["stratum"] == "random"]


def test_of_many_labels_the_most_frequent_are_shown_and_the_others_counted():
    counts = {f"l{number}": number for number in range(77)}
    shares = compare_class_balance(counts, {"random draw": pd.Series(["l3", "l76"])})
    console = Console(file=io.StringIO(), width=80, soft_wrap=True)
    print_class_balance(shares, console)
    lines = console.file.getvalue().splitlines()

    assert lines[2].split()[:2] == ["l76", "76"]
    assert lines[-1].startswith("And 57 rarer labels: ")
    assert len(lines) == 2 + 20 + 2


def test_without_a_random_draw_there_is_nothing_beside_the_shares():
    console = Console(file=io.StringIO(), width=80)
    print_class_balance(
        compare_class_balance({"a": 0, "b": 0}, {"random draw": pd.Series([])}), console
    )

    assert "random" not in console.file.getvalue()


def test_the_warning_is_about_our_labels_where_the_samples_have_a_column_label(folder, caplog):
    """Theirs is kept, ours is called labeling_label; the shares are those of ours."""
    table = pd.read_csv(folder / "comments.csv")
    table.assign(label="ham").to_csv(folder / "comments.csv", index=False)
    its = project(folder, CONFIG.replace("id: key}", "id: key, gold: gold.csv, locked: 0}"))
    train = its.export()

    assert {"ham", "spam"} == set(train.own("label"))
    assert "in the training set" not in caplog.text or "'ham' 100.0%" not in caplog.text
    assert its.class_balance(train)[0].count == (train.own("label") == "ham").sum()


def test_a_label_that_only_gold_has_is_no_label_that_nobody_gives(folder, caplog):
    """Of many labels a model never gives the rarest; its gold labels are counted all the same."""
    table = pd.read_csv(folder / "gold.csv")
    table.loc[0, "label"] = "rare"
    table.to_csv(folder / "gold.csv", index=False)
    config = CONFIG.replace("id: key}", "id: key, gold: gold.csv, locked: 0}")
    its = project(folder, config.replace("[ham, spam]", "[ham, spam, rare]"))
    its.export()

    assert "rare" not in set(its.snapshot().posterior.to_labels())
    assert "'rare'" not in caplog.text


def test_who_declared_shares_is_not_asked_to_declare_them(folder, caplog):
    its = project(folder, f"{CONFIG}class_balance: {{ham: 0.2, spam: 0.8}}\n")
    its.query()
    its.push()
    people_say_ham_of_all(its)
    its.export()

    assert "The class balance of the training set is not" in caplog.text
    assert "`class_balance` is declared in the config: is it right" in caplog.text
    assert "declare `class_balance`" not in caplog.text


@pytest.mark.slow
def test_a_random_draw_seldom_contradicts_the_shares_that_it_was_drawn_from():
    """Also with many labels, of which some always lie outside their 95 % interval."""
    rng = np.random.default_rng(0)
    for labels, n in ((2, 50), (10, 40), (77, 60)):
        shares = rng.dirichlet(np.ones(labels))
        counts = {f"l{number}": round(share * 1e6) for number, share in enumerate(shares)}
        drawn = [pd.Series(rng.choice(list(counts), n, p=shares)) for _ in range(200)]
        alarms = sum(bool(class_balance_gaps(counts, draw)) for draw in drawn)

        assert alarms <= 0.1 * len(drawn)


def test_gaps_are_told_widest_first_and_few_samples_tell_nothing():
    counts = {"a": 70, "b": 20, "c": 10}
    drawn = pd.Series(["a"] * 20 + ["b"] * 20 + ["c"] * 60)

    assert ["c", "a"] == [gap.label for gap in class_balance_gaps(counts, drawn)]
    assert () == class_balance_gaps(counts, drawn[:1])
    assert () == class_balance_gaps(counts, drawn[:0])


@pytest.mark.parametrize("line", ["0.9", "0.9,0.2", "ham=0.9,0.1", "ham=0.9,ham=0.1", "a,b", ","])
def test_shares_on_the_command_line_that_cannot_be_are_refused(line):
    with pytest.raises(lb.LabelingError):
        parse_class_balance(line, ["ham", "spam"])


def test_labels_with_commas_and_equals_signs_are_quoted_as_in_csv():
    line = '"ham, fine=0.6",a=b=0.4'

    assert {"ham, fine": 0.6, "a=b": 0.4} == parse_class_balance(line, ["ham, fine", "a=b"])


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["--class-balance", "spam=0.2,ham=0.8"], 'class_balance: {"ham": 0.8, "spam": 0.2}'),
        ([], '# class_balance: {"ham": 0.5, "spam": 0.5}'),
    ],
)
def test_a_project_may_begin_with_a_balance(folder, given, expected):
    done = run(folder, "init", "--data", "comments.csv", "--labels", "ham,spam", *given)
    config = folder / "configs" / "project.yaml"

    assert 0 == done.returncode, done.stderr
    assert expected in config.read_text("utf-8")
    assert bool(given) == (load_config(config).class_balance is not None)
