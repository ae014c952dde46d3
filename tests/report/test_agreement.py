"""The report on agreement, and the pages for annotators: fair, blind, and only what is known."""

import datetime
import html
import json
import re

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.label_models import AnnotatorModel
from labeling.project.agreement import people_agreement
from labeling.records import Annotation, EventKind, annotation_votes
from labeling.report import write_annotator_pages, write_report
from labeling.report.annotator_facts import pseudonyms_of
from tests.support.browser import opened
from tests.support.in_process import run

NOW = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
CONFIG = """
data: {path: reviews.csv, id: key, gold: gold.csv, locked: 0}
labels: ["1", "2", "3", "4", "5"]
ordered_labels: true
labeling_functions: [rules.py]
files: {}
"""
HOSTILE = "<img src=x onerror=alert(1)>"
PEOPLE = ("ann", "bob", "cleo", HOSTILE)


def stars(rng, truth, who):
    """Return a vote near the truth; the last person guesses."""
    if who == PEOPLE[-1]:
        return str(rng.integers(1, 6))
    return str(min(max(truth + int(rng.choice([-1, 0, 0, 0, 1])), 1), 5))


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("agreement")
    rng = np.random.default_rng(0)
    keys = [f"r{i}" for i in range(120)]
    truth = rng.integers(1, 6, 120)
    texts = [f"review {HOSTILE if i % 7 == 0 else i}" for i in range(120)]
    pd.DataFrame({"key": keys, "text": texts}).to_csv(folder / "reviews.csv", index=False)
    gold = pd.DataFrame({"key": keys[:15], "label": truth[:15]})
    gold.to_csv(folder / "gold.csv", index=False)
    (folder / "rules.py").write_text(
        "from labeling.functions import keywords\ngood = keywords('good', ['review'], label='4')\n",
        encoding="utf-8",
    )
    (folder / "project.yaml").write_text(CONFIG, encoding="utf-8")
    project = lb.Project(folder / "project.yaml")
    project.apply()
    votes = [
        Annotation(
            keys[i], who, stars(rng, int(truth[i]), who), NOW, NOW, lead_seconds=float(5 + i % 3)
        )
        for i in range(100)
        for who in (*rng.choice(PEOPLE[:3], 2, replace=False), *([PEOPLE[-1]] if i < 30 else []))
    ]
    reviews = [
        Annotation(
            keys[i], "dora", str(truth[i]), NOW, NOW, reviewer=True, reason=f"rule 3 {HOSTILE}"
        )
        for i in range(40)
    ]
    project.add_annotations(votes + reviews)
    return project


@pytest.fixture(scope="module")
def path(project):
    return write_report(project)


@pytest.fixture(scope="module")
def pages(project):
    return write_annotator_pages(project)


def words_of(path):
    page = path.read_text(encoding="utf-8").partition("<body>")[2]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_the_report_has_the_numbers_of_the_library(project, path, browser):
    found = project.agreement()
    with opened(browser, path) as page:
        rows = page.page.locator("#agreement-strata tbody tr").all()
        cells = [" ".join(cell.split()) for cell in rows[-1].locator("td").all_inner_texts()]
        labels = page.texts("#agreement-labels tbody th")
        pairs = page.page.locator("#agreement-pairs tbody tr").count()
        split = page.page.locator("#low-agreement tbody tr").count()
    estimate = found.overall.alpha
    assert f"{estimate.value:.2f} [{estimate.low:.2f}, {estimate.high:.2f}], n = 100" == cells[1]
    assert f"{found.overall.percent.value:.1%}" in cells[0]
    assert f"{found.overall.gwet.value:.2f}" in cells[2]
    by_votes = found.by_label().sort_values("votes", ascending=False, kind="stable")
    assert by_votes.index.tolist() == labels
    assert (len(found.by_pair()), min(len(found.low()), 20)) == (pairs, split)


def test_the_headline_says_what_it_is_of(project, path):
    words = words_of(path)

    assert "On all annotated samples : percent agreement" in words
    assert "none of which was chosen by a query" in words
    assert "Labels are ordered: votes that are further apart count as greater" in words


def test_skills_are_those_of_the_annotator_model(project, path, browser):
    annotations = project.people.current_annotations(project.samples)
    votes = annotation_votes(annotations, project.schema)
    skills = AnnotatorModel().fit(votes, gold=project.data.dev).skills()
    with opened(browser, path) as page:
        names = page.texts("#annotator-table tbody th")
        cells = page.texts("#annotator-table tbody td[data-label=skill]")
    assert sorted(PEOPLE) == names
    for name, cell in zip(names, cells, strict=True):
        assert f"{skills.loc[name, 'skill']:.0%}" in cell
        assert f"[{skills.loc[name, 'low']:.0%}, {skills.loc[name, 'high']:.0%}]" in cell


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_report_and_pages_fit_and_can_be_read(path, pages, browser, width, scheme):
    for page in (path, pages[PEOPLE[-1]]):
        with opened(browser, page, width=width, scheme=scheme) as found:
            found.page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
            assert (0, [], []) == (found.overflow(), found.console, found.dialogs)
            assert 0 == found.page.evaluate("document.images.length + document.scripts.length")
            contrasts = found.contrasts("p, td, th, dt, dd span, li, caption, figure svg text")
            assert min(contrasts)[0] >= 4.5, min(contrasts)


def test_pages_for_annotators_name_nobody(project, pages):
    assert set(PEOPLE) == set(pages)
    assert len({page.name for page in pages.values()}) == len(PEOPLE)
    for page in pages.values():
        words = words_of(page)
        for name in ("ann ", "bob", "cleo", "dora"):
            assert name not in words.replace("annotator", "")
        assert "Other annotators have pseudonyms here." in words
        assert "ann" not in page.name.replace("annotator", "")


def test_the_report_for_the_lead_has_names_and_pseudonyms(path, pages):
    words = words_of(path)

    for name, page in pages.items():
        pseudonym = page.stem.replace("-", " ").upper().replace("ANNOTATOR", "annotator")
        assert re.search(rf"{re.escape(name)} \( *\d+ votes; {pseudonym} on pages", words)


def test_names_are_shown_where_asked_for(project, tmp_path):
    folder = project.config.root
    done = run(folder, "-c", "project.yaml", "report", "--annotators", "--names", "--json")
    assert 0 == done.returncode, done.stderr
    written = json.loads(done.stdout)["annotators"]
    words = words_of(folder / written["ann"])

    assert set(PEOPLE) == set(written)
    assert words.count("bob") == 1  # among those who labeled most of the same samples
    assert "Other annotators have pseudonyms" not in words
    refused = run(folder, "-c", "project.yaml", "report", "--names")
    assert 2 == refused.returncode
    assert "--names requires --annotators" in refused.stderr
    write_annotator_pages(project)


def test_examples_hide_which_samples_have_gold_labels(project, path, pages, browser):
    """Gold samples may be asked of others as a test: only the lead sees them among the examples."""
    gold = set(project.samples.loc[project.data.dev.index, "text"])
    unsettled = set(project.samples["text"].iloc[40:]) & set(_unsettled_texts(project))
    assert gold
    assert unsettled
    for page in pages.values():
        with opened(browser, page) as found:
            quotes = set(found.texts("th .quote bdi"))
        assert quotes
        assert not quotes & gold - {f"review {HOSTILE}"}
        assert not quotes & unsettled - {f"review {HOSTILE}"}
    assert any(text in words_of(path) for text in gold)


def _unsettled_texts(project):
    annotations = project.people.current_annotations(project.samples)
    settled = {one.sample_id for one in project.people.verdict(annotations).gold}
    return [project.samples.loc[key, "text"] for key in project.samples.index if key not in settled]


def test_a_page_says_what_is_too_few_and_gives_examples_both_ways(pages):
    words = words_of(pages[PEOPLE[-1]])

    assert "Votes 30 on 1 day, 0 skips" in words
    assert "median of 30 samples" in words
    assert "which says little" in words or "too few to judge by" in words
    assert "Another label became final (5 of " in words
    assert "and your label became final (" in words_of(pages["ann"])
    assert f"Reviewer: rule 3 {HOSTILE}" in words


def test_the_same_state_gives_the_same_pages(project, pages):
    before = {name: page.read_bytes() for name, page in pages.items()}
    again = write_annotator_pages(lb.Project(project.config.root / "project.yaml"))

    assert before == {name: page.read_bytes() for name, page in again.items()}


@pytest.fixture
def small(tmp_path):
    """Return a project of two people, who have labeled three samples each."""
    rows = pd.DataFrame({"key": ["a", "b", "c"], "text": ["one", "two", "three"]})
    rows.to_csv(tmp_path / "reviews.csv", index=False)
    (tmp_path / "rules.py").write_text(
        "from labeling.functions import keywords\nx = keywords('x', ['one'], label='1')\n",
        encoding="utf-8",
    )
    config = CONFIG.replace(", gold: gold.csv, locked: 0", "")
    (tmp_path / "project.yaml").write_text(config, encoding="utf-8")
    project = lb.Project(tmp_path / "project.yaml")
    project.apply()
    project.add_annotations(
        [Annotation(key, who, "1", NOW, NOW) for key in rows["key"] for who in ("ann", "bob")]
    )
    return project


@pytest.mark.parametrize("paused", [["ann"], ["ann", "bob"]])
def test_paused_people_have_a_page_that_says_so_without_the_reason(small, paused):
    for name in paused:
        small.pause_annotator(name, reason="copies what cem says", by="lead")
    pages = write_annotator_pages(small)
    report = words_of(write_report(small))

    assert {"ann", "bob"} == set(pages)
    for name in paused:
        words = words_of(pages[name])
        assert "You are paused: 3 votes of yours are held back" in words
        assert "copies" not in words
        assert "Votes 0 on 0 days" in words
    assert report.count("(copies what cem says): 3 votes are held back") == 2 * len(paused)
    active = 2 - len(paused)
    assert f"{active} annotator{'' if active == 1 else 's'} gave" in report
    assert ("You are paused" in words_of(pages["bob"])) == ("bob" in paused)


def test_who_has_no_vote_that_counts_has_a_page_that_says_so(small):
    later = NOW + datetime.timedelta(hours=1)
    small.add_annotations(
        [Annotation(key, "ann", "1", NOW, later, deleted=True) for key in ("a", "b", "c")]
    )
    pages = write_annotator_pages(small)

    assert "None of your answers counts as a vote at present." in words_of(pages["ann"])
    assert "None of your answers" not in words_of(pages["bob"])
    assert "none of their answers counts" in words_of(write_report(small))


def test_pseudonyms_stay_when_others_join_and_need_the_salt():
    few, many = ["ann", "bob"], [f"person {i}" for i in range(2000)] + ["ann", "bob"]
    short, long = pseudonyms_of(few, "salt"), pseudonyms_of(many, "salt")

    assert len(set(long.values())) == len(many)
    assert all(long[name].startswith(short[name]) for name in few)
    assert not set(pseudonyms_of(few, "other").values()) & set(short.values())
    assert pseudonyms_of(["Ann "], "salt")["Ann "] == short["ann"]


def test_people_who_never_meet_have_no_agreement_and_no_skill(tmp_path):
    keys = [f"r{i}" for i in range(6)]
    pd.DataFrame({"key": keys, "text": keys}).to_csv(tmp_path / "reviews.csv", index=False)
    (tmp_path / "rules.py").write_text("", encoding="utf-8")
    config = CONFIG.replace(", gold: gold.csv, locked: 0", "")
    (tmp_path / "project.yaml").write_text(config, encoding="utf-8")
    project = lb.Project(tmp_path / "project.yaml")
    project.add_annotations(
        [Annotation("r1", "ann", "1", NOW, NOW), Annotation("r2", "bob", "2", NOW, NOW)]
    )
    words = words_of(write_report(project))
    page = words_of(write_annotator_pages(project)["ann"])

    assert "Agreement is undefined: no sample has two votes." in words
    assert "A skill cannot be estimated: no sample has votes of two people." in page
    assert "There is no settled sample yet on which the votes differed." in page


def test_strata_of_imported_and_chosen_samples_are_told_apart(schema):
    votes = [
        Annotation(sample, who, label, NOW, NOW)
        for sample, labels in {"a": "ham ham", "b": "ham spam", "c": "spam spam"}.items()
        for who, label in zip(("ann", "bob"), labels.split(), strict=True)
    ]
    selections = pd.DataFrame({"stratum": ["random", "margin"]}, index=["a", "b"])
    found = people_agreement(votes, schema, selections)

    assert {"random": 1, "margin": 1, "in no batch": 1} == {
        name: part.n_samples for name, part in found.by_stratum.items()
    }
    assert ("random", 1.0) == (found.headline[0], found.headline[1].percent.value)


def test_a_sample_that_was_hidden_in_a_batch_leaves_the_pages(project, browser):
    page = write_annotator_pages(project)["ann"]
    with opened(browser, page) as found:
        text = next(quote for quote in found.texts("th .quote bdi") if HOSTILE not in quote)
    (sample_id,) = project.samples.index[project.samples["text"] == text]
    with project.store.locked("query"), project.store.database.writing():
        about = {"batch": 1, "label": "1", "voters": ["ann"]}
        project.store.events.append(EventKind.GOLD_ASKED, sample_id=sample_id, about=about)
    with opened(browser, write_annotator_pages(project)["ann"]) as found:
        quotes = found.texts("th .quote bdi")

    assert quotes
    assert text not in quotes
