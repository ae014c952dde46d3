"""The database's schema has a version, an owner, and an address whose password nobody sees."""

import logging
import shutil
import sqlite3
import traceback
from urllib.parse import quote

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

import labeling as lb
from labeling.errors import StoreError
from labeling.project.status import URL
from labeling.store import Store, database
from labeling.store.tables import metadata
from tests.support.killing import make_project
from tests.support.postgres import GUARDED, PASSWORD

CURRENT, NEWER = database.VERSION, f"{int(database.VERSION) + 1:04}"
NEXT = f"""
import sqlalchemy as sa
from alembic import op

revision = "{NEWER}"
down_revision = "{CURRENT}"


def upgrade():
    op.add_column("looks", sa.Column("who", sa.Text))
    op.execute("INSERT INTO meta (key, value) VALUES ('migrated', 'once')")
"""


def hold(store):
    with store.locked("fit"):
        pytest.fail("it was held")


def test_migrations_make_the_tables_that_the_code_uses(store):
    with store.database.reading() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert [] == compare_metadata(context, metadata)


def test_the_version_is_that_of_the_newest_migration():
    assert [database.VERSION] == ScriptDirectory(str(database.MIGRATIONS)).get_heads()


def test_a_store_of_a_newer_version_is_left_alone(tmp_path, url):
    """It can neither be read nor written, and the error says what to do."""
    store = Store(tmp_path, "test", url=url)
    with store.locked("apply"):
        store.facts.put("fact", "1")
    with store.database.writing() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))

    for use in (store.ready, lambda: hold(store)):
        with pytest.raises(StoreError, match=r"9999.*upgrade the package"):
            use()
    assert ["apply"] == [run["verb"] for run in store.runs.recent()]


@pytest.fixture
def newer(tmp_path, monkeypatch):
    """Make the package one migration newer than it is."""

    def made():
        folder = tmp_path / "migrations"
        shutil.copytree(database.MIGRATIONS, folder)
        (folder / "versions" / f"{NEWER}_next.py").write_text(NEXT, encoding="utf-8")
        monkeypatch.setattr(database, "MIGRATIONS", folder)
        monkeypatch.setattr(database, "VERSION", NEWER)

    return made


def test_an_older_store_is_brought_up_to_date_by_who_holds_it(tmp_path, url, newer):
    store = Store(tmp_path / "memory", "test", url=url)
    with store.locked("apply"):
        store.facts.put("fact", "1")
    newer()

    with pytest.raises(
        StoreError, match=f"{CURRENT}, and {NEWER} is needed: run a verb that writes"
    ):
        store.ready()
    for _ in range(2):
        with store.locked("fit"):
            assert (NEWER, "1", "once") == (
                *(store.database.version(), store.facts.get("fact")),
                store.facts.get("migrated"),
            )
    assert store.ready()


def test_a_project_of_an_earlier_version_is_used_as_any(tmp_path, newer):
    """The first verb brings its store up to date, whichever it is."""
    (tmp_path / "a.csv").write_text("id,text\n1,win\n2,hi\n", encoding="utf-8")
    rules = (
        "from labeling.functions import keywords\nwin = keywords('win', ['win'], label='spam')\n"
    )
    (tmp_path / "rules.py").write_text(rules, encoding="utf-8")
    config = "data: {path: a.csv, id: id}\nlabels: [ham, spam]\nlabeling_functions: [rules.py]\n"
    (tmp_path / "project.yaml").write_text(config, encoding="utf-8")
    before = lb.Project(tmp_path / "project.yaml").apply()
    newer()
    project = lb.Project(tmp_path / "project.yaml")

    assert NEWER == project.store.database.version()
    assert before.sample_ids.equals(project.votes().sample_ids)
    assert 2 == project.status().samples


def test_a_migration_that_fails_changes_nothing(tmp_path, url, newer):
    """All of it is one transaction, on SQLite too."""
    store = Store(tmp_path / "memory", "test", url=url)
    with store.locked("apply"):
        store.facts.put("fact", "1")
    newer()
    file = database.MIGRATIONS / "versions" / f"{NEWER}_next.py"
    file.write_text(f"{NEXT}    op.execute('SELECT 1 FROM nowhere')\n", encoding="utf-8")

    with pytest.raises(StoreError, match="nowhere"):
        hold(store)
    assert (CURRENT, None) == (store.database.version(), store.facts.get("migrated"))
    with store.database.reading() as connection:
        columns = [one["name"] for one in sa.inspect(connection).get_columns("looks")]
    assert "who" not in columns


def test_a_store_belongs_to_one_project(tmp_path, url):
    mine = Store(tmp_path, "mine", url=url)
    with mine.locked("apply"):
        pass
    yours = Store(tmp_path, "yours", url=url)

    for use in (yours.ready, lambda: hold(yours)):
        with pytest.raises(StoreError, match="belongs to project 'mine', and this is 'yours'"):
            use()
    assert mine.ready()
    assert ["apply"] == [run["verb"] for run in mine.runs.recent()]


def test_a_file_that_is_no_database_is_an_error_of_ours(tmp_path):
    (tmp_path / "labeling.db").write_bytes(b"not a database, whatever its name says" * 100)
    store = Store(tmp_path, "test")

    for use in (store.ready, lambda: hold(store)):
        with pytest.raises(StoreError, match=r"not a database.*restore it"):
            use()


def test_a_database_of_something_else_is_not_taken_over(tmp_path):
    """A table of that name that is not ours stays as it is."""
    with sqlite3.connect(tmp_path / "labeling.db") as connection:
        connection.execute("CREATE TABLE annotations (mine)")
        connection.execute("INSERT INTO annotations VALUES (1)")
    connection.close()
    store = Store(tmp_path, "test")

    with pytest.raises(StoreError, match="already exists"):
        hold(store)
    with sqlite3.connect(tmp_path / "labeling.db") as connection:
        assert [(1,)] == connection.execute("SELECT * FROM annotations").fetchall()
        names = connection.execute("SELECT name FROM sqlite_master").fetchall()
    connection.close()
    assert [("annotations",)] == names


@pytest.mark.parametrize("change", ["nothing", "password", "port", "database", "driver", "no port"])
def test_the_password_of_an_address_is_never_shown(
    postgres, tmp_path, change, monkeypatch, caplog, capsys
):
    """Not in what a store says of itself, not in errors with all their causes, not in logs."""
    caplog.set_level(logging.DEBUG)
    name = postgres.new()
    url = postgres.url(name, PASSWORD)
    secret, changed = PASSWORD, url
    if change == "password":
        secret = "wr0ng-s3cret"
        changed = postgres.url(name, secret)
    elif change == "port":
        changed = url.replace(f":{postgres.port}/", ":1/")
    elif change == "database":
        changed = f"{url}_gone"
    elif change == "driver":
        changed = url.replace("postgresql:", "nosuch:")
    elif change == "no port":
        changed = url.replace(f":{postgres.port}/", ":port/")
    monkeypatch.setenv(URL, changed)
    config = make_project(tmp_path / "own") / "project.yaml"
    said = []
    try:
        project = lb.Project(config)
        said += [repr(project.store), str(vars(project.store)), repr(vars(project.store.database))]
        said += [project.store.database.display_url, repr(vars(project)), repr(project.config)]
        project.apply()
        said.append(repr(project.status()))
        assert "nothing" == change
    except lb.LabelingError as error:
        assert "nothing" != change
        said += [str(error), *traceback.format_exception(error)]
    said += [caplog.text, *capsys.readouterr()]
    postgres.drop(name)

    for text in said:
        assert secret not in text
        assert quote(secret, safe="") not in text


def test_a_password_may_come_from_the_environment(postgres, tmp_path, monkeypatch):
    """The address in the config then needs none, and holds none."""
    name = postgres.new()
    url = postgres.url(name, PASSWORD).replace(f":{quote(PASSWORD, safe='')}", "")
    assert f"{GUARDED}@" in url
    folder = make_project(tmp_path / "own")
    config = folder / "project.yaml"
    text = config.read_text("utf-8").replace("wait: 60", f'wait: 60, url: "{url}"')
    config.write_text(text, encoding="utf-8")
    with pytest.raises(StoreError, match=r"password.*PGPASSWORD"):
        lb.Project(config).apply()
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    lb.Project(config).apply()

    assert 40 == lb.Project(config).status().samples
    assert not list(folder.rglob("labeling.db*"))
    postgres.drop(name)
