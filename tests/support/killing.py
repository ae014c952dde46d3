"""Processes that are killed in the middle of their work, and what they leave behind.

Run as a script it is a nursery: it has imported everything, and forks a child for each job that it
reads. A child counts what it writes, and kills itself at the n-th write, before it is done.
"""

import collections
import contextlib
import csv
import dataclasses
import gc
import hashlib
import json
import os
import queue
import random
import re
import resource
import select
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import sqlalchemy as sa

URL = "LABELING_STORE_URL"
CORES = 2
CLOCK = {"made_at", "at"}  # columns of clock times
HASHED_CLOCK = {"digest", "previous"}  # columns of events that depend on the clock
RULES = """
from labeling.functions import keywords, regex

offers = keywords("offers", ["free", "win", "cash"], label="spam")
greets = keywords("greets", ["hi", "thanks", "song"], label="ham")
link = regex("link", "https?://", label="spam")
tells = keywords("tells", ["today", "press"], label="news")
"""
CONFIG = """
data: {path: comments.parquet, id: key}
labels: [ham, spam, news]
labeling_functions: [rules.py]
query: {n: 6}
store: {wait: 60}
"""
REPLAY = "replay: {votes: votes.csv, reviewer: reviewer.csv, rounds: 2}\n"
FILES = "files: {folder: to_label, annotators: [ann, bob, cleo], reviewers: [rev]}\n"
SEQUENCE = ("apply", "fit", "query", "push", "pull", "review", "pull", "review", "export")
WITH_PEOPLE = (
    *("apply", "fit", "query", "push", "PEOPLE", "pull", "review", "PEOPLE", "pull", "review"),
    *("PEOPLE", "pull", "review", "query", "push", "export"),
)


def make_project(folder, n=40, platform=REPLAY):
    """Write a small project whose annotators err often enough for a reviewer to be needed."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 3, n)
    words = [["hi", "thanks", "song"], ["free", "win", "http://x.org"], ["today", "press", "says"]]
    texts = [
        " ".join([*rng.choice(words[t], 2), *rng.choice(["a", "the", "it"], 3)]) for t in truth
    ]
    keys = [f"c{i}" for i in range(n)]
    pd.DataFrame({"key": keys, "text": texts}).to_parquet(folder / "comments.parquet")
    labels = np.array(["ham", "spam", "news"])
    votes = [
        (key, f"p{number}", labels[t if rng.random() < 0.5 else rng.integers(3)])
        for key, t in zip(keys, truth, strict=True)
        for number in range(3)
    ]
    columns = ["sample", "annotator", "label"]
    pd.DataFrame(votes, columns=columns).to_csv(folder / "votes.csv", index=False)
    reviewer = pd.DataFrame({"sample": keys, "label": labels[truth]})
    reviewer.to_csv(folder / "reviewer.csv", index=False)
    (folder / "rules.py").write_text(RULES, encoding="utf-8")
    (folder / "project.yaml").write_text(CONFIG + platform, encoding="utf-8")
    return folder


def people_label(folder):
    """Fill in the labels of all files, as somebody would; each row the same in every run."""
    for path in sorted((folder / "to_label").glob("*.csv")):
        with path.open(newline="", encoding="utf-8-sig") as stream:
            header, *rows = list(csv.reader(stream))
        cell = header.index("label")
        if all(row[cell] for row in rows):
            continue
        for row in rows:
            drawn = hashlib.sha256(repr([path.name, row[1]]).encode()).digest()[1]
            row[cell] = row[cell] or ("ham", "spam", "news")[drawn % 3]
        with path.open("w", newline="", encoding="utf-8-sig") as stream:
            csv.writer(stream, lineterminator="\r\n").writerows([header, *rows])
        os.utime(path, (1_700_000_000, 1_700_000_000))  # saved at the same time in every run


def state_of(folder, url=None):
    """Return all that a project holds but for clock times, the log of runs, and cached votes.

    The votes of each function are a cache, whose files are named by a secret of its folder.
    """
    engine = sa.create_engine(url or f"sqlite:///{folder}/.labeling/project/labeling.db")
    found = {}
    metadata = sa.MetaData()
    with engine.connect() as connection:
        metadata.reflect(connection)
        for table in metadata.sorted_tables:
            if table.name != "runs":
                columns = [one for one in table.c if one.name not in CLOCK]
                if table.name == "events":
                    columns = [one for one in columns if one.name not in HASHED_CLOCK]
                if table.name == "files":
                    columns = [table.c[name] for name in ("kind", "digest", "inputs")]
                rows = connection.execute(sa.select(*columns)).all()
                found[table.name] = sorted(map(repr, set(rows)))
    engine.dispose()
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        ours = path.is_file() and not name.endswith(("-wal", "-shm", "labeling.db", "lock"))
        if ours and "__pycache__" not in name and "votes_by_function" not in name:
            name = re.sub("/files-[0-9a-f]{8}/", "/files/", name)  # named after the database
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def different(expected, actual):
    """Return what is not the same in two states, as far as a failure needs it."""
    return {
        name: (expected.get(name), actual.get(name))
        for name in {*expected, *actual}
        if expected.get(name) != actual.get(name)
    }


@dataclasses.dataclass(frozen=True)
class Ended:
    """How a child ended: by which signal (0: none), with what error, and what it wrote."""

    signal: int
    error: str
    writes: list


class Nurseries:
    """As many nurseries as there are cores."""

    def __init__(self):
        self._all = [
            subprocess.Popen(
                [sys.executable, __file__],
                **{"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True},
                env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
            )
            for _ in range(CORES)
        ]
        self._free = queue.Queue()
        for one in self._all:
            self._free.put(one)
        self._threads = ThreadPoolExecutor(CORES)

    def run(self, folder, *verbs, url=None, at=None, after=None, size=None):
        """Run verbs in one child.

        Args:
            folder: the project's.
            verbs: methods of a project, or `run`.
            url: of the database.
            at: at which write the child kills itself.
            after: after how many seconds it is killed.
            size: at how many bytes of one file it is killed.
        """
        nursery = self._free.get()
        try:
            job = {"folder": str(folder), "verbs": verbs, "url": url}
            job |= {"at": at, "after": after, "size": size}
            nursery.stdin.write(json.dumps(job) + "\n")
            nursery.stdin.flush()
            return Ended(**json.loads(nursery.stdout.readline()))
        finally:
            self._free.put(nursery)

    def each(self, function, values):
        """Return what a function gives for each value; as many at once as there are cores."""
        return list(self._threads.map(function, values))

    def stop(self):
        """End the nurseries."""
        self._threads.shutdown()
        for one in self._all:
            one.stdin.close()
            one.wait(20)
            one.stdout.close()


def spread(writes, count, seed=0):
    """Return the writes to kill at: the first, a middle and the last of each kind, then others."""
    places = collections.defaultdict(list)
    for number, kind in enumerate(writes, start=1):
        places[kind].append(number)
    chosen = dict.fromkeys(
        place
        for pick in (lambda some: some[-1], lambda some: some[0], lambda some: some[len(some) // 2])
        for some in places.values()
        for place in [pick(some)]
    )
    rest = [number for number in range(1, len(writes) + 1) if number not in chosen]
    random.Random(seed).shuffle(rest)
    return [*chosen, *rest][:count]


# What follows runs in the nursery and its children.


def _watch(at, writes):
    def tick(kind):
        writes.append(kind)
        if len(writes) == at:
            os.kill(os.getpid(), signal.SIGKILL)

    def audit(event, arguments):
        if event in ("os.rename", "os.remove", "os.mkdir") or _is_to_write(event, arguments):
            tick(f"{event} {_kind_of(arguments[0])}")

    def statement(connection, cursor, text, *_):
        words = text.upper().split()[:3]
        if words[0] not in ("SELECT", "PRAGMA", "SHOW") and words != ["BEGIN"]:
            tick(" ".join(words))

    sys.addaudithook(audit)
    sa.event.listen(sa.engine.Engine, "before_cursor_execute", statement)
    sa.event.listen(sa.engine.Engine, "commit", lambda _: tick("COMMIT"))


def _is_to_write(event, arguments):
    if event != "open":
        return False
    flags = arguments[2]
    return isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))


def _kind_of(path):
    own = Path(os.fsdecode(path)) if isinstance(path, (str, bytes, os.PathLike)) else Path("fd")
    return f"{own.parent.name}/{own.suffix}"


def _do(folder, verbs, url):
    from labeling.project import Project

    os.environ.pop(URL, None)
    if url:
        os.environ[URL] = url
    project = Project(Path(folder) / "project.yaml")
    for verb in verbs:
        if verb == "run":  # as the command line does it
            votes = project.votes()
            *_, last = project.rounds(votes)
            project.export(last, votes)
        elif verb == "status":
            project.status().to_dict()
        else:
            getattr(project, verb)()


def _child(job, pipe):
    writes = []
    try:
        os.setpgid(0, 0)
        if job["size"]:  # the kernel ends it in the middle of a file
            signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            resource.setrlimit(resource.RLIMIT_FSIZE, (job["size"], job["size"]))
        _watch(job["at"], writes)
        _do(job["folder"], job["verbs"], job["url"])
        said = {"error": "", "writes": writes}
    except BaseException as error:  # noqa: BLE001  # it is told, and judged there
        said = {"error": f"{type(error).__name__}: {error}", "writes": writes}
    with os.fdopen(pipe, "w", encoding="utf-8", errors="replace") as stream:
        json.dump(said, stream)
    os._exit(0)


def _serve():
    for platform in (REPLAY, FILES):  # what is imported here no child must import
        with tempfile.TemporaryDirectory() as folder:
            _do(make_project(Path(folder), platform=platform), ["run", "status"], None)
    __import__("psycopg")
    gc.freeze()  # a collection in a child must not copy all that is shared with its parent
    for line in sys.stdin:
        job = json.loads(line)
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(reading)
            _child(job, writing)
        os.close(writing)
        if job["after"] is not None:
            select.select([reading], [], [], job["after"])
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        with os.fdopen(reading, encoding="utf-8") as stream:
            said = stream.read()
        _, status = os.waitpid(pid, 0)
        ended = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        answer = json.loads(said) if said and not ended else {"error": "", "writes": []}
        sys.stdout.write(json.dumps({"signal": ended, **answer}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    sys.path.pop(0)  # of the tests' folder nothing is imported
    _serve()
