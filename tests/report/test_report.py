"""The report of a project is one page that a browser shows well, whatever users wrote."""

import datetime
import itertools
import re

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.project.label_worth import drawn_gold
from labeling.records import Annotation, clean_text
from labeling.report import write_report
from tests.support.browser import opened

RULES = '''
from labeling import ABSTAIN, labeling_function
from labeling.functions import keywords, regex


@labeling_function
def shouts(x):
    """Who shouts sells."""
    return "spam" if x.text.isupper() else ABSTAIN


offers = keywords("offers", ["free", "win", "cash"], label="spam")
greets = keywords("greets", ["hi", "thanks", "song"], label="ham")
link = regex("link", "https?://", label="spam")
'''
CONFIG = """
name: comments
data: {path: comments.parquet, id: key, gold: gold.csv, locked: 0.3}
labels: [ham, spam]
labeling_functions: [rules.py]
query: {n: 40}
replay: {votes: votes.csv, reviewer: reviewer.csv, rounds: 2}
"""
WORDS = (["hi", "thanks", "song", "nice"], ["free", "win", "cash", "http://x.org"])
HOSTILE = (
    "<script>alert(1)</script>",
    "</style><img src=x onerror=alert(2)>",
    "{{7*7}} {% include 'x' %}",
    "\u202egnihtyreve snrut \u05e9\u05dc\u05d5\u05dd \U0001f600",
    "x" * 10_000,
    'a "quote" & <b>bold</b> \x00\x1b[31m',
)
NAMES = tuple(map(clean_text, HOSTILE))  # names with control characters are refused
READ = "p, caption, caption span, figcaption, td, th, dt, dd span, summary, a, li, code, h1, h2, h3"


def made(folder, truth, texts):
    keys = [f"c{place}" for place in range(len(texts))]
    pd.DataFrame({"key": keys, "text": texts}).to_parquet(folder / "comments.parquet")
    names = np.array(["ham", "spam"])
    rng = np.random.default_rng(1)
    votes = pd.DataFrame(
        [
            (key, f"p{number}", names[label if rng.random() < 0.7 else 1 - label])
            for key, label in zip(keys, truth, strict=True)
            for number in range(3)
        ],
        columns=["sample", "annotator", "label"],
    )
    votes.to_csv(folder / "votes.csv", index=False)
    reviewer = pd.DataFrame({"sample": keys, "label": names[truth]})
    reviewer.to_csv(folder / "reviewer.csv", index=False)
    gold = reviewer.rename(columns={"sample": "key"}).head(80)
    gold.to_csv(folder / "gold.csv", index=False)
    (folder / "rules.py").write_text(RULES, encoding="utf-8")
    (folder / "project.yaml").write_text(CONFIG, encoding="utf-8")
    return folder


def small(folder):
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, 240)
    texts = [" ".join([*rng.choice(WORDS[t], 2), *rng.choice(["a", "the"], 3)]) for t in truth]
    return made(folder, truth, texts)


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """A project that went through the loop, and its report."""
    folder = small(tmp_path_factory.mktemp("done"))
    project = lb.Project(folder / "project.yaml")
    votes = project.apply()
    *_, last = project.rounds(votes)
    project.export(last, votes)
    project.look(votes)
    return project, write_report(project)


def page_of(path):
    return path.read_text("utf-8")


def words_of(path):
    """Return a page's text in one line."""
    bare = re.sub(r"<style>.*?</style>|<[^>]+>", "", page_of(path), flags=re.DOTALL)
    return re.sub(r"\s+", " ", bare)


def test_a_page_needs_nothing_but_itself(done, browser):
    _, path = done
    with opened(browser, path) as found:
        assert [path.as_uri()] == found.requests
        assert [] == found.console
        assert 0 == found.page.evaluate("document.scripts.length")
        assert "comments" == found.page.locator("h1").inner_text()
        assert 9 == found.page.locator("figure svg[role=img]").count()
        doubled = "[...document.querySelectorAll('[id]')].map(one => one.id)"
        ids = found.page.evaluate(doubled)
        assert len(set(ids)) == len(ids)


def test_it_is_read_without_javascript(done, browser):
    with opened(browser, done[1], javascript=False) as found:
        found.page.locator("details.box summary").first.click()
        assert found.page.locator("details.box[open]").count() == 1


def test_light_and_dark_pages_can_be_read(done, browser):
    paper = {}
    for scheme in ("light", "dark"):
        with opened(browser, done[1], scheme=scheme) as found:
            style = "getComputedStyle(document.body).backgroundColor"
            paper[scheme] = found.page.evaluate(style)
            measured = found.contrasts(READ) + found.contrasts("figure svg text")
            assert len(measured) > 200
            assert min(measured)[0] >= 4.5, (scheme, min(measured))
    assert {"light": "rgb(255, 255, 255)", "dark": "rgb(13, 17, 23)"} == paper


@pytest.mark.parametrize("width", [390, 768, 1280])
def test_no_page_is_wider_than_its_window(done, browser, width):
    with opened(browser, done[1], width=width) as found:
        assert 0 == found.overflow()


def test_tables_have_captions_and_pictures_have_words(done, browser):
    with opened(browser, done[1]) as found:
        tables = found.page.locator("table").count()
        assert tables == found.page.locator("table > caption").count() > 8
        for text in found.page.locator("figure svg desc").all_text_contents():
            assert text.strip()
        levels = found.page.evaluate(
            "[...document.querySelectorAll('h1,h2,h3')].map(one => +one.tagName[1])"
        )
        assert 1 == levels[0]
        assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


def test_numbers_of_labeling_functions_are_those_of_the_summary(done, browser):
    project, path = done
    summary = lb.lf_summary(project.votes(), project.data.dev)
    gold = project.people.verdict(project.store.ledger.annotations()).gold
    people = lb.lf_summary(project.votes(), gold)
    with opened(browser, path) as found:
        rows = found.page.locator("#lf-table tbody tr").all()
        assert len(summary) == len(rows)
        for name, row in zip(summary.index, rows, strict=True):
            assert name == row.locator(".name").inner_text()
            cells = [" ".join(cell.split()) for cell in row.locator("td").all_inner_texts()]
            own = summary.loc[name]
            expected = [own["polarity"] or "nothing"]
            expected += [f"{own[one]:.1%}" for one in ("coverage", "overlaps", "conflicts")]
            expected += [_accuracy(own), _accuracy(people.loc[name])]
            assert expected == cells


def _accuracy(row):
    n = row["correct"] + row["incorrect"]
    if not n:
        return "\u2013 no samples"
    low, high = row["accuracy_low"], row["accuracy_high"]
    return f"{row['accuracy']:.0%} [{low:.0%}, {high:.0%}], n = {n}"


def test_the_same_state_gives_the_same_bytes(done, tmp_path):
    project, path = done
    runs = len(project.store.runs.recent())
    again = write_report(lb.Project(project.config.root / "project.yaml"), tmp_path / "again.html")

    assert path.read_bytes() == again.read_bytes()
    assert runs == len(project.store.runs.recent())  # what is remembered is only read


def test_a_report_does_not_wait_for_who_holds_the_project(done, tmp_path):
    project = done[0]
    with lb.Project(project.config.root / "project.yaml").store.locked("run"):
        write_report(project, tmp_path / "meanwhile.html")

    assert "data:" in page_of(tmp_path / "meanwhile.html")


def test_nothing_tells_of_the_machine(done):
    project, path = done
    page = page_of(path)

    assert str(project.config.root) not in page
    assert "/tmp/" not in page
    assert project.store.runs.recent(1)[0]["host"] not in re.sub(r"<svg.*?</svg>", "", page)


def test_every_section_says_what_is_known(done):
    project, path = done
    words = words_of(path)
    status = project.status()
    train = project.store.artifacts.latest("training_set")

    for count in (len(project.samples), status.annotations - status.reviews):
        assert f"{count:,}" in words
    assert f"{status.states['settled']} " in words
    assert "label model, covered" in words  # the look at the test split
    assert "Krippendorff" in words
    assert "Audit" in words
    assert train.about["fingerprint"] in words
    assert train.digest in words
    assert project.config.digest in words


def test_the_audit_is_of_the_random_draw_alone(done, browser):
    project, path = done
    frame = project.store.batches.frame()
    gold = {
        one.sample_id: one.label
        for one in project.people.verdict(project.store.ledger.annotations()).gold
    }
    drawn = frame[(frame["stratum"] == "random") & frame.index.isin(list(gold))]
    right = sum(row.model_label == gold[row.Index] for row in drawn.itertuples())
    with opened(browser, path) as found:
        last = found.texts("#spending table tbody tr")[-1]

    assert f"{right / len(drawn):.1%}" in last
    assert f"n = {len(drawn)}" in last


def test_what_the_functions_are_worth_is_that_of_given_gold_and_random_draws(done, browser):
    project, path = done
    settled = project.people.verdict(project.store.ledger.annotations()).gold
    drawn = drawn_gold(project, settled)
    frame = project.store.batches.frame()
    chosen = set(frame.index[frame["stratum"] != "random"]) - set(project.data.dev.index)
    assert not chosen & set(drawn)
    assert len(drawn) > len(project.data.dev)
    with opened(browser, path) as found:
        section = found.page.locator("#worth")
        words = section.inner_text()
        assert f"n = {len(drawn)}" in words
        assert "labeling functions are worth" in words
        assert "What to do next" in words
        assert 1 == section.locator("figure svg").count()


def test_without_gold_the_report_says_why_worth_is_unknown(tmp_path):
    small(tmp_path)
    config = CONFIG.replace(", gold: gold.csv, locked: 0.3", "")
    (tmp_path / "project.yaml").write_text(config, encoding="utf-8")
    project = lb.Project(tmp_path / "project.yaml")
    project.apply()

    assert "cannot be estimated from no gold label" in words_of(write_report(project))


def test_a_project_that_was_never_applied_leaves_no_trace_but_the_page(tmp_path, browser):
    small(tmp_path)
    before = {path.name for path in tmp_path.iterdir()}
    project = lb.Project(tmp_path / "project.yaml")
    path = write_report(project)
    words = words_of(path)

    assert {*before, "out"} == {one.name for one in tmp_path.iterdir()}
    for sentence in (
        "Labeling functions were not applied yet. Run labeling apply.",
        "No samples were sent to annotators yet. labeling query chooses a batch.",
        "There is no training set yet. labeling export builds one.",
        "Label quality cannot be measured yet.",
        "There were no runs yet.",
    ):
        assert sentence in words
    with opened(browser, path, width=390) as found:
        assert (0, []) == (found.overflow(), found.console)


def test_with_votes_alone_the_rest_says_what_to_do(tmp_path):
    small(tmp_path)
    config = CONFIG.replace(", gold: gold.csv, locked: 0.3", "")
    (tmp_path / "project.yaml").write_text(config, encoding="utf-8")
    project = lb.Project(tmp_path / "project.yaml")
    project.apply()
    words = words_of(write_report(project))

    assert "4 labeling functions vote on" in words
    assert "No samples were sent to annotators yet. labeling query chooses a batch." in words
    assert "Name gold labels as gold: under data: in the config" in words
    assert "Calibration cannot be measured yet" in words
    project.query()
    assert "there are no annotations yet" in words_of(write_report(project))


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """A project in which every text that a user can write is hostile."""
    folder = tmp_path_factory.mktemp("hostile")
    texts = [HOSTILE[place % len(HOSTILE)] + f" {place}" for place in range(40)]
    small(folder)
    frame = pd.DataFrame({"key": [f"c{place}" for place in range(39)] + [HOSTILE[0]]})
    frame.assign(text=texts).to_parquet(folder / "comments.parquet", index=False)
    labels = [HOSTILE[0], HOSTILE[2], HOSTILE[1]]
    rules = "from labeling.records import LabelingFunction as LF\n" + "\n".join(
        f"r{place} = LF({name!r}, lambda x: {labels[place % 3]!r})\nr{place}.__doc__ = {doc!r}"
        for place, (name, doc) in enumerate(zip(NAMES, HOSTILE[::-1], strict=True))
    )
    (folder / "rules.py").write_text(rules, encoding="utf-8")
    config = f"name: {HOSTILE[1]!r}\ndata: {{path: comments.parquet, id: key}}\n"
    config += f"labels: {labels!r}\nlabeling_functions: [rules.py]\nfiles: {{}}\n"
    (folder / "project.yaml").write_text(config, encoding="utf-8")
    project = lb.Project(folder / "project.yaml")
    votes = project.apply()
    project.add_annotations(list(_said(labels)))
    project.export(votes=votes)
    return project, write_report(project)


def _said(labels):
    time = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    for place in range(12):
        for number in range(3):
            who, reason = NAMES[number], HOSTILE[place % len(HOSTILE)]
            yield Annotation(f"c{place}", who, labels[number], time, time, reason=reason)
        reason = HOSTILE[(place + 1) % len(HOSTILE)]
        yield Annotation(
            *(f"c{place}", NAMES[5], labels[place % 3], time, time),
            reviewer=True,
            reason=reason,
        )


@pytest.mark.parametrize("width", [390, 1280])
def test_hostile_texts_are_text(hostile, browser, width):
    with opened(browser, hostile[1], width=width) as found:
        assert ([], []) == (found.dialogs, found.console)
        assert 1 == len(found.requests)
        assert 0 == found.page.evaluate("document.scripts.length + document.images.length")
        assert 1 == found.page.evaluate("document.querySelectorAll('style').length")
        assert 0 == found.overflow()
        words = found.page.evaluate("document.body.textContent")
    for text in HOSTILE[:4]:
        assert text in words
    assert "\ufffd\ufffd[31m" in words
    assert "6,000 more characters are not shown" in re.sub("6,00[0-9]", "6,000", words)


def test_hostile_texts_stand_in_every_place(hostile, browser):
    with opened(browser, hostile[1]) as found:
        for place in ("#lf-table .name", "#lf-table .why", "#annotator-table th", "#escalations"):
            assert HOSTILE[0] in " ".join(found.page.locator(place).all_text_contents()), place
        assert HOSTILE[1] == found.page.locator("h1").inner_text()
        rows = " ".join(found.page.locator("#training-rows").all_text_contents())
        assert HOSTILE[2] in rows


def test_a_report_that_cannot_be_written_is_an_error(done, tmp_path):
    with pytest.raises(lb.LabelingError, match="no folder"):
        write_report(done[0], tmp_path / "nowhere" / "report.html")
