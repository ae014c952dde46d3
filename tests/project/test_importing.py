"""Annotations made before we came become votes of their authors and gold labels, each once."""

import json

import pandas as pd
import pytest

from labeling.annotation_files import read_annotations
from labeling.errors import DataError, PlatformError
from labeling.project import Project
from tests.support.in_process import run
from tests.support.killing import FILES, make_project
from tests.support.studio_loop import people

TEXTS = {"c0": "free cash", "c1": "hi there", "c2": "press today"}


@pytest.fixture
def folder(tmp_path):
    return make_project(tmp_path / "p", platform=FILES)


@pytest.fixture
def its(folder):
    return Project(folder / "project.yaml")


def written(folder, rows, name="export.jsonl", as_array=False):
    path = folder / name
    text = json.dumps(rows) if as_array else "\n".join(map(json.dumps, rows))
    path.write_text(text, encoding="utf-8")
    return path


def choice(label, control="verdict", **more):
    value = {"choices": [label] if isinstance(label, str) else label}
    return {"from_name": control, "to_name": "text", "type": "choices", "value": value, **more}


def annotation(number, by, *result, **more):
    when = f"2026-01-0{number}T10:00:00.000000Z"
    about = {"id": number, "completed_by": by, "created_at": when, "updated_at": when}
    return {**about, "lead_time": 2.5, "was_cancelled": False, "result": list(result), **more}


def task(number, data, *annotations):
    return {"id": number, "project": 7, "data": data, "annotations": list(annotations)}


def said(its):
    return sorted(
        (annotation.sample_id, annotation.annotator, annotation.label)
        for annotation in its.store.ledger.annotations()
    )


def tasks():
    rating = {"from_name": "stars", "type": "rating", "value": {"rating": 4}}
    span = {"from_name": "spans", "type": "labels", "value": {"labels": ["x"], "start": 0}}
    return [
        task(1, {"body": "a", "key": "c0"}, annotation(1, 3, choice("spam"), rating, span)),
        task(
            2,
            {"body": "b", "key": "c1"},
            annotation(2, {"email": "bob@example.com"}, choice("ham"), choice("x", "mood")),
            annotation(3, 3, choice("spam"), was_cancelled=True),
        ),
        task(3, {"body": "c", "key": "c2"}, annotation(4, 3, choice("news"), ground_truth=True)),
        task(4, {"body": "d", "key": "nobody"}, annotation(5, 3, choice("ham"))),
        task(5, {"body": "e"}, annotation(6, 3, choice("ham"))),
        task(6, {"body": "f", "key": "c3"}, annotation(7, 3, choice("eggs"))),
        task(7, {"body": "g", "key": "c4"}, annotation(8, 3, choice(["ham", "spam"]))),
        {**task(8, {"key": "c5"}, annotation(9, 3, choice("ham", meta={"decision": "1/2/3"})))},
    ]


LEFT_OUT = {
    "annotations of no sample of this project": 1,
    "annotations without the field to match them by": 1,
    "annotations with several labels": 1,
    "annotations without a label of this project ('eggs')": 1,
    "choices of control 'mood'": 1,
    "decisions that were written back from here": 1,
    "labels of control 'spans'": 1,
    "rating of control 'stars'": 1,
}


@pytest.mark.parametrize("as_array", [True, False])
def test_a_label_studio_export_becomes_votes_and_gold_once(its, tmp_path, as_array):
    path = written(tmp_path, tasks(), as_array=as_array)
    foreseen = its.import_annotations(path, dry_run=True)
    assert not its.store.ready()
    found = its.import_annotations(path)
    again = Project(its.config.root / "project.yaml").import_annotations(path)

    assert (foreseen.votes, foreseen.gold) == (found.votes, found.gold)
    assert "label-studio file 'export.jsonl'" == found.source
    assert [
        ("c0", "user 3", "spam"),
        ("c1", "bob@example.com", "ham"),
        ("c1", "user 3", None),
    ] == said(its)
    assert {"c2": "news"} == found.gold
    assert LEFT_OUT == found.left_out == again.left_out
    assert ((), {}, 4) == (again.votes, again.gold, again.already_stored)
    vote = found.votes[0]
    assert ("2026-01-01T10:00:00+00:00", 2.5) == (vote.created_at.isoformat(), vote.lead_seconds)


def test_imported_gold_is_given_like_that_of_the_config(its, tmp_path):
    its.import_annotations(written(tmp_path, tasks()))
    again = Project(its.config.root / "project.yaml")

    gold = {**again.data.dev.to_dict(), **again.data.test_gold.to_dict()}
    assert {"c2": "news"} == gold


def test_people_of_a_source_can_be_named(its, tmp_path):
    path = written(tmp_path, tasks())
    found = its.import_annotations(path, authors={"user 3": "ann@example.com"})

    assert {"ann@example.com", "bob@example.com"} == {
        annotation.annotator for annotation in found.votes
    }


def test_what_changed_since_is_news_and_what_is_older_is_not(its, tmp_path):
    old = [task(1, {"key": "c0"}, annotation(1, 3, choice("spam")))]
    new = [task(1, {"key": "c0"}, annotation(1, 3, choice("ham"), updated_at="2026-02-01T00:00Z"))]
    counts = [
        len(its.import_annotations(written(tmp_path, rows)).votes) for rows in (old, new, old, new)
    ]

    assert [1, 1, 0, 0] == counts
    assert ["ham"] == [
        annotation.label for annotation in its.people.current_annotations(its.samples)
    ]


def test_gold_labels_that_contradict_each_other_are_told_and_not_taken(its, tmp_path):
    rows = [
        task(
            *(1, {"key": "c0"}),
            annotation(1, 3, choice("spam"), ground_truth=True),
            annotation(2, 4, choice("ham"), ground_truth=True),
        )
    ]
    found = its.import_annotations(written(tmp_path, rows))

    assert {} == found.gold
    assert "'spam' in task 1, annotation 1, 'ham' in task 1, annotation 2" in found.problems[0].what


def texts_of(its):
    return its.samples["text"].to_dict()


def test_samples_are_found_by_exact_text_and_nothing_is_guessed(tmp_path):
    folder = make_project(tmp_path / "p", platform=FILES)
    frame = pd.read_parquet(folder / "comments.parquet")
    frame.loc[[1, 2], "text"] = "the same"
    frame.to_parquet(folder / "comments.parquet")
    its = Project(folder / "project.yaml")
    rows = [
        task(1, {"body": frame["text"][0]}, annotation(1, 3, choice("spam"))),
        task(2, {"body": "the same"}, annotation(2, 3, choice("spam"))),
        task(3, {"body": frame["text"][0] + " "}, annotation(3, 3, choice("spam"))),
    ]
    found = its.import_annotations(written(tmp_path, rows), by_text=True)

    assert [("c0", "user 3", "spam")] == said(its)
    assert 1 == found.left_out["annotations of texts that several samples have"]
    assert "samples 'c1', 'c2'" == found.problems[0].where
    assert 1 == found.left_out["annotations of no sample of this project"]


def test_a_field_that_is_not_there_is_an_error_that_names_those_that_are(its, tmp_path):
    path = written(tmp_path, [task(1, {"body": "x", "nr": 1}, annotation(1, 3, choice("ham")))])
    for by in (None, "key2"):
        with pytest.raises(DataError, match=r"there are 'body', 'nr'.*by_text"):
            its.import_annotations(path, by=by)


def test_several_controls_with_the_labels_must_be_told_apart(its, tmp_path):
    row = annotation(1, 3, choice("ham", "first"), choice("spam", "second"))
    path = written(tmp_path, [task(1, {"key": "c0"}, row)])
    with pytest.raises(DataError, match="'first', 'second'"):
        its.import_annotations(path)
    with pytest.raises(DataError, match="Did you mean 'second'"):
        its.import_annotations(path, control="secnd")
    its.import_annotations(path, control="second")

    assert [("c0", "user 3", "spam")] == said(its)


DOCCANO = [
    {"id": 1, "text": "x", "label": ["spam"], "Comments": ["clear"], "key": "c0"},
    {"id": 2, "text": "y", "label": [], "Comments": [], "key": "c1"},
    {"id": 3, "text": "z", "label": ["ham", "spam"], "key": "c2"},
    {"id": 4, "text": "w", "labels": ["news"], "meta": {"key": "c3"}, "annotation_approver": "eve"},
    {"id": 5, "text": "v", "label": [[0, 1, "spam"]], "key": "c4"},
    {"id": 6, "text": "u", "annotations": [{"label": 2, "user": 1}], "key": "c5"},
]


def test_doccano_s_lines_are_the_votes_of_one_person_who_must_be_named(its, tmp_path):
    path = written(tmp_path, DOCCANO, "ann.jsonl")
    nobody = its.import_annotations(path, dry_run=True)
    found = its.import_annotations(path, annotator="ann")
    bob = its.import_annotations(written(tmp_path, DOCCANO, "bob.jsonl"), annotator="bob")
    again = its.import_annotations(path, annotator="ANN ")

    assert "doccano file 'ann.jsonl'" == found.source
    assert (
        1
        == nobody.left_out[
            "annotations whose source does not say who made them (name the annotator)"
        ]
    )
    assert [("c0", "ann", "spam"), ("c0", "bob", "spam"), ("c3", "eve", "news")] == said(its)
    assert "clear" == found.votes[0].reason
    assert (2, 1, 0) == (len(found.votes), len(bob.votes), len(again.votes))
    assert {
        "annotations with several labels": 1,
        "labels that are given by number (export with texts of labels)": 1,
        "spans": 1,
        "texts without a label": 1,
    } == found.left_out


def prodigy(key, who, when=1_700_000_000, **more):
    about = {"text": key, "_input_hash": 1, "_task_hash": hash_of(key), "_view_id": "choice"}
    return {**about, "meta": {"key": key}, "_annotator_id": who, "_timestamp": when, **more}


def hash_of(key):
    return sum(map(ord, key))


OPTIONS = [{"id": name, "text": name} for name in ("ham", "spam", "news")]


def test_prodigy_s_answers_are_votes_skips_and_what_they_reject_is_counted(its, tmp_path):
    rows = [
        prodigy("c0", "mails-ann", options=OPTIONS, accept=["spam"], answer="accept"),
        prodigy("c0", "mails-bob", options=OPTIONS, accept=["ham"], answer="accept"),
        prodigy("c1", "mails-ann", options=OPTIONS, accept=[], answer="ignore"),
        prodigy("c2", "mails-ann", label="news", answer="accept"),
        prodigy("c3", "mails-ann", label="news", answer="reject"),
        prodigy("c4", "mails-ann", spans=[{"start": 0, "end": 2, "label": "x"}], answer="accept"),
        prodigy("c5", "mails-2026-01-01_10-00-00", label="ham", answer="accept"),
        prodigy("c6", "mails-ann", accept=["ham", "spam"], answer="accept"),
        prodigy("c7", "mails-ann", label="ham", answer="accept", versions=[{}]),
    ]
    path = written(tmp_path, rows)
    found = its.import_annotations(path)
    again = its.import_annotations(path)

    assert "prodigy file 'export.jsonl'" == found.source
    assert [
        *[("c0", "mails-ann", "spam"), ("c0", "mails-bob", "ham")],
        *[("c1", "mails-ann", None), ("c2", "mails-ann", "news")],
    ] == said(its)
    assert 2023 == found.votes[0].created_at.year
    assert ((), 4) == (again.votes, again.already_stored)
    assert {
        "annotations whose source does not say who made them (name the annotator)": 1,
        "annotations with several labels": 1,
        "answers that reject a label (they do not say which one is right)": 1,
        "reviews of others' answers": 1,
        "spans": 1,
    } == found.left_out


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "It is empty"),
        (b"[]", "It is empty"),
        (b"\xff\xfe\x00", "text in UTF-8"),
        (b'{"id": 1, "text": "x", "label": ["ham"]}\n{"te', "line 2 must be JSON"),
        (b"[1, 2]", "must hold JSON objects"),
        (b"[" * 100_000, "must be JSON"),
        (b'{"text": "x", "other": 1}', "has the keys 'text', 'other'"),
        (b'{"data": {"text": 1}, "annotations": [{"result": 5}]}', "something else in it"),
        (b'{"data": {}, "annotations": [1]}', "something else in it"),
    ],
)
def test_what_is_no_export_is_an_error_and_nothing_is_taken(content, said, its, tmp_path):
    (tmp_path / "f.jsonl").write_bytes(content)
    with pytest.raises(DataError, match=said):
        its.import_annotations(tmp_path / "f.jsonl")
    assert not its.store.ready() or not its.store.ledger.annotations()


def test_a_format_that_is_not_known_names_the_near_one(tmp_path):
    with pytest.raises(DataError, match="Did you mean 'doccano'"):
        read_annotations(written(tmp_path, DOCCANO), "docano")
    with pytest.raises(DataError, match="must have `data` and `annotations`"):
        read_annotations(written(tmp_path, DOCCANO), "label-studio")


def test_votes_on_the_locked_test_split_are_left_out(tmp_path):
    folder = make_project(tmp_path / "p", platform=FILES)
    config = folder / "project.yaml"
    frame = pd.read_parquet(folder / "comments.parquet")
    frame.assign(truth=["ham", "spam"] * 20).to_parquet(folder / "comments.parquet")
    config.write_text(
        config.read_text(encoding="utf-8").replace("id: key}", "id: key, gold: truth}"), "utf-8"
    )
    its = Project(config)
    locked, free = its.data.test.index[0], its.samples.index[0]
    rows = [
        task(number, {"key": own}, annotation(number, 3, choice("ham")))
        for number, own in enumerate((locked, free), start=1)
    ]
    found = its.import_annotations(written(tmp_path, rows))

    assert [free] == [annotation.sample_id for annotation in found.votes]
    assert 1 == found.left_out["annotations of samples in the locked test split"]


def labeling(folder, *arguments):
    return run(folder, "-c", "project.yaml", *arguments)


def test_gold_labels_of_samples_with_imported_votes_are_never_locked(its, tmp_path):
    starred = {"ground_truth": True}
    both = [
        task(
            number,
            {"key": f"c{number}"},
            annotation(number + 1, 3, choice("ham")),
            annotation(number + 11, 4, choice("ham"), **starred),
        )
        for number in range(9)
    ]
    for each in both:  # days of January have one digit in `annotation`
        each["annotations"][1]["created_at"] = each["annotations"][0]["created_at"]
        each["annotations"][1]["updated_at"] = each["annotations"][0]["updated_at"]
    found = its.import_annotations(written(tmp_path, both, as_array=True))
    data = Project(its.config.root / "project.yaml").data
    assert 9 == len(found.gold) == len(found.votes)
    assert 0 == len(data.test_gold)
    assert set(found.gold) == set(data.dev.index)


def test_the_command_line_says_what_it_took_and_what_not(folder, tmp_path):
    path = written(tmp_path, tasks())
    foreseen = labeling(folder, "import", path, "--dry-run")
    done = labeling(folder, "import", path, "--author", "user 3=ann@example.com")
    again = labeling(folder, "import", path, "--json")
    wrong = labeling(folder, "import", path, "--by", "key", "--by-text")

    assert (0, 0, 0, 2) == tuple(one.returncode for one in (foreseen, done, again, wrong))
    assert "3 votes or skips of 2 people and 1 gold label would be new" in foreseen.stdout
    assert "Nothing was changed" in foreseen.stderr
    assert "3 votes or skips of 2 people and 1 gold label new; 0 were already stored" in done.stdout
    assert "Left out: 1 rating of control 'stars'." in done.stdout
    assert "Next: labeling review" in done.stderr
    (found,) = json.loads(again.stdout)
    assert (0, 0, 4, LEFT_OUT) == (
        *(found["new"], found["gold"], found["known"], found["left_out"]),
    )


OTHER_CONFIG = (
    '<View><Text name="body" value="$body"/><Choices name="verdict" toName="body">'
    '<Choice value="ham"/><Choice value="spam"/><Choice value="news"/></Choices>'
    '<Rating name="stars" toName="body"/></View>'
)


def test_a_project_of_the_server_is_imported_and_left_as_it_is(studio, tmp_path, monkeypatch):
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", studio.token)
    section = f"label_studio: {{url: '{studio.url}', project: mails}}\n"
    folder = make_project(tmp_path / "p", platform=section)
    its = Project(folder / "project.yaml")
    texts = texts_of(its)
    about = {"title": "old mails", "label_config": OTHER_CONFIG}
    own = studio.api("POST", "/api/projects/", json=about)["id"]
    sent = [{"data": {"body": texts[key], "nr": key}} for key in ("c0", "c1", "c2")]
    studio.api("POST", f"/api/projects/{own}/import", json=sent)
    ann, bob = people(studio)[:2]
    first, second, third = sorted(task["id"] for task in studio.tasks(own))
    where = {"from_name": "verdict", "to_name": "body"}
    ann.label(first, "spam", **where)
    bob.label(first, "ham", **where)
    bob.skip(second)
    ann.label(third, "news", ground_truth=True, **where)
    before = studio.tasks(own), studio.api("GET", f"/api/projects/{own}/")["label_config"]

    foreseen = labeling(
        folder, "studio", "import", "--project", "old mails", "--by", "nr", "--dry-run"
    )
    found = its.import_annotations(project="old mails", by="nr")
    by_text = its.import_annotations(project=own, by_text=True)

    assert "Label Studio project 'old mails'" in foreseen.stdout, foreseen.stderr
    assert [("c0", ann.email, "spam"), ("c0", bob.email, "ham"), ("c1", bob.email, None)] == said(
        its
    )
    assert {"c2": "news"} == found.gold
    assert ((), {}, 4) == (by_text.votes, by_text.gold, by_text.already_stored)
    assert before == (
        studio.tasks(own),
        studio.api("GET", f"/api/projects/{own}/")["label_config"],
    )
    exported = studio.api("GET", f"/api/projects/{own}/export?exportType=JSON")
    again = its.import_annotations(written(tmp_path, exported), by="nr")
    assert ((), 4) == (again.votes, again.already_stored)
    with pytest.raises(PlatformError, match="Did you mean 'old mails'"):
        its.import_annotations(project="old mail")


def test_what_has_another_form_is_counted_and_keeps_nothing_back(its, tmp_path):
    good = annotation(1, 3, choice("spam"))
    odd = [
        {**annotation(2, 4, choice("ham")), "result": 5},
        5,
        annotation(3, 5, choice("ham", meta=5), {"type": "textarea", "value": {"text": 5}}),
        annotation(4, 6, choice("ham"), lead_time=-1, created_at="0001-01-01T00:00:00+14:00"),
        annotation(5, 7, choice("ham"), lead_time=10**400, updated_at="9999-12-31T23:59:59-14:00"),
    ]
    rows = [task(1, {"key": "c0"}, good), {**task(2, {"key": "c1"}, *odd), "predictions": 3}]
    found = its.import_annotations(written(tmp_path, rows))
    named = "objects that have another form than the tool writes ('one of task 2', 'one of task 2')"
    assert 2 == found.left_out[named]
    assert [("c0", "user 3"), ("c1", "user 5"), ("c1", "user 6"), ("c1", "user 7")] == [
        (annotation.sample_id, annotation.annotator) for annotation in found.votes
    ]
    assert [2.5, 2.5, None, None] == [annotation.lead_seconds for annotation in found.votes]

    line = {"id": 1, "text": "x", "key": "c2", "label": ["ham"]}
    rows = [line, {**line, "label": 3}, {**line, "id": 2, "meta": "a text"}]
    found = its.import_annotations(written(tmp_path, rows), annotator="ann", dry_run=True)
    assert 2 == len(found.votes)
    assert ["objects that have another form than the tool writes ('line 2')"] == list(
        found.left_out
    )
    accepted = {"accept": ["ham"], "answer": "accept"}
    rows = [
        prodigy("c3", "ann", **accepted),
        prodigy("c4", "ann", **accepted, options=[{"id": []}]),
    ]
    found = its.import_annotations(written(tmp_path, rows), dry_run=True)
    assert 1 == len(found.votes) == len(found.left_out)


@pytest.mark.parametrize("is_at_once", [True, False])
def test_the_same_numbers_of_two_servers_are_two_people_s_votes(is_at_once, its, tmp_path):
    first = task(1, {"key": "c0"}, annotation(1, "ann", choice("spam")))
    later = {"created_at": "2026-02-01T10:00:00Z", "updated_at": "2026-02-01T10:00:00Z"}
    second = task(1, {"key": "c0"}, annotation(1, "bob", choice("ham"), **later))
    for rows in [[first, second]] if is_at_once else [[first], [second], [first], [second]]:
        its.import_annotations(written(tmp_path, rows))
    again = its.import_annotations(written(tmp_path, [second, first]))

    assert [("c0", "ann", "spam"), ("c0", "bob", "ham")] == said(its)
    assert ((), 2) == (again.votes, again.already_stored)


def test_annotations_without_ids_are_their_authors_votes(its, tmp_path):
    made = [{"completed_by": who, "result": [choice(label)]} for who, label in VOTES_OF_TWO]
    rows = [{"data": {"key": key}, "annotations": made} for key in ("c0", "c1")]
    its.import_annotations(written(tmp_path, rows))
    again = its.import_annotations(written(tmp_path, rows))

    assert [(key, who, label) for key in ("c0", "c1") for who, label in VOTES_OF_TWO] == said(its)
    assert ((), 4) == (again.votes, again.already_stored)


VOTES_OF_TWO = (("ann", "spam"), ("bob", "ham"))


def test_a_deep_object_is_refused_by_its_line(its, tmp_path):
    deep = '{"id": 1, "text": "x", "label": ["ham"], "meta": ' + "[" * 400 + "]" * 400 + "}"
    (tmp_path / "f.jsonl").write_text(f'{{"id": 1, "text": "x", "label": ["ham"]}}\n{deep}')
    with pytest.raises(DataError, match="line 2 must be JSON"):
        its.import_annotations(tmp_path / "f.jsonl")


def test_what_an_import_brought_to_the_source_is_nobody_s_second_vote(its, tmp_path):
    """As the server writes it: `import_id` is the earlier id, `updated_by` who saved it since."""
    rows = [
        task(1, {"key": "c0"}, annotation(1, 3, choice("spam"), updated_by=3, import_id=None)),
        task(2, {"key": "c0"}, annotation(2, 9, choice("spam"), updated_by=None, import_id=1)),
        task(3, {"key": "c1"}, annotation(3, 4, choice("ham"), updated_by=4, import_id=1)),
        task(
            4,
            {"key": "c2"},
            annotation(4, 9, choice("ham"), updated_by=None, import_id=80),
            annotation(5, 9, choice("spam"), updated_by=None, import_id=81),
        ),
        task(5, {"key": "c3"}, annotation(6, 5, choice("ham"), updated_by=None, import_id=2)),
    ]
    found = its.import_annotations(written(tmp_path, rows))

    assert [("c0", "user 3", "spam"), ("c1", "user 4", "ham"), ("c3", "user 5", "ham")] == said(its)
    assert {
        "annotations that were imported without their authors, several of a task in one name": 2,
        "copies of other annotations, which an import brought": 1,
    } == found.left_out


def test_what_reviewers_decided_is_no_vote(its, tmp_path):
    data = {"text": "x", "ext_id": "c0", "votes": "spam: 1, ham: 1", "why": "conflict"}
    asked = {**task(1, data, annotation(1, 3, choice("spam"))), "meta": {"sample_id": "c0"}}
    theirs = task(2, {"key": "c1", "ext_id": "c1"}, annotation(2, 4, choice("ham")))
    found = its.import_annotations(written(tmp_path, [asked, theirs]), by="ext_id")

    assert [("c1", "user 4", "ham")] == said(its)
    assert [1] == list(found.left_out.values())
