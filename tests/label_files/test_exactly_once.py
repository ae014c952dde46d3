"""Whatever happens while files are written, each question stands in them exactly once."""

import collections
import dataclasses
import itertools
import json
import os
import subprocess
import sys
import textwrap

import pandas as pd
import pytest

import labeling as lb
from labeling.label_files import LabelFiles
from labeling.records import AskAgain, Batch, Escalation, Message

SCHEMA = lb.LabelSchema(["ham", "spam"])
SAMPLES = pd.DataFrame({"text": [f"comment {i}" for i in range(12)]}, index=range(12))
BATCH = Batch(pd.DataFrame({"stratum": "random"}, index=SAMPLES.index))
PEOPLE = ("ann", "bob", "cy")


class Outbox:
    """What waits, in memory or in a file."""

    def __init__(self, messages):
        self.messages = {message.key: message for message in messages}
        self.sent = {}
        self.begun = set()

    def waiting(self, kind):
        return tuple(
            dataclasses.replace(message, begun=message.key in self.begun)
            for message in self.messages.values()
            if message.kind == kind and message.key not in self.sent
        )

    def begin(self, messages):
        self.begun |= {message.key for message in messages}

    def confirm(self, platform_ids):
        self.sent |= platform_ids


def asks(kind="ask", **changes):
    settings = {"kind": kind, "batch": 3, "votes": 2, **changes}
    return [Message(i + 1, f'{kind}: "{i}"', sample_id=i, **settings) for i in SAMPLES.index]


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def rows_there(folder):
    """Return how often each question stands there for each person."""
    rows = [
        json.loads(line)
        for path in folder.glob("*.jsonl")
        for line in path.read_text("utf-8").splitlines()
    ]
    return collections.Counter((row["sample_id"], row["annotator"]) for row in rows)


def files_in(folder, **settings):
    return LabelFiles(folder, SCHEMA, **{"kind": "jsonl", "annotators": PEOPLE, **settings})


CHILD = textwrap.dedent("""
    import json, os, sys
    import pandas as pd
    import labeling as lb
    from labeling.label_files import LabelFiles
    from labeling.records import Batch, Message

    folder, moment = sys.argv[1], sys.argv[2]
    renamed = 0

    def at(what):
        if what == moment:
            os._exit(9)

    def watch(event, arguments):
        global renamed
        if event == "os.rename":
            renamed += 1
            at(f"file {renamed}")

    class Outbox:
        def waiting(self, kind):
            return tuple(Message(**one) for one in json.loads(sys.argv[3]))

        def begin(self, messages):
            at("begin")
            sys.addaudithook(watch)

        def confirm(self, platform_ids):
            at("confirm")

    samples = pd.DataFrame({"text": [f"comment {i}" for i in range(12)]}, index=range(12))
    batch = Batch(pd.DataFrame({"stratum": "random"}, index=samples.index))
    files = LabelFiles(
        folder, lb.LabelSchema(["ham", "spam"]), kind="jsonl", annotators=["ann", "bob", "cy"]
    )
    files.push(batch, samples, outbox=Outbox())
""")


@pytest.mark.parametrize("moment", ["begin", "file 1", "file 2", "file 3", "file 4", "confirm"])
def test_a_push_that_was_killed_ends_the_same_when_repeated(tmp_path, moment):
    messages = json.dumps([dataclasses.asdict(one) for one in asks()])
    folder = tmp_path / "killed"
    done = subprocess.run([sys.executable, "-c", CHILD, str(folder), moment, messages], check=False)
    assert 9 == done.returncode
    outbox = Outbox(asks())
    outbox.begin(asks())
    files_in(folder).push(BATCH, SAMPLES, outbox=outbox)
    unharmed = Outbox(asks())
    files_in(tmp_path / "unharmed").push(BATCH, SAMPLES, outbox=unharmed)

    left = {name: text for name, text in contents(folder).items() if not name.endswith(".part")}
    assert contents(tmp_path / "unharmed") == left
    assert unharmed.sent == outbox.sent
    assert () == outbox.waiting("ask")


@pytest.mark.parametrize("kind", ["csv", "xlsx", "jsonl"])
def test_any_file_that_is_missing_is_written_again_and_no_other(tmp_path, kind):
    files_in(tmp_path, kind=kind).push(BATCH, SAMPLES, outbox=Outbox(asks()))
    whole = contents(tmp_path)
    names = sorted(name for name in whole if name.endswith(kind))
    times = {name: (tmp_path / name).stat().st_mtime_ns for name in names}
    for gone in itertools.chain.from_iterable(itertools.combinations(names, n) for n in range(4)):
        for name in gone:
            (tmp_path / name).unlink()
        outbox = Outbox(asks())
        files_in(tmp_path, kind=kind).push(BATCH, SAMPLES, outbox=outbox)

        assert set(names) == {name for name in contents(tmp_path) if name.endswith(kind)}
        assert 12 == len(outbox.sent)
        assert all(
            (tmp_path / name).stat().st_mtime_ns == times[name] for name in set(names) - set(gone)
        )
        assert whole == contents(tmp_path)
        times = {name: (tmp_path / name).stat().st_mtime_ns for name in names}


def test_a_file_that_was_renamed_and_filled_in_is_found(tmp_path):
    files_in(tmp_path, annotators=()).push(BATCH, SAMPLES, outbox=Outbox(asks()))
    path = tmp_path / "batch-003.jsonl"
    path.write_text(path.read_text("utf-8").replace('"label": ""', '"label": "ham"', 5), "utf-8")
    path.rename(tmp_path / "mine.jsonl")
    before = contents(tmp_path)
    outbox = Outbox(asks())
    files_in(tmp_path, annotators=()).push(BATCH, SAMPLES, outbox=outbox)

    assert before == contents(tmp_path)
    assert {"mine.jsonl"} == set(outbox.sent.values())


def test_what_was_begun_is_not_repeated_while_a_file_cannot_be_read(tmp_path):
    (tmp_path / "half.xlsx").write_bytes(b"half a file")
    outbox = Outbox(asks())
    outbox.begin(asks())
    with pytest.raises(
        lb.LabelingError, match=r"12 samples were asked before. Not so: 'half.xlsx'"
    ):
        files_in(tmp_path).push(BATCH, SAMPLES, outbox=outbox)

    assert ["half.xlsx"] == os.listdir(tmp_path)


def test_a_name_that_is_taken_is_left_alone(tmp_path):
    (tmp_path / "batch-003.jsonl").write_text('{"something": "else"}')
    files_in(tmp_path, annotators=()).push(BATCH, SAMPLES, outbox=Outbox(asks()))

    assert '{"something": "else"}' == (tmp_path / "batch-003.jsonl").read_text()
    assert (tmp_path / "batch-003-2.jsonl").is_file()


def test_people_who_join_in_between_change_nothing_that_was_dealt(tmp_path):
    files_in(tmp_path).push(BATCH, SAMPLES, outbox=Outbox(asks()))
    (tmp_path / "batch-003.bob.jsonl").unlink()
    kept = rows_there(tmp_path)
    files_in(tmp_path, annotators=("ann", "cy", "dora")).push(BATCH, SAMPLES, outbox=Outbox(asks()))
    there = rows_there(tmp_path)

    assert kept.items() <= there.items()
    assert {2} == set(collections.Counter(one for one, _ in there).values())
    assert {1} == set(there.values())


def test_what_is_confirmed_names_the_files(tmp_path):
    outbox = Outbox(asks())
    files_in(tmp_path, annotators=("ann", "bob")).push(BATCH, SAMPLES, outbox=outbox)

    assert {"batch-003.ann.jsonl, batch-003.bob.jsonl"} == set(outbox.sent.values())


def test_who_nobody_may_answer_waits(tmp_path):
    messages = asks()
    messages[0] = dataclasses.replace(messages[0], not_annotators=PEOPLE)
    outbox = Outbox(messages)
    files = files_in(tmp_path)
    files.push(BATCH, SAMPLES, outbox=outbox)

    assert [0] == [message.sample_id for message in outbox.waiting("ask")]
    assert "(1 has nobody, and waits)" in files.problems[0].what


def test_asking_again_and_escalating_go_through_the_outbox_too(tmp_path):
    outbox = Outbox(asks())
    files_in(tmp_path, votes_per_sample=1).push(BATCH, SAMPLES, outbox=outbox)
    more = Outbox(
        [*asks(kind="ask again", votes=1, not_annotators=("ann",)), *asks(kind="escalate")]
    )
    pending = [AskAgain(one, 1, ("ann",)) for one in (3, 4)]
    votes = [Escalation(one, (), "no majority") for one in (5, 6)]
    for _ in range(2):
        files = files_in(tmp_path, annotators=(*PEOPLE, "dora", "eve"))
        files.ask_again(pending, outbox=more)
        files.escalate(votes, SAMPLES, outbox=more)

    assert 2 == len(list(tmp_path.glob("batch-003-more-4.*.jsonl")))
    assert ["review-6.jsonl"] == [path.name for path in tmp_path.glob("review*")]
    assert 4 == len(more.sent)


def test_without_an_outbox_a_sample_is_asked_once(tmp_path):
    for ids in (range(6), range(6), range(3, 12)):
        files_in(tmp_path).push(Batch(BATCH.frame.loc[list(ids)]), SAMPLES)

    assert {1} == set(rows_there(tmp_path).values())
    assert 24 == len(rows_there(tmp_path))
    assert "batch-002.ann.jsonl" in os.listdir(tmp_path)
