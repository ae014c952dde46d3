"""People mark spans and choose sets of labels on a real server, and what they say comes back."""

import datetime

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.errors import PlatformError
from labeling.label_studio.duplicate_tasks import merge_duplicates
from labeling.records import (
    Annotation,
    CheckRequest,
    Escalation,
    GoldLabel,
    SoftSets,
    SoftSpans,
    live_annotations,
)
from tests.support.studio import region
from tests.support.studio_loop import batch_of, ids_of, people, project_id, studio_of, tasks

SPANS = lb.LabelSchema(["PER", "ORG"], kind="spans")
SETS = lb.LabelSchema(["joy", "anger", "fear"], kind="several")
TEXTS = {
    "a": "  Ann\U0001f600 met\r\n\tBob\xa0Ray of \U0001f469\u200d\U0001f4bbCorp. ",
    "b": "Nobody is here.",
    "c": "Jose\u0301 and \u05e9\u05dc\u05d5\u05dd",
}
NOW = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


def frame(texts):
    return pd.DataFrame({"text": list(texts.values())}, index=pd.Index(list(texts)))


def pushed(studio, schema, texts, soft=None, **options):
    platform = studio_of(studio, schema=schema, **options)
    platform.push(batch_of(list(texts)), frame(texts), soft)
    return platform


def spans_at(text, *words, label="PER"):
    return tuple(lb.Span(text.index(word), text.index(word) + len(word), label) for word in words)


def said(platform):
    """Return sample, first letters of the annotator and label of the current annotations."""
    live = live_annotations(platform.pull())
    return {(vote.sample_id, vote.annotator[:3]): vote.label for vote in live}


def test_spans_come_back_where_they_were_marked_and_nothing_marked_is_an_answer(studio):
    ann, bob, *_ = people(studio)
    platform = pushed(studio, SPANS, TEXTS)
    numbers, text = ids_of(studio), TEXTS["a"]
    marked = (*spans_at(text, "Ann", "met\r\n\tBob"), *spans_at(text, "of", label="ORG"))
    ann.label_spans(numbers["a"], marked)
    ann.label_spans(numbers["b"], [])
    bob.label_spans(numbers["a"], spans_at(text, "\U0001f469\u200d\U0001f4bbCorp", label="ORG"))
    ann.skip(numbers["c"])
    accent = spans_at(TEXTS["c"], "Jose\u0301", "\u05e9\u05dc\u05d5\u05dd")
    made = bob.label_spans(numbers["c"], accent[:1])
    first = said(platform)
    result = [region(TEXTS["c"], *accent[0]), region(TEXTS["c"], *accent[1], origin="prediction")]
    bob.api("PATCH", f"/api/annotations/{made['id']}/", json={"result": result})

    assert {
        ("a", "ann"): tuple(sorted(marked)),
        ("a", "bob"): spans_at(text, "\U0001f469\u200d\U0001f4bbCorp", label="ORG"),
        ("b", "ann"): (),
        ("c", "ann"): None,
        ("c", "bob"): accent[:1],
    } == first
    assert first | {("c", "bob"): accent} == said(platform)
    assert () == platform.problems
    assert "prediction-changed" == live_annotations(platform.pull())[-1].origin
    assert said(platform) == said(studio_of(studio, schema=SPANS))


def test_regions_that_cannot_be_read_are_listed_until_they_are_corrected(studio):
    ann, *_ = people(studio)
    platform = pushed(studio, SPANS, {"a": "\U0001f600 Ann met Bob."})
    (number,) = ids_of(studio).values()
    wrong = region("Eve", 0, 3, "PER")
    made = ann.label_spans(number, [(2, 5, "PER")], others=[wrong])
    platform.pull()
    (problem,) = platform.problems
    units = {**region("Ann", 0, 3, "PER")["value"], "start": 3, "end": 6}
    fixed = [{**region("Ann", 0, 3, "PER"), "value": units}]
    ann.api("PATCH", f"/api/annotations/{made['id']}/", json={"result": fixed})

    assert "sample 'a', by ann" in problem.where
    assert "The region 'Eve' is said to be from 0 to 3" in problem.what
    assert {("a", "ann"): (lb.Span(2, 5, "PER"),)} == said(platform)
    assert () == platform.problems


def test_sets_come_back_and_none_of_the_labels_is_an_answer(studio):
    ann, bob, *_ = people(studio)
    platform = pushed(studio, SETS, {"a": "what a day", "b": "so what"})
    numbers = ids_of(studio)
    ann.label_set(numbers["a"], {"joy", "fear"})
    bob.label_set(numbers["a"], ())
    ann.label_set(numbers["b"], {"grief"})
    bob.skip(numbers["b"], ["joy"])
    found = said(platform)

    assert {
        ("a", "ann"): frozenset({"joy", "fear"}),
        ("a", "bob"): frozenset(),
        ("b", "bob"): None,
    } == found
    assert ["must be one of 'joy', 'anger', 'fear'. Got 'grief'." in problem.what
            for problem in platform.problems] == [True]  # fmt: skip


@pytest.mark.parametrize(
    ("schema", "other"),
    [(SPANS, SETS), (SETS, SPANS), (SPANS, lb.LabelSchema(["PER", "ORG"]))],
)
def test_a_project_of_another_kind_is_refused_before_anything_is_sent(studio, schema, other):
    pushed(studio, schema, {"a": "x"})
    platform = studio_of(studio, schema=other)
    message = f"The schema has kind='{other.kind.value}', but people .* there .kind='"
    for act in (platform.init, platform.pull, lambda: platform.push(batch_of(["b"]), frame(TEXTS))):
        with pytest.raises(PlatformError, match=f"{message}{schema.kind.value}'"):
            act()

    assert {"a"} == set(tasks(studio))


def soft_spans(text):
    ann, met = spans_at(text, "Ann", "met")
    array = [[0.9, 0.05, 0.05], [0.3, 0.1, 0.6]]
    return SoftSpans(
        np.array(array), [0, 0], [ann.start, met.start], [ann.end, met.end], [True, False],
        pd.Index(["a", "b", "c"]), SPANS, [True, True, False],
    )  # fmt: skip


def test_hidden_spans_only_give_the_order_and_shown_ones_are_told_with_the_answers(studio):
    ann, bob, cleo, _ = people(studio)
    text = TEXTS["a"]
    soft = soft_spans(text)
    pushed(studio, SPANS, TEXTS, soft, title="hidden")
    hidden = tasks(studio, "hidden")
    entropy = -sum(p * np.log(p) for p in (0.9, 0.05, 0.05, 0.3, 0.1, 0.6))
    scores = [hidden[own]["predictions"][0]["score"] for own in "abc"]

    assert [[], [], []] == [hidden[own]["predictions"][0]["result"] for own in "abc"]
    assert pytest.approx([np.exp(-entropy), 1, 0]) == scores
    assert {"sample_id": "a"} == hidden["a"]["meta"]

    platform = pushed(studio, SPANS, TEXTS, soft, prelabels="shown")
    (prediction,) = tasks(studio)["a"]["predictions"]
    (item,) = prediction["result"]
    (span,) = spans_at(text, "Ann")
    assert (list(span[:2]), "Ann", ["PER"], 0.9) == (
        *([item["value"]["start"], item["value"]["end"]], item["value"]["text"]),
        *(item["value"]["labels"], item["score"]),
    )
    number = ids_of(studio)["a"]
    predicted = region(text, *span, origin="prediction")
    more = {"parent_prediction": prediction["id"]}
    ann.label_spans(number, [], others=[predicted], **more)
    bob.label_spans(number, spans_at(text, "Bob"), others=[predicted], **more)
    cleo.label_spans(number, [], **more)
    found = {vote.annotator[:3]: (vote.prelabel, vote.origin) for vote in platform.pull()}
    assert {
        "ann": ((span,), "prediction"),
        "bob": ((span,), "prediction-changed"),
        "cle": ((span,), "prediction-changed"),
    } == found


def test_shown_sets_are_told_with_the_answers(studio):
    ann, bob, *_ = people(studio)
    p, chosen = np.array([[0.9, 0.2, 0.5]]), [[True, False, False]]
    soft = SoftSets(p, pd.Index(["a"]), SETS, [[True, True, False]], chosen)
    platform = pushed(studio, SETS, {"a": "x"}, soft, prelabels="shown")
    (prediction,) = tasks(studio)["a"]["predictions"]
    entropy = -sum(own * np.log(own) for own in (0.9, 0.1, 0.2, 0.8))
    number = ids_of(studio)["a"]
    more = {"parent_prediction": prediction["id"]}
    ann.api(
        "POST",
        f"/api/tasks/{number}/annotations/",
        json={"result": [{**prediction["result"][0], "origin": "prediction"}], **more},
    )
    bob.label_set(number, (), **more)

    assert pytest.approx(np.exp(-entropy)) == prediction["score"]
    assert {"choices": ["joy"]} == prediction["result"][0]["value"]
    assert {"joy": 0.9, "anger": 0.2, "fear": 0.5} == (
        prediction["result"][0]["meta"]["probabilities"]
    )
    joy = frozenset({"joy"})
    assert {"ann": (joy, joy, "prediction"), "bob": (frozenset(), joy, "prediction-changed")} == {
        vote.annotator[:3]: (vote.label, vote.prelabel, vote.origin) for vote in platform.pull()
    }


def test_a_reviewer_compares_spans_and_an_empty_decision_is_nobodys_vote(studio):
    ann, bob, cleo, dora = people(studio)
    platform = pushed(studio, SPANS, TEXTS)
    numbers, text = ids_of(studio), TEXTS["a"]
    ann.label_spans(numbers["a"], spans_at(text, "Bob"))
    bob.label_spans(numbers["a"], spans_at(text, "Ann"))
    cleo.label_spans(numbers["a"], [])
    escalation = Escalation("a", platform.pull(), "they differ: PER 2-5", spans_at(text, "Ann"))
    platform.escalate([escalation], frame(TEXTS))
    (task,) = tasks(studio, "mails: review").values()
    begins = {
        own["model_version"]: [item["value"]["text"] for item in own["result"]]
        for own in task["predictions"]
    }

    assert {"A": ["Ann"], "B": ["Bob"], "nobody": []} == begins
    assert [
        'Annotator A: PER "Ann" 2-5',
        'Annotator B: PER "Bob" 13-16',
        "Annotator C: no span",
    ] == task["data"]["votes"].splitlines()
    assert "they differ: PER 2-5" == task["data"]["why"]

    dora.label_spans(task["id"], [])
    (review,) = (vote for vote in platform.pull() if vote.reviewer)
    before = said(platform)
    gold = GoldLabel("a", (), "review", (review,))
    for _ in range(2):
        platform.write_back([gold])
        fresh = studio_of(studio, schema=SPANS)
        fresh.write_back([gold])
    truths = [own for own in tasks(studio)["a"]["annotations"] if own["ground_truth"]]
    assert ([[]], [dora.id]) == (
        [own["result"] for own in truths],
        [own["completed_by"] for own in truths],
    )
    assert before == said(platform) == said(studio_of(studio, schema=SPANS))

    other = Annotation(
        "a", dora.email, spans_at(text, "Ray"), NOW, review.updated_at, reviewer=True
    )
    platform.write_back([GoldLabel("a", other.label, "review", (other,))])
    (truth,) = [own for own in tasks(studio)["a"]["annotations"] if own["ground_truth"]]
    assert ["Ray"] == [item["value"]["text"] for item in truth["result"]]
    platform.write_back([gold])
    platform.write_back([])
    assert not any(own["ground_truth"] for own in tasks(studio)["a"]["annotations"])
    assert before == said(platform)


def test_votes_move_with_merged_tasks_the_empty_ones_too(studio):
    ann, bob, cleo, _ = people(studio)
    platform = pushed(studio, SPANS, {"a": "Ann met Bob."})
    project = project_id(studio)
    studio.api("POST", f"/api/projects/{project}/import", json=[
        {"data": {"text": "Ann met Bob.", "ext_id": "a"}, "meta": {"sample_id": "a"}}
    ])  # fmt: skip
    first, second = sorted(own["id"] for own in studio.tasks(project))
    ann.label_spans(first, [(0, 3, "PER")])
    bob.label_spans(first, [(0, 3, "PER")])
    cleo.label_spans(second, [])
    before = said(platform)
    merge_duplicates(platform._client, project, ["a"])
    (kept,) = studio.tasks(project)

    assert [ann.id, bob.id, cleo.id] == sorted(own["completed_by"] for own in kept["annotations"])
    assert {("a", "ann"), ("a", "bob"), ("a", "cle")} == set(before)
    assert before == said(platform)
    (copy,) = [own for own in kept["annotations"] if own["completed_by"] == cleo.id]
    cleo.delete(copy["id"])
    assert {("a", "ann"), ("a", "bob")} == set(said(platform))


def check_with(user, task, decision, items=(), reason=""):
    """Answer a check as the page does."""
    own = {"from_name": "check", "to_name": "text", "type": "choices"}
    result = [{**own, "value": {"choices": [decision]}}, *items]
    if reason:
        why = {"from_name": "rationale", "to_name": "text", "type": "textarea"}
        result.append({**why, "value": {"text": [reason]}})
    user.api("POST", f"/api/tasks/{task}/annotations/", json={"result": result, "lead_time": 1})


def test_votes_for_spans_are_checked_beginning_with_what_they_say(studio):
    bob = people(studio)[1]
    platform = pushed(studio, SPANS, TEXTS)
    text = TEXTS["a"]
    marked = spans_at(text, "Ann")
    requests = [
        CheckRequest("check 1", "a", marked, "sure"),
        CheckRequest("check 2", "b", ()),
        CheckRequest("check 3", "c", ()),
        CheckRequest("check 4", "a", ()),
    ]
    platform.ask_checks(requests, frame(TEXTS))
    sent = tasks(studio, "mails: checks")
    assert 'PER "Ann" 2-5 (sure)' == sent["check 1"]["data"]["vote"]
    assert "no span" == sent["check 2"]["data"]["vote"]
    (prediction,) = sent["check 1"]["predictions"]
    assert ["Ann"] == [item["value"]["text"] for item in prediction["result"]]
    assert next(own for own in studio.projects() if own["title"] == "mails: checks")[
        "show_collab_predictions"
    ]

    check_with(bob, sent["check 1"]["id"], "fix", [region(text, *spans_at(text, "Bob")[0])])
    check_with(bob, sent["check 2"]["id"], "accept")
    check_with(bob, sent["check 3"]["id"], "reject", reason="Jose\u0301 is a person.")
    check_with(bob, sent["check 4"]["id"], "fix", [region("Eve", 0, 3, "PER")])
    answers = {answer.key: answer for answer in platform.checks(requests)}
    assert {
        "check 1": ("fix", spans_at(text, "Bob"), ""),
        "check 2": ("accept", None, ""),
        "check 3": ("reject", None, "Jose\u0301 is a person."),
    } == {key: (own.decision, own.label, own.reason) for key, own in answers.items()}
    assert ["The offsets of a region" in problem.what for problem in platform.problems] == [True]


def test_votes_for_sets_are_checked(studio):
    bob = people(studio)[1]
    platform = pushed(studio, SETS, {"a": "x"})
    requests = [CheckRequest(f"check {own}", "a", frozenset({"joy"})) for own in (1, 2)]
    platform.ask_checks(requests, frame({"a": "x"}))
    sent = tasks(studio, "mails: checks")
    chosen = {"from_name": "label", "to_name": "text", "type": "choices"}
    check_with(bob, sent["check 1"]["id"], "fix", [{**chosen, "value": {"choices": ["fear"]}}])
    check_with(bob, sent["check 2"]["id"], "fix")

    assert "joy" == sent["check 1"]["data"]["vote"]
    assert [frozenset({"fear"}), frozenset()] == [own.label for own in platform.checks(requests)]
    assert () == platform.problems


def test_an_adopted_project_keeps_its_labels_tag_and_gets_what_it_lacks(studio):
    ann, *_ = people(studio)
    config = """<View>
      <Labels name="ner" toName="t"><Label value="PER" background="red"/></Labels>
      <Text name="t" value="$body"/>
    </View>"""
    wanted = {"title": "mails", "label_config": config}
    project = studio.api("POST", "/api/projects/", json=wanted)
    platform = studio_of(studio, schema=SPANS)
    with pytest.raises(PlatformError, match="was made by somebody else"):
        platform.init()
    setup, _ = platform.init(adopt=True)
    now = studio.api("GET", f"/api/projects/{project['id']}/")["label_config"]
    assert "adopted" == setup.outcome
    assert config.replace("</Labels>", '<Label value="ORG" /></Labels>') == now

    platform.push(batch_of(["a"]), frame(TEXTS))
    (task,) = tasks(studio).values()
    assert TEXTS["a"] == task["data"]["body"]
    (span,) = spans_at(TEXTS["a"], "Bob", label="ORG")
    own = {**region(TEXTS["a"], *span), "from_name": "ner", "to_name": "t"}
    result = {"result": [own], "lead_time": 1}
    ann.api("POST", f"/api/tasks/{task['id']}/annotations/", json=result)
    assert {("a", "ann"): (span,)} == said(platform)
