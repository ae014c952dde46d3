"""The report of a project of spans or of several labels is one safe page, the same each time."""

import datetime
import re
import shutil

import pandas as pd
import pytest

import labeling as lb
from labeling.analysis.part_answers import answer_pairs
from labeling.project.annotator_skills import annotator_skills
from labeling.records import Span
from labeling.report import write_annotator_pages, write_report
from labeling.report.context import any_outputs, load_people
from labeling.report.part_answers import people_of
from labeling.report.part_cost import work_sentences
from labeling.report.part_examples import (
    MOST_OF_PEOPLE,
    contradicted_samples,
    differing_samples,
    wrong_samples,
)
from labeling.report.part_models import calibrations
from tests.support.browser import opened
from tests.support.in_process import run
from tests.support.kind_projects import PROJECTS

HOSTILE = (
    " <script>alert(1)</script></style><img src=x onerror=alert(2)>"
    " \u202e\u05e9\u05dc\u05d5\u05dd 😀"
)
PERSON = "<b>bob</b> \U0001f600"


def with_hostile_texts(folder):
    """Append its key, markup, text from right to left and an emoji to each text; offsets stay."""
    for path in folder.glob("texts.*"):
        is_table = path.suffix == ".csv"
        frame = pd.read_csv(path) if is_table else pd.read_parquet(path)
        frame["text"] += " [" + frame["key"] + "]" + HOSTILE
        frame.to_csv(path, index=False) if is_table else frame.to_parquet(path)
    votes = pd.read_csv(folder / "votes.csv")
    votes["annotator"] = votes["annotator"].replace("bob", PERSON)
    votes.to_csv(folder / "votes.csv", index=False)


@pytest.fixture(scope="module", params=list(PROJECTS))
def reported(request, tmp_path_factory):
    folder = PROJECTS[request.param](tmp_path_factory.mktemp(request.param))
    with_hostile_texts(folder)
    early = write_report(lb.Project(folder / "project.yaml")).read_text("utf-8")
    done = run(folder, "-c", "project.yaml", "run")
    assert 0 == done.returncode, done.stderr
    done = run(folder, "-c", "project.yaml", "report", "--annotators")
    assert 0 == done.returncode, done.stderr
    return request.param, folder, early


@pytest.fixture(scope="module")
def page(reported):
    return write_report(lb.Project(reported[1] / "project.yaml")).read_text("utf-8")


@pytest.fixture(scope="module")
def context(reported):
    return load_people(lb.Project(reported[1] / "project.yaml"))


def test_there_is_a_page_before_functions_were_applied(reported):
    assert "Labeling functions were not applied yet" in reported[2]
    assert "There are no annotations yet." in reported[2]
    assert "There is no training set yet." in reported[2]


def test_the_page_has_functions_scores_and_agreement(reported, page):
    kind, folder, _ = reported
    project = lb.Project(folder / "project.yaml")

    for function in project.labeling_functions:
        assert f">{function.name}</bdi>" in page
    assert ("Scores of spans" if kind == "spans" else "Scores of sets of labels") in page
    assert "By annotator" in page
    assert "Agreement on" in page
    assert not re.search(r"(?:src|href)=\"http", page)
    if kind == "spans":
        assert "Confusion of labels" in page
        assert "(none)" in page
        assert "Edges of spans" in page
        assert "Labels that annotators confuse" in page
        assert "How spans of functions lie to true spans" in page
        assert 'class="lbl-span lbl-s0"' in page
        scores = lb.span_scores(project.snapshot().measured, project.data.dev, project.schema)
    else:
        scores = lb.set_scores(project.snapshot().measured, project.data.dev, project.schema)
    value = scores.f1 if kind == "spans" else scores.micro
    assert f"{value.value:.3f} [{value.low:.3f}, {value.high:.3f}]" in page


def test_the_same_state_gives_the_same_bytes(reported, tmp_path):
    pages = [
        write_report(lb.Project(reported[1] / "project.yaml"), tmp_path / name).read_text("utf-8")
        for name in ("once.html", "again.html")
    ]

    assert pages[0] == pages[1]


def test_samples_on_which_voters_differ_are_shown(context, page):
    wrong = wrong_samples(context, any_outputs(context))
    differing = differing_samples(context)

    assert (f"The models differ from {len(wrong)} of" in page) == bool(wrong)
    assert differing
    assert "Where annotators differ most" in page
    for key in differing[:MOST_OF_PEOPLE]:
        assert f"[{key}]" in page


def test_texts_and_names_are_escaped(page, reported):
    pages = write_annotator_pages(lb.Project(reported[1] / "project.yaml"), with_names=True)
    for text in (page, *(path.read_text("utf-8") for path in pages.values())):
        assert "<script" not in text
        assert "<img" not in text
        assert "<b>bob" not in text
        assert text.count("</style>") == 1
    assert "&lt;b&gt;bob&lt;/b&gt;" in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize("width", [390, 1280])
def test_no_page_is_wider_than_its_window(reported, browser, width):
    folder = reported[1]
    (report,) = folder.rglob("report.html")
    for path in (report, *sorted(folder.rglob("annotators/*.html"))):
        with opened(browser, path, width=width) as shown:
            wide = shown.page.evaluate("document.documentElement.scrollWidth - innerWidth")
            main = shown.page.evaluate("document.querySelector('main').clientWidth")
            assert shown.dialogs == shown.console == []
        assert wide <= 0
        assert main >= min(width, 900) - 60


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_light_and_dark_pages_can_be_read(reported, browser, scheme):
    (path,) = reported[1].rglob("report.html")
    with opened(browser, path, scheme=scheme) as shown:
        contrasts = shown.contrasts(
            "p, td, th, dt, dd span, summary, li, bdi, mark, small, svg text"
        )

    assert len(contrasts) > 300
    assert min(contrasts)[0] >= 4.5


def test_skills_and_agreement_are_those_of_the_models(reported, page, context):
    people = people_of(context)
    pairs = answer_pairs({person.name: person.first_round for person in people})

    assert len(pairs) == 3
    for row in pairs.to_dict("records"):
        assert f"{row['f1']:.3f} [{row['f1_low']:.3f}, {row['f1_high']:.3f}]" in page
    assert "F1 in percent of each two annotators" in page  # the picture's title
    skills = annotator_skills(context.project.people.work, context.answers, context.project.schema)
    for row in skills.to_dict("records"):
        assert f"{row['skill']:.3f} [{row['low']:.3f}, {row['high']:.3f}]" in page


def test_people_are_compared_with_labels_that_do_not_rest_on_their_answers(context):
    reviewed = {gold.sample_id for gold in context.verdict.gold if gold.source == "review"}
    given = set(context.data.dev.index)
    by_name = {person.name: person for person in people_of(context)}
    for name, person in by_name.items():
        for sample, label in person.truth.items():
            if sample in given:
                assert label == context.data.dev[sample]
            elif sample in reviewed:
                assert label == context.human_labels[sample]
            else:
                others = [p.answers.get(sample) for p in by_name.values() if p.name != name]
                said = set().union(*(parts for parts in others if parts is not None))
                assert set(label) <= said
        assert sum(person.sources.values()) == len(person.truth)


def test_calibration_counts_what_has_a_probability(context, page):
    outputs = any_outputs(context)
    checks = dict(calibrations(context, outputs))
    (parts,) = (result for name, result in checks.items() if name.endswith("gold labels"))
    measured, dev = outputs.measured, context.data.dev
    if hasattr(measured, "start"):
        assert parts.accuracy.n == len(measured.of_samples(dev.index).start)
        chosen = measured.to_labels().to_dict()
        right = sum(len(set(chosen[sample] or ()) & set(label)) for sample, label in dev.items())
        assert parts.accuracy.value * parts.accuracy.n >= right - 1e-9
    else:
        assert parts.accuracy.n == int(measured.of_samples(dev.index).covered.sum())
    assert parts.accuracy.n == sum(group.accuracy.n for group in parts.bins)
    assert "Calibration: are the probabilities true?" in page


def test_the_audit_is_of_whole_labels(context, page):
    audit = context.audit
    right = [
        row.model_label == context.human_labels[sample]
        for sample, row in zip(audit.index, audit.itertuples(), strict=True)
    ]

    assert len(audit)
    assert audit["right"].tolist() == [float(value) for value in right]
    assert "Audit: the random sample of each batch" in page


def test_a_page_for_each_annotator_has_no_names_and_no_gold(reported, context, page):
    pages = write_annotator_pages(lb.Project(reported[1] / "project.yaml"))

    assert set(pages) == {"ann", PERSON, "cleo"}
    texts = [path.read_text("utf-8") for path in pages.values()]
    for path in pages.values():  # the lead can tell whose page it is
        assert path.stem.replace("-", " ").lower() in page.lower()
    for text in texts:
        assert "What you got right and missed" in text
        assert "cleo" not in text
        assert not [key for key in context.data.dev.index if f"[{key}]" in text]
    assert [key for key in context.human_labels if any(f"[{key}]" in text for text in texts)]


def test_samples_on_which_functions_contradict_each_other():
    schema = lb.LabelSchema(["joy", "anger", "fear"], kind="several")
    said = [
        ("b", "x", "joy", True),
        ("b", "y", "joy", False),
        ("a", "x", "joy", True),
        ("a", "y", "anger", True),
        ("c", "x", "joy", True),
        ("c", "y", "joy", True),
        ("c", "y", "fear", True),
    ]
    frame = pd.DataFrame(said, columns=["sample", "voter", "label", "says"])
    votes = lb.SetVotes.from_frame(frame, schema=schema, says="says")

    assert contradicted_samples(votes, ()) == ["b"]
    assert contradicted_samples(votes, [["joy", "anger"]]) == ["a", "b"]
    assert contradicted_samples(votes.of_samples(["c"]), [["joy", "anger"]]) == []


def test_what_labels_cost_is_told_where_times_are_known():
    now = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    spans = (Span(0, 3, "PER"), Span(4, 7, "PER"))
    votes = [
        lb.Annotation("a", "ann", spans, now, now, lead_seconds=30.0),
        lb.Annotation("b", "ann", (), now, now, lead_seconds=90.0),
        lb.Annotation("c", "ann", spans, now, now),
        lb.Annotation("d", "ann", None, now, now, lead_seconds=500.0),
    ]

    (sentence,) = work_sentences(votes)
    assert "2 answers; of 1 more the time is not known" in sentence
    assert "a median of 1 min 0 s each" in sentence
    assert "60 answers and 60 spans or labels an hour" in sentence
    assert list(work_sentences(votes[2:])) == []


def test_a_paused_annotator_is_named_to_the_lead_and_told_on_the_page(reported, tmp_path):
    folder = shutil.copytree(reported[1], tmp_path / "copy")
    project = lb.Project(folder / "project.yaml")
    project.pause_annotator("ann", reason="too <i>fast</i>")
    text = write_report(project).read_text("utf-8")
    pages = write_annotator_pages(project)

    assert "paused since" in text
    assert "too &lt;i&gt;fast&lt;/i&gt;" in text
    assert "You are paused" in pages["ann"].read_text("utf-8")
    assert "fast" not in pages["ann"].read_text("utf-8")
    assert "You are paused" not in pages["cleo"].read_text("utf-8")


SILENT = {
    "spans": """

@span_labeling_function(label="ORG")
def never(x):
    \"\"\"Marks nothing.\"\"\"
    return None
""",
    "several": """

@labeling_function
def never(x):
    \"\"\"Says nothing.\"\"\"
    return None
""",
}


@pytest.mark.parametrize("n", [1, 12])
@pytest.mark.parametrize("kind", PROJECTS)
def test_a_page_without_gold_people_or_votes_of_a_function(kind, n, tmp_path):
    folder = PROJECTS[kind](tmp_path / kind, n=n, more="")
    config = folder / "project.yaml"
    without = re.sub(r", gold: [\w.]+, locked: 0.3", "", config.read_text("utf-8"))
    config.write_text(without, encoding="utf-8")
    with (folder / "rules.py").open("a", encoding="utf-8") as rules:
        rules.write(SILENT[kind])
    project = lb.Project(config)
    project.fit()
    text = write_report(project).read_text("utf-8")

    assert "The models cannot be measured" in text
    assert "There are no annotations yet." in text
    assert "Label quality cannot be measured yet." in text
    assert "Calibration" not in text
    assert ">never</bdi>" in text
    assert "nan" not in re.sub(r"<style.*?</style>", "", text, flags=re.S).lower().split()
    assert write_annotator_pages(project) == {}
