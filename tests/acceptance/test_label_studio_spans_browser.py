"""People mark spans and choose sets of labels on the pages of a real Label Studio server."""

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.records import CheckRequest, Escalation, SoftSpans
from tests.support.studio_loop import batch_of, project_id, studio_of, tasks
from tests.support.studio_marking import click, double_click, mark, n_marked
from tests.support.studio_pages import Person

SPANS = lb.LabelSchema(["PER", "$ORG"], {"PER": "Somebody with a name."}, kind="spans")
EMOJI = (
    "\U0001f600 Hi \U0001f3f3\ufe0f\u200d\U0001f308, Jose\u0301 Mu\U0001f600oz of"
    " \U0001f469\u200d\U0001f4bbCorp met Bob \U0001f680 there."
)
LINES = "  One\r\nAnn Lee\r\n\tBob\xa0Ray\nDan  Poe <b>end</b> &amp; "
MIXED = "\u05e9\u05dc\u05d5\u05dd \u05e2\u05d5\u05dc\u05dd Bob \u202eabc\u202c done"
EMPTY = "Nobody is here."
NEWS = (
    "\U0001f600 Jos\xe9 Mu\xf1oz of Acme Corp met Bob and his sister in Oslo, to talk of old times."
)


@pytest.fixture
def people(browser, studio):
    """Makes people at browsers of their own, who have signed up and log in."""
    made = []

    def new(name):
        person = Person(browser, studio, studio.new_user(name))
        made.append(person)
        person.log_in()
        return person

    yield new
    for person in made:
        person.close()


def at(text, words, label="PER"):
    start = text.index(words)
    return lb.Span(start, start + len(words), label)


def pushed(studio, schema, texts, soft=None, **options):
    platform = studio_of(studio, schema=schema, **options)
    samples = pd.DataFrame({"text": texts})
    platform.push(batch_of(list(samples.index)), samples, soft)
    return platform, samples


def said(platform):
    return {vote.sample_id: vote.label for vote in platform.pull()}


def test_what_is_marked_by_mouse_and_double_click_comes_back_exactly(studio, people):
    platform, _ = pushed(studio, SPANS, [EMOJI, LINES, MIXED, EMPTY])
    drawn = {
        EMOJI: [
            at(EMOJI, "Jose\u0301"),
            at(EMOJI, "Mu\U0001f600oz"),
            at(EMOJI, "\U0001f680", "$ORG"),
        ],
        LINES: [at(LINES, "One"), at(LINES, "Lee\r\n\tBob", "$ORG"), at(LINES, "Dan  Poe")],
        MIXED: [at(MIXED, "\u05e2\u05d5\u05dc\u05dd", "$ORG")],
        EMPTY: [],
    }
    clicked = {
        EMOJI: [at(EMOJI, "Bob"), at(EMOJI, "there", "$ORG")],
        LINES: [at(LINES, "end", "$ORG")],
        MIXED: [at(MIXED, "Bob")],
        EMPTY: [],
    }
    ann = people("ann")
    ann.open_stream(project_id(studio))
    ann.close_guidelines()
    while not ann.is_done:
        text = ann.given["data"]["text"]
        for start, end, label in drawn[text]:
            mark(ann, SPANS.index(label) + 1, start, end)
        for start, _, label in clicked[text]:
            double_click(ann, SPANS.index(label) + 1, start + 1)
        ann.submit()

    assert dict(
        enumerate(
            tuple(sorted([*drawn[text], *clicked[text]])) for text in (EMOJI, LINES, MIXED, EMPTY)
        )
    ) == said(platform)
    assert () == platform.problems
    assert {"manual", ""} == {vote.origin for vote in platform.pull()}
    assert ([], [], []) == (ann.dialogs, ann.errors, ann.outside)


def test_half_a_word_is_marked_whole_and_marks_are_changed_as_annotators_are_told(studio, people):
    """As docs/annotating.md says."""
    platform, _ = pushed(studio, SPANS, [NEWS])
    ann = people("ann")
    ann.open_stream(project_id(studio))
    ann.close_guidelines()
    mark(ann, 1, NEWS.index("os\xe9"), NEWS.index("oz of"))
    mark(ann, 2, NEWS.index("Acme"), NEWS.index("met"))
    double_click(ann, 1, NEWS.index("Oslo"))
    double_click(ann, 2, NEWS.index("Bob"))
    assert 4 == n_marked(ann)
    ann.shot("studio-spans", height=480)
    click(ann, NEWS.index("Oslo"))
    ann.page.keyboard.press("Backspace")
    ann.page.wait_for_timeout(500)
    assert 3 == n_marked(ann)
    click(ann, NEWS.index("Bob"))
    ann.page.keyboard.press("1")
    ann.page.wait_for_timeout(500)
    ann.submit()

    spans = (at(NEWS, "Jos\xe9 Mu\xf1oz"), at(NEWS, "Acme Corp", "$ORG"), at(NEWS, "Bob"))
    assert {0: spans} == said(platform)


def test_shown_spans_come_back_as_they_were_sent_or_as_they_were_changed(studio, people):
    texts = [EMOJI, LINES]
    spans = [
        (0, at(EMOJI, "Mu\U0001f600oz")),
        (0, at(EMOJI, "Bob")),
        (1, at(LINES, "Lee\r\n\tBob")),
    ]
    soft = SoftSpans(
        np.tile([0.8, 0.1, 0.1], (3, 1)),
        [row for row, _ in spans],
        [span.start for _, span in spans],
        [span.end for _, span in spans],
        np.ones(3, dtype=bool),
        pd.RangeIndex(2),
        SPANS,
        np.ones(2, dtype=bool),
    )
    platform, _ = pushed(studio, SPANS, texts, soft, prelabels="shown")
    ann, bob = people("ann"), people("bob")
    for person in (ann, bob):
        person.open_stream(project_id(studio))
        person.close_guidelines()
        while not person.is_done:
            text = person.given["data"]["text"]
            assert {EMOJI: 2, LINES: 1}[text] == n_marked(person)
            if person is bob and text == EMOJI:
                mark(person, 2, *at(EMOJI, "\U0001f680")[:2])
            person.submit()
    sent = {row: tuple(span for own, span in spans if own == row) for row in (0, 1)}
    found = {
        (vote.annotator[:3], vote.sample_id): (vote.label, vote.prelabel, vote.origin)
        for vote in platform.pull()
    }

    more = (*sent[0], at(EMOJI, "\U0001f680", "$ORG"))
    assert {
        ("ann", 0): (sent[0], sent[0], "prediction"),
        ("ann", 1): (sent[1], sent[1], "prediction"),
        ("bob", 0): (more, sent[0], "prediction-changed"),
        ("bob", 1): (sent[1], sent[1], "prediction"),
    } == found
    assert () == platform.problems


def test_a_reviewer_finds_the_marks_of_each_annotator_and_decides(studio, people):
    platform, samples = pushed(studio, SPANS, [EMOJI])
    ann, bob = studio.new_user("ann"), studio.new_user("bob")
    (task,) = tasks(studio).values()
    ann.label_spans(task["id"], [at(EMOJI, "Jose\u0301")])
    bob.label_spans(task["id"], [at(EMOJI, "Jose\u0301 Mu\U0001f600oz")])
    platform.escalate([Escalation(0, platform.pull(), "other edges: PER 11-16")], samples)
    rita = people("rita")
    review = project_id(studio, "mails: review")
    (asked,) = tasks(studio, "mails: review").values()
    rita.open_stream(review)
    rita.close_guidelines()
    shown = "\n".join(rita.lines)
    assert 0 == n_marked(rita)
    assert 'Annotator A: PER "Jose\u0301 Mu\U0001f600oz" 11-22' in shown
    assert 'Annotator B: PER "Jose\u0301" 11-16' in shown
    assert "other edges: PER 11-16" in shown

    rita.page.goto(f"{studio.url}/projects/{review}/data?task={asked['id']}")
    rita.page.wait_for_selector(".lsf-labels")
    tabs = rita.page.locator(".lsf-annotation-button")
    rita.page.wait_for_timeout(1_000)
    assert {"A", "B"} <= {part for own in tabs.all_inner_texts() for part in own.split()}
    assert 0 == n_marked(rita)
    tabs.filter(has_text="A").last.click()
    rita.page.wait_for_timeout(500)
    assert 1 == n_marked(rita)
    rita.shot("spans of a review", height=560)

    rita.open_stream(review)
    rita.close_guidelines()
    mark(rita, 1, *at(EMOJI, "Mu\U0001f600oz")[:2])
    rita.write_rationale("The rest is her given name.")
    rita.page.keyboard.press("Shift+Enter")
    rita.submit()
    (decision,) = (vote for vote in platform.pull() if vote.reviewer)
    assert ((at(EMOJI, "Mu\U0001f600oz"),), "The rest is her given name.") == (
        *(decision.label, decision.reason),
    )
    assert ([], []) == (rita.dialogs, rita.errors)


def test_a_check_begins_with_the_vote_and_ends_with_what_is_marked_then(studio, people):
    platform, samples = pushed(studio, SPANS, [EMOJI, EMPTY])
    vote = (at(EMOJI, "Mu\U0001f600oz"),)
    requests = [CheckRequest("check 0", 0, vote), CheckRequest("check 1", 1, ())]
    platform.ask_checks(requests, samples)
    boss = people("boss")
    boss.open_stream(project_id(studio, "mails: checks"))
    boss.close_guidelines()
    while not boss.is_done:
        text = boss.given["data"]["text"]
        assert len({EMOJI: vote, EMPTY: ()}[text]) == n_marked(boss)
        if text == EMOJI:
            mark(boss, 2, *at(EMOJI, "Bob")[:2])
        boss.page.keyboard.press({EMOJI: "e", EMPTY: "q"}[text])
        boss.page.wait_for_selector(".lsf-choices input:checked", state="attached")
        boss.submit()
    answers = {answer.key: (answer.decision, answer.label) for answer in platform.checks(requests)}

    fixed = (*vote, at(EMOJI, "Bob", "$ORG"))
    assert {"check 0": ("fix", fixed), "check 1": ("accept", None)} == answers


def test_several_labels_are_chosen_by_keys_and_none_is_an_answer(studio, people):
    schema = lb.LabelSchema(["joy", "anger", "fear"], kind="several")
    platform, _ = pushed(studio, schema, [EMOJI, EMPTY])
    ann = people("ann")
    ann.open_stream(project_id(studio))
    while not ann.is_done:
        if ann.given["data"]["text"] == EMOJI:
            ann.press(1)
            ann.press(3)
            ann.shot("several labels", height=480)
        ann.submit()

    assert {0: frozenset({"joy", "fear"}), 1: frozenset()} == said(platform)
    assert () == platform.problems
