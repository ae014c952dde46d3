"""Annotations that cannot be counted are reported until they are corrected."""

from labeling.annotation_files import label_studio_annotations
from labeling.records import live_annotations
from tests.support.studio_loop import (
    ids_of,
    item,
    people,
    project_id,
    pushed,
    said_by,
    studio_of,
)

WRONG = [
    ([item("spma")], "'spma'. Did you mean 'spam'?"),
    ([item("spam", from_name="sentiment")], "It holds 0, and 'sentiment'."),
    ([{"foo": 1}], "one choice of 'label'. It holds 0"),
    ([], "one choice of 'label'. It holds 0"),
    ([item("spam"), item("ham")], "one choice of 'label'. It holds 2"),
    ([{**item("spam"), "value": {"choices": ["spam", "ham"]}}], "must hold one label"),
    ([{**item("spam"), "value": {"text": ["spam"]}}], "must hold one label"),
]


def test_what_cannot_be_counted_is_told_until_it_is_mended(studio, no_overlap):
    ann, bob, *_ = people(studio)
    ids = list(range(len(WRONG)))
    platform = pushed(studio, ids)
    task_ids = ids_of(studio)
    made = [
        ann.label(task_ids[str(sample_id)], "spam", result=WRONG[sample_id][0]) for sample_id in ids
    ]
    bob.label(task_ids["0"], "ham")
    assert [(0, bob.email, "ham")] == said_by(platform.pull())
    problems = {problem.where: problem.what for problem in platform.problems}
    platform.pull()
    other = studio_of(studio, memory=platform.memory)
    other.pull()

    for number, (_, reason) in enumerate(WRONG):
        assert (
            reason
            in problems[f"mails, task {task_ids[str(number)]}, sample {number}, by {ann.email}"]
        )
    assert platform.problems == other.problems == _problems_of_a_first_pull(studio)
    for annotation in made:
        ann.change(annotation["id"], "spam")
    assert 1 + len(ids) == len(live_annotations(platform.pull()))
    assert () == platform.problems


def _problems_of_a_first_pull(server):
    fresh = studio_of(server)
    fresh.pull()
    return fresh.problems


def test_a_problem_ends_with_the_annotation_or_the_task_that_it_is_about(studio):
    ann = people(studio)[0]
    platform = pushed(studio, ["a", "b", "c"])
    task_ids = ids_of(studio)
    made = [ann.label(task_ids[ext_id], "spma") for ext_id in ("a", "b", "c")]
    platform.pull()
    assert 3 == len(platform.problems)
    ann.delete(made[0]["id"])
    studio.api("DELETE", f"/api/tasks/{task_ids['b']}/")
    platform.pull()

    assert [f"mails, task {task_ids['c']}, sample 'c', by {ann.email}"] == [
        problem.where for problem in platform.problems if "'spma'" in problem.what
    ]
    assert ["mails, samples 'b'"] == [
        problem.where for problem in platform.problems if "were deleted" in problem.what
    ]


def test_a_task_of_somebody_else_is_told_as_long_as_it_is_there(studio, no_overlap):
    ann = people(studio)[0]
    platform = pushed(studio, ["a"])
    project = project_id(studio)
    studio.api("POST", f"/api/projects/{project}/import", json=[{"data": {"text": "by hand"}}])
    (task,) = (task["id"] for task in studio.tasks(project) if "ext_id" not in task["data"])
    assert () == platform.pull() == platform.problems
    ann.label(task, "ham")

    assert () == platform.pull()
    (problem,) = platform.problems
    assert f"mails, task {task}" == problem.where
    assert (problem,) == _problems_of_a_first_pull(studio)
    studio.api("DELETE", f"/api/tasks/{task}/")
    platform.pull()
    assert () == platform.problems


def test_what_no_page_sends_stops_no_pull(studio):
    """Whoever annotates may send anything through the API; of others nothing is kept back by it."""
    ann, bob, *_ = people(studio)
    odd = [
        [item("ham"), {"from_name": "rationale", "type": "textarea", "value": {"text": 5}}],
        [item("ham", meta={"copied_from": "x"})],
        [item("ham", meta={"copied_from": [1]})],
        [item("ham", meta=5)],
    ]
    ids = list(range(len(odd) + 1))
    platform = pushed(studio, ids)
    task_ids = ids_of(studio)
    for number, result in enumerate(odd):
        ann.label(task_ids[str(number)], "ham", result=result, lead_time=-5)
    bob.label(task_ids["4"], "spam")
    studio.api("PATCH", f"/api/tasks/{task_ids['4']}/", json={"meta": {"sample_id": 4, "asked": 5}})
    annotations = platform.pull()

    expected = [(number, ann.email, "ham") for number in range(4)]
    assert [*expected, (4, bob.email, "spam")] == said_by(annotations)
    assert [None] * 4 + [1.5] == [
        annotation.lead_seconds
        for annotation in sorted(annotations, key=lambda annotation: annotation.sample_id)
    ]
    found = platform.annotated_tasks()
    read = label_studio_annotations(found.tasks, found.names)
    assert (5, {}) == (
        len(read.annotations),
        {k: n for k, n in read.left_out.items() if "form" in k},
    )
