"""A database that is gone, empty, damaged or of another version is named, with what to do."""

import contextlib
import random
import shutil
import sqlite3

import pandas as pd
import pytest

import labeling as lb
from labeling.errors import ConfigError, StoreError
from labeling.project.status import status_at
from labeling.store import Store

CONFIG = """
data: {path: comments.csv, id: key}
labels: [ham, spam]
labeling_functions: [rules.py]
query: {n: 6}
files: {folder: to_label, annotators: [ann, bob]}
"""
RULES = """
from labeling.functions import keywords

offers = keywords("offers", ["free", "win"], label="spam")
greets = keywords("greets", ["hi", "thanks"], label="ham")
"""
TEXTS = ["win free cash", "hi there", "thanks all", "free song", "hi, win", "what a day"]


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    """A project whose batch was labeled, pulled and reviewed."""
    folder = tmp_path_factory.mktemp("begun")
    table = pd.DataFrame({"key": [f"c{i}" for i in range(6)], "text": TEXTS})
    table.to_csv(folder / "comments.csv", index=False)
    (folder / "rules.py").write_text(RULES)
    (folder / "project.yaml").write_text(CONFIG)
    its = lb.Project(folder / "project.yaml")
    its.query()
    its.push()
    for path in (folder / "to_label").glob("batch*.csv"):
        rows = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
        rows.assign(label="ham", comment="grüße").to_csv(path, index=False, encoding="utf-8-sig")
    its.pull()
    its.review()
    its.export()
    with sqlite3.connect(folder / ".labeling" / "project" / "labeling.db") as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return folder


@pytest.fixture
def folder(begun, tmp_path):
    return shutil.copytree(begun, tmp_path / "project")


def database(folder):
    return folder / ".labeling" / "project" / "labeling.db"


def verbs(folder):
    """Return the verbs of a project; it is opened by each, since opening it reads the store."""
    config = folder / "project.yaml"
    names = ["apply", "query", "push", "pull", "review", "export"]
    by_name = [lambda name=name: getattr(lb.Project(config), name)() for name in names]
    return [lambda: status_at(config), *by_name]


def gone(path):
    path.unlink()


def empty(path):
    path.write_bytes(b"")


def without_tables(path):
    path.unlink()
    sqlite3.connect(path).execute("VACUUM").connection.close()


@pytest.fixture
def no_waiting(monkeypatch):
    """No other process creates the database meanwhile: it is soon known that it is lost."""
    monkeypatch.setattr("labeling.store.store.CHECK_INTERVAL", 0.001)


@pytest.mark.usefixtures("no_waiting")
@pytest.mark.parametrize("harm", [gone, empty, without_tables])
def test_a_database_that_is_lost_is_not_made_anew_in_silence(folder, harm):
    harm(database(folder))
    before = sorted(map(str, folder.rglob("*")))
    for verb in verbs(folder):
        with pytest.raises(StoreError, match=r"database .* is gone or empty.*\d files in .*backup"):
            verb()
    kept = {"lock", "labeling.db"}  # the lock is taken before anything is looked at
    assert before == [one for one in sorted(map(str, folder.rglob("*"))) if one in before]
    assert {p.name for p in folder.rglob("*") if str(p) not in before} <= kept


@pytest.mark.usefixtures("no_waiting")
def test_a_log_without_its_database_is_kept(folder):
    path = database(folder)
    shutil.rmtree(path.parent / "files")
    path.unlink()
    log = path.with_name("labeling.db-wal")
    log.write_bytes(b"what people said")
    for verb in verbs(folder):
        with pytest.raises(StoreError, match="its log "):
            verb()
    assert b"what people said" == log.read_bytes()


def test_beginning_anew_as_advised_brings_back_what_people_wrote(folder):
    said = {
        (one.sample_id, one.annotator, one.label, one.reason)
        for one in lb.Project(folder / "project.yaml").store.ledger.annotations()
    }
    assert 12 == len(said)
    shutil.move(folder / ".labeling" / "project", folder / "away")
    its = lb.Project(folder / "project.yaml")
    its.apply()
    its.pull()
    found = its.store.ledger.annotations()
    assert said == {(one.sample_id, one.annotator, one.label, one.reason) for one in found}


def test_a_store_that_never_was_begun_is_no_loss(tmp_path):
    store = Store(tmp_path / "memory", "test")
    assert not store.ready()
    (tmp_path / "memory").mkdir()
    (tmp_path / "memory" / "labeling.db").write_bytes(b"")  # killed at its first moment
    with store.locked("test"):
        store.facts.put("fact", "true")
    assert store.ready()


def test_a_folder_in_the_place_of_the_database_is_named(folder):
    path = database(folder)
    path.unlink()
    path.mkdir()
    for verb in verbs(folder):
        with pytest.raises(StoreError, match=r"must be a file. It is a folder"):
            verb()


@pytest.mark.parametrize(
    ("version", "message"),
    [("9999", "upgrade the package"), ("00\x7f3", "damaged"), ("x", "damaged"), ("", "damaged")],
)
def test_a_database_of_an_unknown_version_is_named(folder, version, message):
    with sqlite3.connect(database(folder)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", [version])
    connection.close()
    for verb in verbs(folder):
        with pytest.raises(StoreError, match=message):
            verb()


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("annotations", "updated_at", "2026-11-29T18:12:e4"),
        ("annotations", "annotator", b"\xf0\x28\x8c"),
        ("annotations", "sample", "c1"),
        ("files", "about", "{"),
        ("runs", "outcome", "{"),
    ],
)
def test_a_value_that_was_never_written_is_an_error_of_ours(folder, table, column, value):
    with sqlite3.connect(database(folder)) as connection:
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master").fetchall()]
        for name in names:
            connection.execute(f"DROP TRIGGER IF EXISTS {name}")
        text = "CAST(? AS TEXT)" if isinstance(value, bytes) else "?"
        connection.execute(f"UPDATE {table} SET {column} = {text}", [value])
    connection.close()
    failed = []
    for verb in verbs(folder):
        try:
            verb()
        except StoreError as error:
            failed.append(str(error))
    assert failed
    assert all("restore it from a backup" in one for one in failed)


def test_no_damage_gives_anything_but_an_error_of_ours(begun, tmp_path):
    """Bytes flipped, pages lost, files cut, at many places: what is read is right, or an error."""
    content = database(begun).read_bytes()
    for seed in range(24):
        rng = random.Random(seed)
        harmed = bytearray(content)
        place = rng.randrange(len(harmed))
        if seed % 4 == 0:
            for _ in range(20):
                harmed[rng.randrange(100, len(harmed))] = rng.randrange(256)
        elif seed % 4 == 1:
            del harmed[place:]
        else:
            few = rng.choice([16, 500, 4096])
            lost = bytes(rng.randrange(256) for _ in range(few)) if seed % 4 == 2 else bytes(few)
            harmed[place : place + few] = lost
        folder = shutil.copytree(begun, tmp_path / str(seed))
        database(folder).write_bytes(harmed)
        for verb in verbs(folder)[:5:2]:
            with contextlib.suppress(StoreError):
                verb()


@pytest.mark.parametrize(
    "text", ["", "data: {path: com", "\x00\x00\x00\x00", "data:\n  path: [1\n"]
)
def test_a_config_that_was_half_written_is_named(folder, text):
    (folder / "project.yaml").write_text(text)
    with pytest.raises(ConfigError, match=r"project.yaml"):
        lb.Project(folder / "project.yaml")


def test_a_postgresql_database_that_was_dropped_or_emptied_is_named(postgres, tmp_path):
    name = postgres.new()
    url = postgres.url(name)
    store = Store(tmp_path, "test", url=url)
    with store.locked("apply"):
        pass
    kept = store.artifacts.folder / "votes"
    kept.mkdir(parents=True)
    (kept / "0.parquet").write_bytes(b"")
    postgres.drop(name)
    for use in (store.ready, lambda: store.locked("apply").__enter__()):
        with pytest.raises(StoreError, match=r"does not exist.*from a backup"):
            use()
    again = Store(tmp_path, "test", url=postgres.url(postgres.new()))
    again.artifacts.folder = store.artifacts.folder
    for use in (again.ready, lambda: again.locked("apply").__enter__()):
        with pytest.raises(StoreError, match=r"without its tables.*1 files in .*backup"):
            use()
