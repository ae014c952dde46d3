import sqlite3
import sys
from types import SimpleNamespace

import pandas as pd
import pytest

import labeling as lb
from labeling import ABSTAIN
from labeling.errors import LabelingFunctionError, LoadError, MissingExtraError
from labeling.functions import lookup, sql_values

SECRET = "hunter2"


def x(author):
    return SimpleNamespace(author=author)


@pytest.fixture
def crm(tmp_path):
    file = tmp_path / "crm.db"
    with sqlite3.connect(file) as database:
        database.executescript(
            """
            CREATE TABLE "odd ""name; DROP TABLE accounts --" (v TEXT);
            INSERT INTO "odd ""name; DROP TABLE accounts --" VALUES ('bot9');
            CREATE TABLE accounts (name TEXT, "the verdict" TEXT, age INTEGER);
            INSERT INTO accounts VALUES ('Bot2', 'spam', 1), ('ann', 'ham', 2), ('Bot2', 'spam', 3),
                                        (NULL, 'spam', 4), ('who', NULL, NULL);
            CREATE VIEW young AS SELECT name FROM accounts WHERE age < 2;
            """
        )
    database.close()
    return f"sqlite:///{file}"


# A mapping


def test_a_mapping_says_the_label_of_each_value(schema):
    rule = lookup("shop", {"Toys": "ham", "pills": 1, "tea": None}, column="author")
    asked = [rule(x(author)) for author in ("toys", "PILLS", "tea", "else", None)]
    assert asked == ["ham", 1, ABSTAIN, ABSTAIN, ABSTAIN]
    assert rule.__doc__ == "Votes as a mapping says where 'author' is one of 3 values."
    frame = pd.DataFrame({"author": ["toys", "pills", "tea"] * 4})
    here = lb.apply(rule, frame, schema).to_array()
    assert here[:3, 0].tolist() == [0, 1, -1]
    assert (lb.apply(rule, frame, schema, workers=2).to_array() == here).all()


@pytest.mark.parametrize(
    ("values", "options", "message"),
    [
        ({"a": "ham"}, {"label": "spam"}, "labels from the mapping alone. Got label='spam'"),
        ({"a"}, {}, "must be given the label it votes for"),
        ({"a": 1.5}, {}, "must lead to label names, codes or None. Got 1.5"),
        ({"a": True}, {}, "Got True"),
        ({}, {}, "at least one value"),
        ({"A": "ham", "a": "spam"}, {}, "one label for each value.*ignore_case=False"),
    ],
)
def test_a_lookup_that_cannot_vote_is_refused(values, options, message):
    with pytest.raises(LabelingFunctionError, match=f"'bots'.*{message}"):
        lookup("bots", values, column="author", **options)
    assert lookup("b", {"A": "ham", "a": "spam"}, column="author", ignore_case=False)(x("a"))


def test_a_lookup_of_a_file_remembers_the_file(tmp_path, monkeypatch):
    (tmp_path / "bots.txt").write_text("bot1\n")
    monkeypatch.chdir(tmp_path)
    rule = lookup("bots", "bots.txt", label="spam", column="author")
    assert rule.files == (str(tmp_path / "bots.txt"),)
    assert lookup("bots", {"bot1"}, label="spam", column="author").files == ()


# A table


def test_values_and_labels_come_from_a_table(crm, caplog):
    with caplog.at_level("INFO", "labeling"):
        assert sql_values(crm, "accounts", "name") == ["Bot2", "ann", "who"]
    assert "read 3 values of accounts.name" in caplog.text
    assert "left out 1 with NULL" in caplog.text
    assert sql_values(crm, "accounts", "age") == [1, 2, 3, 4]
    verdicts = sql_values(crm, "accounts", "name", label_column="the verdict")
    assert verdicts == {"Bot2": "spam", "ann": "ham"}
    rule = lookup("crm", verdicts, column="author")
    assert [rule(x(author)) for author in ("bot2", "Ann", "who")] == ["spam", "ham", ABSTAIN]


def test_views_and_names_of_any_kind_are_read_and_never_become_sql(crm):
    assert sql_values(crm, "young", "name") == ["Bot2"]
    assert sql_values(crm, 'odd "name; DROP TABLE accounts --', "v") == ["bot9"]
    assert sql_values(crm, "main.accounts", "age") == [1, 2, 3, 4]
    with pytest.raises(LoadError, match="has no column 'name FROM accounts; --'"):
        sql_values(crm, "accounts", "name FROM accounts; --")


@pytest.mark.parametrize(
    ("table", "columns", "message"),
    [
        ("acounts", ["name"], "no table 'acounts' in .*Did you mean 'accounts'.*It has 'accounts'"),
        ("accounts", ["nam"], "has no column 'nam'. Did you mean 'name'.*It has 'name', "),
        ("accounts", ["name", "verdict"], "no column 'verdict'. Did you mean 'the verdict'"),
        ("accounts", ["the verdict", "name"], r"'spam' has 'Bot2' and"),
    ],
)
def test_what_is_missing_or_ambiguous_is_named(crm, table, columns, message):
    if columns == ["the verdict", "name"]:
        with sqlite3.connect(crm.removeprefix("sqlite:///")) as database:
            database.execute("INSERT INTO accounts VALUES ('Bot3', 'spam', 9)")
        database.close()
    label = columns[1] if len(columns) > 1 else None
    with pytest.raises(LoadError, match=message):
        sql_values(crm, table, columns[0], label_column=label)


def test_a_url_from_the_environment_or_a_function(crm, monkeypatch):
    monkeypatch.setenv("CRM_URL", crm)
    assert sql_values("env:CRM_URL", "young", "name") == ["Bot2"]
    assert sql_values(lambda: crm, "young", "name") == ["Bot2"]
    with pytest.raises(LabelingFunctionError, match="NO_SUCH_URL, which is not set"):
        sql_values("env:NO_SUCH_URL", "young", "name")
    with pytest.raises(LabelingFunctionError, match=r"the url of a database. Got a NoneType"):
        sql_values(lambda: None, "young", "name")


def chain(error):
    while error is not None:
        yield str(error) + repr(error)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


@pytest.mark.parametrize(
    "url",
    [
        f"sqlite://user:{SECRET}@/crm.db?password={SECRET}",
        f"postgresql+nosuchdriver://user:{SECRET}@localhost/crm",
        f"nosuchdatabase://user:{SECRET}@localhost/crm?password={SECRET}",
        f"user:{SECRET}@localhost",
        f"postgresql://user:{SECRET}@localhost:noport/crm",
        f"mysql+pymysql://user:{SECRET}@localhost/crm",
        f"sqlite:////no/such/folder/crm.db?key={SECRET}",
    ],
)
def test_a_password_is_never_shown(url, caplog, capsys):
    with caplog.at_level("DEBUG"), pytest.raises(LoadError) as raised:
        sql_values(url, "accounts", "name")
    assert SECRET not in "".join(chain(raised.value)) + caplog.text + "".join(capsys.readouterr())


def test_a_password_is_not_in_a_labeling_function(crm, caplog):
    with caplog.at_level("DEBUG"):
        values = sql_values(f"{crm}?timeout=5", "young", "name")
    rule = lookup("crm", values, label="spam", column="author")
    assert "timeout=5" not in caplog.text + repr(rule) + rule.__doc__


def test_without_sqlalchemy_it_says_what_to_install(monkeypatch, crm):
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    with pytest.raises(MissingExtraError, match=r"labeling\[sql\]"):
        sql_values(crm, "young", "name")


def test_no_empty_database_is_made_where_there_is_none(tmp_path):
    with pytest.raises(LoadError, match=r"no database file .*none.db"):
        sql_values(f"sqlite:///{tmp_path}/none.db", "a", "b")
    assert list(tmp_path.iterdir()) == []
