"""What people said, what was asked and who was chosen are remembered exactly, on both databases."""

import dataclasses
import datetime

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

import labeling as lb
from labeling.errors import StoreError
from labeling.records import (
    Annotation,
    AskAgain,
    Batch,
    Escalation,
    GoldLabel,
    NewMessage,
    Problem,
    Verdict,
)
from labeling.store import STATES, Store
from labeling.store import database as database_module

WHEN = datetime.datetime(2026, 3, 1, 12, 30, 59, 123456, tzinfo=datetime.UTC)
HARD = [
    *("", " ", "'", '"', "\\", "%s", ":x", "?", "\0", "a\0b", "\ud800", "x\udfff", "😀", "\r\n"),
    *("\\json:", '\\json:"a"', "\\json:\0", "null", "NaN", "Robert'); DROP TABLE annotations;--"),
    *("\u202e", "é", "e\u0301", "\ufeff", "\uffff", "\U0010ffff", "a" * 10_000),
]
IDS = [1, "1", 0, "0", -1, "", "a", "\0", "\ud800", '"', "😀", 10**18, "null", "[1]", "1.0", True]
texts = st.sampled_from(HARD) | st.text(st.characters(codec=None), max_size=20)
ids = st.sampled_from(IDS[:-1]) | st.integers(-(2**70), 2**70) | texts
times = st.datetimes(timezones=st.just(datetime.UTC))
annotations = st.builds(
    Annotation,
    sample_id=ids,
    annotator=texts,
    label=st.none() | texts,
    created_at=times,
    updated_at=times,
    lead_seconds=st.none() | st.floats(allow_nan=False) | st.integers(0, 2**40),
    platform_id=texts,
    round=st.integers(0, 2**31 - 1),
    reviewer=st.booleans(),
    prelabel_shown=st.booleans(),
    prelabel=st.none() | texts,
    reason=texts,
)


def said(sample_id="a", annotator="ann", label="spam", second=0, **more):
    when = WHEN + datetime.timedelta(seconds=second)
    return Annotation(sample_id, annotator, label, when, when, **more)


def exactly(annotation):
    """Return an annotation's values, told apart by type where that counts: 1 is not "1"."""
    values = dataclasses.asdict(annotation)
    return {**values, "sample_id": (type(annotation.sample_id), annotation.sample_id)}


@given(lists=st.lists(annotations, max_size=8))
def test_the_ledger_gives_back_exactly_what_was_said(store, lists):
    """Whatever characters, ids and times; the same again is nothing new."""
    before = store.ledger.counts()[0]
    lists = [
        dataclasses.replace(one, platform_id=f"{before + number}{one.platform_id}")
        for number, one in enumerate(lists)
    ]
    news = store.ledger.append(lists)
    found = store.ledger.annotations()[before:]

    assert lists == list(news)
    assert [*map(exactly, lists)] == [*map(exactly, found)]
    assert () == store.ledger.append(lists)
    assert () == store.ledger.append(found)


def test_an_annotation_that_went_through_the_ledger_is_the_same_again(store):
    """Numbers of other types are the same numbers."""
    store.ledger.append([said(lead_seconds=3, round=1)])
    again = said(
        *(np.str_("a"), np.str_("ann"), np.str_("spam")),
        **{"lead_seconds": np.float32(3), "round": np.int64(1), "reviewer": np.bool_(False)},
    )

    assert () == store.ledger.append([again])
    assert () == store.ledger.append(store.ledger.annotations())


def test_ids_keep_their_type(store):
    """1 and "1" are two samples."""
    numbers = [said(1, label="ham"), said("1"), said(np.int64(2))]
    store.ledger.append(numbers)

    assert ["ham"] == [one.label for one in store.ledger.annotations([1])]
    assert ["spam"] == [one.label for one in store.ledger.annotations(["1"])]
    assert [1, "1", 2] == [one.sample_id for one in store.ledger.annotations()]


@pytest.mark.parametrize("bad", [1.0, None, True, ("a",), b"a", pd.Timestamp(0)])
def test_an_id_that_would_not_come_back_is_refused(store, bad):
    with pytest.raises(lb.LabelingError, match="texts or whole numbers"):
        store.ledger.append([said("a"), said(bad)])

    assert () == store.ledger.annotations()


@pytest.mark.parametrize("name", ["annotator", "label", "platform_id", "prelabel", "reason"])
def test_a_text_that_is_no_text_is_refused(store, name):
    """A label is kept by its name: what it means must not hang on an order."""
    with pytest.raises(lb.LabelingError, match=f"`{name}` of an annotation must be a text. Got 1"):
        store.ledger.append([said("a"), dataclasses.replace(said("b"), **{name: 1})])

    assert () == store.ledger.annotations()


def test_annotations_come_in_the_order_in_which_they_came(store):
    """By coming, and not by time or id; of some samples as of all."""
    first = [said(sample, second=-number) for number, sample in enumerate("zbya")]
    second = [said("b", "bob", second=-100), said("z", "bob", second=100)]
    store.ledger.append(first)
    store.ledger.append(second)

    assert (*first, *second) == store.ledger.annotations()
    assert (first[0], first[1], *second) == store.ledger.annotations(["b", "z", "nobody's"])


def test_the_same_said_twice_at_once_counts_once(store):
    one = said()

    assert (one,) == store.ledger.append([one, one])
    assert (1, 0, 1) == store.ledger.counts()


def test_a_change_of_mind_is_one_more(store):
    store.ledger.append([said(), said(label="ham", second=1), said(reviewer=True, annotator="rev")])

    assert (3, 1, 2) == store.ledger.counts()


def test_thousands_of_samples_are_found_in_one_call(store):
    """More ids than a database takes in one statement."""
    every = [said(number) for number in range(2 * database_module.IDS_PER_STATEMENT + 1)]
    store.ledger.append(every)

    assert tuple(every) == store.ledger.annotations(range(len(every)))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE annotations SET label = 'ham'",
        "UPDATE annotations SET number = number + 1",
        "DELETE FROM annotations",
        "DELETE FROM annotations WHERE number = 1",
        "TRUNCATE annotations",
        "INSERT OR REPLACE INTO annotations SELECT * FROM annotations",
        "INSERT INTO annotations SELECT * FROM annotations",
    ],
)
def test_the_database_itself_lets_nobody_change_the_ledger(store, statement):
    store.ledger.append([said(), said(label="ham", second=1)])
    before = store.ledger.annotations()
    words = statement.split()
    if store.database.is_sqlite and words[0] == "TRUNCATE":
        statement = "DELETE FROM annotations"  # SQLite's TRUNCATE
    if not store.database.is_sqlite and words[1] == "OR":
        statement = (
            "INSERT INTO annotations SELECT * FROM annotations"
            " ON CONFLICT (digest) DO UPDATE SET label = 'ham'"
        )

    engine = sa.create_engine(store.database.url)
    with pytest.raises(sa.exc.DBAPIError), engine.begin() as connection:
        connection.execute(sa.text(statement))
    engine.dispose()
    assert before == store.ledger.annotations()


def test_what_goes_wrong_in_a_transaction_leaves_nothing_behind(store):
    before = store.ledger.append([said()])

    def fails():
        with store.database.writing():
            store.ledger.append([said("b")])
            store.facts.put("fact", "1")
            raise KeyError

    with pytest.raises(KeyError):
        fails()

    assert before == store.ledger.annotations()
    assert store.facts.get("fact") is None
    store.facts.put("fact", "2")
    assert "2" == store.facts.get("fact")


def batch(*sample_ids, **columns):
    frame = {"stratum": "random", "score": 0.5, "reason": "why", "propensity": 0.1, **columns}
    return Batch(pd.DataFrame(frame, index=pd.Index(list(sample_ids), dtype=object)))


def choose(store, number, chosen, labels=("spam", 0.75)):
    held = dict.fromkeys(chosen.sample_ids, labels)
    digests = {one: f"digest of {one!a}" for one in chosen.sample_ids}
    about = {"strategy": "mixture", "seed": 7, "made_at": "2026-01-01"}
    store.batches.choose(number, chosen, held, digests, **about)


def test_a_batch_comes_back_as_it_was_chosen(store):
    chosen = batch(
        *(3, "3", "\ud800"),
        **{"score": [0.1, np.nan, 1.0], "propensity": [np.nan, 1 / 3, 1e-300]},
        **{"reason": ["a\0b", "😀", ""], "stratum": ["random", "margin", "random"]},
    )
    choose(store, 1, chosen, (None, 1 / 3))

    found = store.batches.batch(1)
    pd.testing.assert_frame_equal(chosen.to_frame(), found.to_frame(), check_exact=True)
    assert [3, "3", "\ud800"] == list(found.sample_ids)
    assert [None] * 3 == store.batches.frame()["model_label"].tolist()
    assert {3: 1, "3": 1} == store.batches.batch_of([3, "3", "unknown"])
    assert {3: "digest of 3"} == store.batches.text_digests([3, "unknown"])


def test_a_batch_that_was_not_pushed_is_replaced(store):
    choose(store, 1, batch("a", "b"))
    choose(store, 1, batch("b", "c", "d"))

    assert ["b", "c", "d"] == list(store.batches.batch(1).sample_ids)
    assert {"b": "chosen", "c": "chosen", "d": "chosen"} == store.batches.states()
    assert (1, "chosen") == store.batches.last()


def test_a_sample_is_chosen_once_in_all(store):
    """The database refuses a second batch with the same sample, and keeps the first."""
    choose(store, 1, batch("a", "b"))
    store.batches.set_state(1, "pushed")
    with pytest.raises(lb.LabelingError):
        choose(store, 2, batch("c", "a"))

    assert (1, "pushed") == store.batches.last()
    assert {"a": "asked", "b": "asked"} == store.batches.states()


def test_samples_are_asked_once_all_of_the_batch_is_pushed(store):
    assert (0, "pushed") == store.batches.last()
    choose(store, 1, batch("a", "b"))
    store.batches.set_state(1, "pushing")
    assert ("chosen", ()) == (store.batches.states()["a"], store.batches.asked())
    store.batches.set_state(1, "pushed")
    choose(store, 2, batch("c"))

    assert {"a": "asked", "b": "asked", "c": "chosen"} == store.batches.states()
    assert ("a", "b") == store.batches.asked()
    assert {**dict.fromkeys(STATES, 0), "asked": 2, "chosen": 1} == store.batches.counts()


def test_each_sample_has_the_state_of_its_verdict(store):
    choose(store, 1, batch("a", "b", "c", "d", "e", "f"))
    store.batches.set_state(1, "pushed")
    verdict = Verdict(
        (GoldLabel("a", "spam", "agreement"), GoldLabel("b", "a\0b", "review")),
        (AskAgain("c", 1, ("ann",)),),
        (Escalation("d", (), "they differ", "ham"),),
        ("e",),
    )
    store.batches.settle(verdict, {"a": 2, "d": 3})

    expected = {
        **{"a": "settled", "b": "reviewed", "c": "collecting"},
        **{"d": "escalated", "e": "unresolved", "f": "asked"},
    }
    assert expected == store.batches.states()
    settled = store.batches.settled()
    assert ("spam", 2) == (settled["a"]["label"], settled["a"]["heard"])
    assert "a\0b" == settled["b"]["label"]
    assert ("ham", 3) == (settled["d"]["model_label"], settled["d"]["heard"])
    later = Verdict((GoldLabel("d", "ham", "review"),), (), ())
    store.batches.settle(later, {"d": 3})
    assert {**expected, "d": "reviewed"} == store.batches.states()
    assert settled | {"d": store.batches.settled()["d"]} == store.batches.settled()


def test_a_verdict_on_a_sample_that_was_never_chosen_is_kept_too(store):
    """Annotations may come from anywhere."""
    store.batches.settle(Verdict((GoldLabel(7, "spam", "agreement"),), (), ()), {7: 2})

    assert {7: "settled"} == store.batches.states()


def test_many_verdicts_at_once(store):
    """More than a database takes in one statement."""
    count = 2 * database_module.IDS_PER_STATEMENT + 1
    gold = tuple(GoldLabel(number, "spam", "agreement") for number in range(count))
    store.batches.settle(Verdict(gold, (), ()), dict.fromkeys(range(count), 2))

    assert count == store.batches.counts()["settled"] == len(store.batches.settled())


def asks(store, *sample_ids, kind="ask", votes=2, barred=()):
    return store.outbox.add(NewMessage(kind, one, 1, votes, barred) for one in sample_ids)


def test_a_message_waits_until_it_is_confirmed(store):
    assert 3 == asks(store, 1, "1", "\ud800")
    asked = store.outbox.waiting("ask")
    assert [(1, 1), (2, "1"), (3, "\ud800")] == [(one.number, one.sample_id) for one in asked]
    assert () == store.outbox.waiting("escalate") == store.outbox.sent()

    store.outbox.begin(asked[:2])
    assert [True, True, False] == [one.begun for one in store.outbox.waiting("ask")]
    store.outbox.confirm({asked[0].key: "p\0-1"})
    assert ["1", "\ud800"] == [one.sample_id for one in store.outbox.waiting("ask")]
    assert (dataclasses.replace(asked[0], begun=False),) == store.outbox.sent()
    assert {"begun": 1, "sent": 1, "waiting": 1} == store.outbox.counts()


def test_what_is_confirmed_stays_confirmed(store):
    """Beginning it again, or confirming it again, changes nothing."""
    asks(store, "a")
    (message,) = store.outbox.waiting("ask")
    store.outbox.confirm({message.key: "first"})
    store.outbox.begin([message])
    store.outbox.confirm({message.key: "second"})

    assert ({"sent": 1}, ()) == (store.outbox.counts(), store.outbox.waiting("ask"))


def test_the_same_is_asked_once(store):
    """However often it is added; more votes after those asked for are another message."""
    assert [2, 0, 1] == [asks(store, *some) for some in (("a", "b", "a"), ("b", "a"), ("c", "a"))]
    again = [asks(store, "a", kind="ask again", votes=1, barred=("ann", "b\0b")) for _ in range(2)]

    # The first made three votes; a vote more after three is a new message.
    assert [1, 1] == again
    assert 4 == store.outbox.votes_asked(["a"])["a"]
    first, second = store.outbox.waiting("ask again")
    assert first.key != second.key
    assert ("ann", "b\0b") == first.not_annotators
    assert [1, 0] == [asks(store, "a", kind="escalate", votes=1) for _ in range(2)]


def test_votes_asked_leave_out_the_reviewer(store):
    asks(store, "a", "b")
    asks(store, "a", kind="ask again", votes=1)
    asks(store, "a", kind="escalate", votes=1)

    assert {"a": 3, "b": 2} == store.outbox.votes_asked(["a", "b", "c"])


def test_keys_are_different_for_different_samples(store):
    every = IDS[:-1]
    asks(store, *every)
    keys = {one.key for one in store.outbox.waiting("ask")}

    assert len(every) == len(keys)
    assert every == [one.sample_id for one in store.outbox.waiting("ask")]


def test_messages_are_numbered_over_many_adds(store):
    for some in ("qwe", "rty", "uiop"):
        asks(store, *some)
    found = store.outbox.waiting("ask")

    assert list(enumerate("qwertyuiop", start=1)) == [(one.number, one.sample_id) for one in found]


def test_a_run_is_done_failed_or_died(tmp_path, url):
    from labeling.store import Store

    store = Store(tmp_path / "memory", "test", url=url)
    with store.locked("apply", config_hash="c", code_version="1", seed=3) as run:
        run.outcome["votes"] = 7
        with run.stage("learn"):
            pass
    with pytest.raises(ValueError, match="wrong"), store.locked("fit"):
        raise ValueError("wrong")
    left = store.runs.record("query", config_hash="", code_version="", seed=0)
    left.__enter__()  # and it is killed here
    assert "running" == store.runs.recent(1)[0]["state"]
    with store.locked("query"):
        pass

    states = ["done", "failed", "died", "done"]
    assert states == [run["state"] for run in store.runs.recent()[::-1]]
    done, failed = store.runs.recent()[::-1][:2]
    assert ("done", "apply", {"votes": 7}) == (done["state"], done["verb"], done["outcome"])
    assert ("c", "1", 3, ["learn"]) == (
        *(done["config_hash"], done["code_version"], done["seed"]),
        list(done["seconds"]),
    )
    assert ("failed", {"error": "wrong"}) == (failed["state"], failed["outcome"])
    assert done["started_at"] < done["ended_at"] < failed["ended_at"]


def test_verbs_within_a_verb_are_one_run(store):
    with store.locked("inner"), store.locked("innermost"):
        pass

    assert ["test"] == [one["verb"] for one in store.runs.recent()]


def test_looks_standings_and_problems_are_remembered(store):
    assert [1, 2] == [store.facts.log_test_look({"n": 5}), store.facts.log_test_look({"n": 6})]
    store.facts.log_quality(10, 8, 2, 4, {"dev": {"value": 0.1}})
    store.facts.log_quality(5, 5, 0, 1, {})
    store.facts.log_quality(10, 9, 1, 3, {})
    store.facts.set_problems([Problem("a.csv, row 2", "no\0good"), Problem("b", "c")])

    assert [{"n": 5}, {"n": 6}] == [one["about"] for one in store.facts.test_looks()]
    assert [(5, 1), (10, 3)] == [
        (one["annotations"], one["gold"]) for one in store.facts.quality_log()
    ]
    assert (Problem("a.csv, row 2", "no\0good"), Problem("b", "c")) == store.facts.problems()
    store.facts.set_problems([])
    assert () == store.facts.problems()


def test_a_store_that_cannot_be_looked_at_is_not_taken_for_an_empty_one(tmp_path):
    store = Store(tmp_path / ("x" * 300), "project")

    with pytest.raises(StoreError, match="must be readable"):
        store.ready()
