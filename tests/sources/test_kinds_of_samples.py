"""Samples are read alike from files of any usual format, folders, addresses and tables."""

import gzip
import http.server
import json
import subprocess
import sys
import threading

import datasets
import fsspec
import numpy as np
import openpyxl
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.feather
import pytest

import labeling as lb
from labeling.errors import ConfigError, DataError

ROWS = [
    {"key": "c1", "text": "win free cash", "n": 1, "x": 1.5, "flag": True},
    {"key": "c2", "text": "hi; there,\tall", "n": None, "x": None, "flag": False},
    {"key": "c3", "text": 'grüße\n"ok"', "n": 3, "x": 0.25, "flag": True},
]
RULES = """
from labeling.functions import keywords

offers = keywords("offers", ["free", "win"], label="spam")
greets = keywords("greets", ["hi", "thanks"], label="ham")
"""


def frame():
    return pd.DataFrame(ROWS).astype({"n": "Int64", "text": "str", "key": "str"})


def csv_of(separator):
    return frame().to_csv(index=False, sep=separator, lineterminator="\n")


def written(folder, name):
    """A file of this name that holds the rows."""
    path = folder / name
    plain = name.removesuffix(".gz")
    if plain.endswith((".csv", ".tsv")):
        separator = "\t" if plain.endswith(".tsv") else ";" if "semi" in plain else ","
        content = csv_of(separator).encode()
    elif plain.endswith((".jsonl", ".ndjson")):
        content = "".join(json.dumps(row) + "\n" for row in ROWS).encode()
    elif plain.endswith(".json"):
        content = json.dumps(ROWS, indent=1).encode()
    elif plain.endswith(".xlsx"):
        book = openpyxl.Workbook()
        book.active.append(list(ROWS[0]))
        for row in ROWS:
            book.active.append(list(row.values()))
        book.save(path)
        return path
    elif plain.endswith(".feather"):
        pyarrow.feather.write_feather(frame(), path)
        return path
    elif plain.endswith(".arrow"):
        table = pa.Table.from_pandas(frame())
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as stream:
            stream.write_table(table)
        return path
    else:
        frame().to_parquet(path)
        return path
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return path


def values(samples):
    return [
        [None if pd.isna(value) else value for value in samples[name].tolist()]
        for name in ("text", "n", "x", "flag")
    ]


NAMES = [
    *("a.parquet", "a.csv", "semi.csv", "a.tsv", "a.jsonl", "a.ndjson", "a.json", "a.xlsx"),
    *("a.feather", "a.arrow", "a.csv.gz", "semi.csv.gz", "a.tsv.gz", "a.jsonl.gz", "a.json.gz"),
]


@pytest.mark.parametrize("name", NAMES)
def test_each_kind_of_file_gives_the_same_samples(tmp_path, name):
    samples = lb.read_samples(written(tmp_path, name), id="key")
    assert samples.index.tolist() == ["c1", "c2", "c3"]
    assert samples.index.name == "key"
    assert values(samples) == [[row[name] for row in ROWS] for name in ("text", "n", "x", "flag")]


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.xlsx", "semi.csv"])
def test_a_separator_is_found_by_the_column_of_the_ids(tmp_path, name):
    """A header that has the other separator inside of a name is not cut there."""
    path = tmp_path / "a.csv"
    path.write_text('key,"a;b"\nc1,"x;y"\n')
    assert lb.read_samples(path, id="key")["a;b"].tolist() == ["x;y"]
    path.write_text('id;"a,b"\n1;2,5\n')
    samples = lb.read_samples(path, id="id")
    assert (samples.index.tolist(), samples["a,b"].tolist()) == ([1], ["2,5"])


def test_a_quotation_mark_inside_of_a_long_text_is_a_letter(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('key,text\n1,5" wide\n2,' + "a" * 300_000 + "\n")
    assert lb.read_samples(path, id="key")["text"].tolist() == ['5" wide', "a" * 300_000]


def test_a_cell_of_a_workbook_beyond_the_names_is_refused(tmp_path):
    book = openpyxl.Workbook()
    for row in (["key", "text"], ["c1", "hi"], ["c2", "you", "lost", None]):
        book.active.append(row)
    book.active["E2"].number_format = "0.00"  # a cell that is there, and empty
    book.save(tmp_path / "a.xlsx")
    with pytest.raises(DataError, match=r"a name for each column. Column 3 has none"):
        lb.read_samples(tmp_path / "a.xlsx", id="key")
    book.active["C3"] = None
    book.save(tmp_path / "a.xlsx")
    assert lb.read_samples(tmp_path / "a.xlsx", id="key")["text"].tolist() == ["hi", "you"]


def test_what_offers_the_interchange_protocol_alone_is_a_table():
    class Table:
        def __dataframe__(self, nan_as_null=False, allow_copy=True):
            return pa.table({"key": ["a"], "text": ["hi"]}).__dataframe__()

    assert lb.read_samples(Table(), id="key")["text"].tolist() == ["hi"]


def test_folders_and_patterns_of_parquet_files_are_one_table(tmp_path):
    for place, (key, lang) in enumerate([("c1", "de"), ("c2", "en"), ("c3", "en")]):
        folder = tmp_path / "data" / f"lang={lang}"
        folder.mkdir(parents=True, exist_ok=True)
        row = pd.DataFrame({"key": [key], "text": [key * 2], **({"n": [1]} if place else {})})
        row.to_parquet(folder / f"part-{place}.parquet")
    (tmp_path / "data" / "_SUCCESS").write_text("")
    (tmp_path / "data" / "_old.parquet").write_text("no parquet")
    for path in (tmp_path / "data", tmp_path / "data" / "**" / "part-*.parquet"):
        samples = lb.read_samples(path, id="key")
        assert samples["text"].tolist() == ["c1c1", "c2c2", "c3c3"]
        assert [None if pd.isna(n) else n for n in samples["n"]] == [None, 1, 1]
    assert lb.read_samples(tmp_path / "data", id="key")["lang"].tolist() == ["de", "en", "en"]
    with pytest.raises(DataError, match="no file that matches"):
        lb.read_samples(tmp_path / "data" / "*.nothing", id="key")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="must hold Parquet files"):
        lb.read_samples(tmp_path / "empty", id="key")
    (tmp_path / "x.csv").write_text("key\n1\n")
    (tmp_path / "y.csv").write_text("key\n2\n")
    with pytest.raises(DataError, match="must all be Parquet"):
        lb.read_samples(tmp_path / "?.csv", id="key")


def test_parquet_files_whose_columns_do_not_go_together_are_refused(tmp_path):
    pd.DataFrame({"key": ["a"], "n": [1]}).to_parquet(tmp_path / "a.parquet")
    pd.DataFrame({"key": ["b"], "n": ["one"]}).to_parquet(tmp_path / "b.parquet")
    with pytest.raises(DataError, match=r"cannot be read as .parquet: .*n"):
        lb.read_samples(tmp_path, id="key")


# Addresses


@pytest.fixture
def server(tmp_path):
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments):
            super().__init__(*arguments, directory=tmp_path)

        def log_message(self, *arguments):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as listening:
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{listening.server_address[1]}"
        listening.shutdown()


@pytest.mark.parametrize("name", ["a.parquet", "a.csv.gz"])
def test_addresses_are_fetched(tmp_path, server, name):
    path = written(tmp_path, name)
    memory = fsspec.filesystem("memory")
    memory.pipe(f"/samples/{name}", path.read_bytes())
    for address in (f"{server}/{name}", f"{server}/{name}?sig=secret", f"memory://samples/{name}"):
        assert values(lb.read_samples(address, id="key"))[0] == [row["text"] for row in ROWS]


def test_an_address_that_cannot_be_fetched_is_named_without_what_is_secret(server):
    with pytest.raises(DataError, match=r"a.csv' cannot be fetched: FileNotFoundError") as caught:
        lb.read_samples(f"{server}/a.csv?sig=s3cret", id="key")
    assert "s3cret" not in str(caught.value)
    with pytest.raises(DataError, match="cannot be fetched"):
        lb.read_samples("nosuch://bucket/a.csv", id="key")


def test_a_project_reads_an_address(tmp_path, server):
    written(tmp_path, "a.parquet")
    (tmp_path / "rules.py").write_text(RULES)
    config = f"""
data: {{path: "{server}/a.parquet", id: key}}
labels: [ham, spam]
labeling_functions: [rules.py]
"""
    (tmp_path / "project.yaml").write_text(config)
    project = lb.Project(tmp_path / "project.yaml")
    assert 3 == len(project.apply().sample_ids)
    project = lb.Project(tmp_path / "project.yaml")
    assert project.vote_cache.cached() is not None
    (tmp_path / "project.yaml").write_text(config.replace("http://", "http://me:pass@"))
    with pytest.raises(ConfigError, match="must not contain a name and password"):
        lb.Project(tmp_path / "project.yaml")


# Ids that are made


def test_ids_are_made_of_rows_or_of_the_text(tmp_path, caplog):
    path = tmp_path / "a.csv"
    path.write_text("row,text,more\nx,hello,1\ny,you,2\nz,hello,3\n")
    by_row = lb.read_samples(path, id={"from": "row"})
    assert (by_row.index.tolist(), by_row["row"].tolist()) == ([0, 1, 2], ["x", "y", "z"])
    by_text = lb.read_samples(path, id={"from": "content"}, text="text")
    assert by_text["text"].tolist() == ["hello", "you"]
    assert "1 rows have the content of a row before" in caplog.text
    assert "row 2 (as row 0)" in caplog.text
    path.write_text("row,text,more\ny,you,2\nx,hello,1\n")  # elsewhere, and the same again
    assert set(lb.read_samples(path, id={"from": "content"}, text="text").index) == set(
        by_text.index
    )
    assert 3 == len(lb.read_samples([{"a": 1}, {"a": 2}, {"a": 3}], id={"from": "content"}))
    assert lb.read_samples(path, id="row").index.tolist() == ["y", "x"]
    for wrong in ({"from": "rows"}, {"of": "row"}, 7):
        with pytest.raises(DataError, match="`id` must be the name of a column"):
            lb.read_samples(path, id=wrong)


def test_two_missing_texts_are_two_samples(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": null}\n{"text": null}\n{"text": "a"}\n')
    samples = lb.read_samples(path, id={"from": "content"}, text="text", missing_text="empty")
    assert ["", "", "a"] == samples["text"].tolist()


@pytest.mark.parametrize("made", ["row", "content"])
def test_a_project_without_ids_goes_through_the_loop(tmp_path, made):
    path = tmp_path / "comments.csv"
    path.write_text(
        "text,truth\n" + "".join(f"win number {i},spam\nhi {i},ham\n" for i in range(9))
    )
    command = [sys.executable, "-m", "labeling", "init", "--data", "comments.csv"]
    command += ["--labels", "ham,spam", "--id", made, "--text", "text", "--gold", "truth"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert 0 == done.returncode, done.stderr
    project = lb.Project(tmp_path / "configs" / "project.yaml")
    project.check()
    project.query()
    project.push()
    train = project.export()
    assert len(train) == len(project.samples)
    assert "sample_id" == train.frame.index.name


# Tables in memory


def tables():
    plain = frame()
    arrow = pa.Table.from_pandas(plain)
    columns = {name: [row[name] for row in ROWS] for name in ROWS[0]}
    return {
        "pandas": plain,
        "polars": pl.DataFrame(ROWS),
        "arrow": arrow,
        "arrow batch": arrow.to_batches()[0],
        "datasets": datasets.Dataset.from_list(ROWS),
        "dict": columns,
        "dict of arrays": {**columns, "x": np.array([1.5, np.nan, 0.25])},
        "list of dicts": ROWS,
    }


@pytest.mark.parametrize("kind", tables())
def test_every_kind_of_table_gives_the_same_samples(kind):
    samples = lb.read_samples(tables()[kind], id="key")
    assert samples.index.tolist() == ["c1", "c2", "c3"]
    assert values(samples) == [[row[name] for row in ROWS] for name in ("text", "n", "x", "flag")]


@pytest.mark.parametrize("kind", tables())
def test_every_kind_of_table_goes_through_the_functions(kind, schema):
    data = tables()[kind]
    rule = lb.LabelingFunction("rule", lambda x: "spam" if "win" in x.text else "ham")
    votes = lb.apply(rule, data, schema, id="key")
    assert votes.sample_ids.tolist() == ["c1", "c2", "c3"]
    soft = lb.label_models.MajorityVote().fit(votes).predict_proba(votes)
    model = lb.EndModel().fit(data, soft, id="key")
    assert model.predict_proba(data, id="key").sample_ids.tolist() == ["c1", "c2", "c3"]
    batch = lb.select(data, id="key", soft=soft, end=model, n=2, rng=0)
    assert set(batch.sample_ids) <= {"c1", "c2", "c3"}
    train = lb.build_training_set(data, soft, id="key", votes=votes)
    assert train.own("label").to_dict() == {"c1": "spam", "c2": "ham", "c3": "ham"}


def test_a_list_of_texts_is_samples_with_numbers(schema):
    rule = lb.LabelingFunction("rule", lambda x: "spam" if "win" in x.text else "ham")
    assert [[1], [0]] == lb.apply(rule, ["win", "hi"], schema).to_array().tolist()
    samples = lb.read_samples(["win", "hi"], id={"from": "content"}, text="text")
    assert ["win", "hi"] == samples["text"].tolist()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (7, "must be a table: .* Got a int"),
        ("abc", None),
        ([1, 2], "must hold texts, or dicts .* Got 'int', 'int'"),
        ({"a": [1], "b": [1, 2]}, "equally many values. They have 'a': 1, 'b': 2"),
        ({"a": "text"}, "A column must be a list of values"),
        ([], "at least one sample"),
    ],
)
def test_what_is_no_table_is_refused(schema, data, message):
    rule = lb.LabelingFunction("rule", lambda x: None)
    with pytest.raises(DataError, match=message):
        lb.apply(rule, data, schema)
