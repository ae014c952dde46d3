import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import labeling as lb
from labeling.errors import DataError
from labeling.records import unsafe_characters

HUGE = [2**53 + 1, 2**63 - 1, -(2**63), 2**64 - 1, 2**70]


def written(folder, name, content):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def lines(*objects):
    return "".join(json.dumps(value) + "\n" for value in objects)


def seen(frame, column):
    """The values of a column as a labeling function sees them."""
    values = []
    rule = lb.LabelingFunction("see", lambda x: values.append(x[column]))
    lb.apply(rule, frame, lb.LabelSchema(["a", "b"]))
    return values


def table(kind, folder, columns):
    """A file of this kind with ids k0, k1, ... and these columns."""
    frame = pd.DataFrame(
        {"key": [f"k{i}" for i in range(len(next(iter(columns.values()))))], **columns}
    )
    path = folder / f"samples.{kind}"
    if kind == "parquet":
        frame.to_parquet(path)
    elif kind == "csv":
        frame.to_csv(path, index=False)
    else:
        rows = [
            dict(zip(frame, row, strict=True))
            for row in zip(*frame.to_dict("list").values(), strict=True)
        ]
        path.write_text(
            lines(*({k: None if v is pd.NA else v for k, v in r.items()} for r in rows))
        )
    return path


KINDS = pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])


@KINDS
def test_words_that_look_like_missing_values_stay_text(tmp_path, kind):
    words = ["NA", "null", "NaN", "None", "n/a", "nan", "#N/A", "-", "inf"]
    frame = lb.read_samples(table(kind, tmp_path, {"text": words}), id="key")
    assert seen(frame, "text") == words


@KINDS
@pytest.mark.parametrize("number", HUGE[:3])
def test_whole_numbers_stay_whole_and_exact_even_where_some_are_missing(tmp_path, kind, number):
    columns = {"n": pd.array([number, None, 1], dtype="Int64"), "all": [number, 0, 1]}
    frame = lb.read_samples(table(kind, tmp_path, columns), id="key")
    assert (seen(frame, "n"), seen(frame, "all")) == ([number, None, 1], [number, 0, 1])


@KINDS
def test_unsigned_numbers_beyond_int64_stay_exact(tmp_path, kind):
    columns = {
        "all": np.array([2**64 - 1, 1], dtype="uint64"),
        "n": pd.array([2**64 - 1, None], dtype="UInt64"),
    }
    frame = lb.read_samples(table(kind, tmp_path, columns), id="key")
    assert (seen(frame, "all"), seen(frame, "n")) == ([2**64 - 1, 1], [2**64 - 1, None])


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
@pytest.mark.parametrize("number", HUGE)
def test_no_whole_number_is_too_large_for_a_text_file(tmp_path, kind, number):
    whole, partial = pd.Series([number, 1], dtype=object), pd.Series([number, None], dtype=object)
    frame = lb.read_samples(table(kind, tmp_path, {"all": whole, "n": partial}), id="key")
    assert (seen(frame, "all"), seen(frame, "n")) == ([number, 1], [number, None])


@KINDS
def test_missing_values_are_nan_among_floats_and_none_elsewhere(tmp_path, kind):
    columns = {"x": [1.5, None], "flag": pd.array([True, None], dtype="boolean"), "t": ["a", None]}
    frame = lb.read_samples(table(kind, tmp_path, columns), id="key")
    assert repr(seen(frame, "x")) == "[1.5, nan]"
    assert (seen(frame, "flag"), seen(frame, "t")) == ([True, None], ["a", None])


TEXTS = st.text(
    st.characters(exclude_categories=["Cs"]).filter(lambda value: not unsafe_characters(value)),
    min_size=1,
)


@KINDS
@given(
    texts=st.lists(TEXTS, min_size=1, max_size=5).filter(
        lambda texts: not all(map(is_typed, texts))
    )
)
def test_texts_of_any_characters_come_through_unchanged(tmp_path, kind, texts):
    path = table(kind, tmp_path, {"text": texts})
    if kind == "csv":  # every field quoted, as a writer must where texts hold line breaks
        quoted = ['"{}","{}"'.format(f"k{i}", t.replace('"', '""')) for i, t in enumerate(texts)]
        path.write_bytes("\n".join(['"key","text"', *quoted, ""]).encode())
    assert seen(lb.read_samples(path, id="key"), "text") == texts


def is_typed(text):
    """Whether a CSV reader may take a text for a number or a truth value."""
    try:
        float(text.strip("\x00 \t\r\n"))
    except ValueError:
        return text.strip().lower() in ("true", "false", "infinity")
    return True


def test_a_long_csv_column_has_one_type_from_top_to_bottom(tmp_path):
    cells = [f"00{n}" for n in range(20_000)] + ["abc"]
    others = range(62)  # pandas reads a wide file in pieces of fewer rows
    rows = [f"{n},{cell},{',' * 61}\n" for n, cell in enumerate(cells)]
    content = f"key,cell,{','.join(f'c{n}' for n in others)}\n{''.join(rows)}"
    frame = lb.read_samples(written(tmp_path, "a.csv", content), id="key")
    assert frame["cell"].tolist() == cells


def test_lists_and_objects_come_from_parquet_as_plain_python(tmp_path):
    columns = {"spans": [[[1, 2], [3]], [[]]], "meta": [{"tags": ["a"]}, {"tags": []}]}
    frame = lb.read_samples(table("parquet", tmp_path, columns), id="key")
    assert (seen(frame, "spans"), seen(frame, "meta")) == (columns["spans"], columns["meta"])


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["007", "12"], ["007", "12"]),
        (["+1", "2"], ["+1", "2"]),
        (["1.50", "2"], [1.5, 2.0]),
        (["1e3", "2"], [1000.0, 2.0]),
        (["0.5", "9007199254740993"], ["0.5", "9007199254740993"]),
        (["True", "False"], [True, False]),
        (["True", "yes"], ["True", "yes"]),
        (["nan", "1"], ["nan", "1"]),
    ],
)
def test_csv_cells_become_numbers_only_where_that_loses_nothing(tmp_path, cells, values):
    content = "key,cell\n" + "".join(f"k{i},{cell}\n" for i, cell in enumerate(cells))
    frame = lb.read_samples(written(tmp_path, "a.csv", content), id="key")
    assert frame["cell"].tolist() == values


# Ids


@pytest.mark.parametrize(
    ("cells", "ids"),
    [
        (["7", "12", "-3", "0"], [7, 12, -3, 0]),
        (["007", "12"], ["007", "12"]),
        (["7", "7.0"], ["7", "7.0"]),
        (["7", "x"], ["7", "x"]),
        (["+7", "1_000"], ["+7", "1_000"]),
        (["NA", "null"], ["NA", "null"]),
        (["1e5", "1e6"], ["1e5", "1e6"]),
        ([str(2**63), "1"], [str(2**63), "1"]),
        ([str(2**53 + 1)], [2**53 + 1]),
    ],
)
def test_csv_ids_become_ints_only_where_that_loses_nothing(tmp_path, cells, ids):
    content = "key,text\n" + "".join(f"{cell},t\n" for cell in cells)
    frame = lb.read_samples(written(tmp_path, "a.csv", content), id="key")
    assert frame.index.tolist() == ids
    assert (frame.index.name, frame.columns.tolist()) == ("key", ["text"])


@pytest.mark.parametrize("ids", [["007", "7"], [7, 8], [2**63, 1]])
@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_ids_of_typed_files_keep_their_type(tmp_path, kind, ids):
    path = tmp_path / f"a.{kind}"
    if kind == "parquet":
        pd.DataFrame({"key": ids, "text": "t"}).to_parquet(path)
    else:
        path.write_text(lines(*({"key": value, "text": "t"} for value in ids)))
    assert lb.read_samples(path, id="key").index.tolist() == ids


def test_the_ids_may_be_the_index_that_pandas_stored_in_a_parquet_file(tmp_path):
    path = tmp_path / "a.parquet"
    pd.DataFrame({"text": ["x", "y"]}, index=pd.Index(["b", "a"], name="key")).to_parquet(path)
    assert lb.read_samples(path, id="key").to_dict() == {"text": {"b": "x", "a": "y"}}
    rule = lb.LabelingFunction("rule", lambda x: x.key if x.text == "y" else None)
    assert lb.apply(rule, path, lb.LabelSchema(["a", "b"]), id="key").to_array().tolist() == [
        [-1],
        [0],
    ]


@pytest.mark.parametrize("call", ["read_samples", "apply"])
def test_a_path_as_text_works_like_a_path(tmp_path, schema, call):
    path = str(written(tmp_path, "a.CSV", "key,text\na,hi\n"))
    rule = lb.LabelingFunction("rule", lambda x: x.text == "hi", label="ham")
    if call == "apply":
        assert lb.apply(rule, path, schema, id="key").to_array().tolist() == [[0]]
    else:
        assert lb.read_samples(path, id="key").loc["a", "text"] == "hi"


# Errors


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "key,t\na,1\na,2\n", "ids in column 'key' must be unique.*more than once: 'a'"),
        ("a.csv", "key,t\na,1\n,2\n", "ids in column 'key' must not be missing.*rows 1"),
        ("a.jsonl", lines({"key": 7}, {"key": 7}), "more than once: 7"),
        ("a.jsonl", lines({"key": 7}, {"t": 7}), "must not be missing. Missing in rows 1"),
        ("a.csv", "kye,t\na,1\n", "no column 'key' .*'kye', 't'.* Did you mean 'kye'"),
        ("a.jsonl", lines({"kye": 1}), "Did you mean 'kye'"),
        ("a.csv", "", "must have a name for each column. It is empty"),
        ("a.csv", "key,t\n", "at least one sample. Got an empty table"),
        ("a.csv", "key,t\na,1\nb,2,3\n", "cannot be read as .csv: .*Row #3: Expected 2 .*got 3"),
        ("a.csv", "key,t\na,1\nb\n", "cannot be read as .csv: .*Row #3: Expected 2 .*got 1"),
        ("a.jsonl", '{"key": 1, "key": 2}', "line 1 is not JSON: a key is given twice"),
        ("a.jsonl", '{"key": ' + "[" * 100_000, "line 1 is not JSON"),
        ("a.csv", "key,t\na,1,2\nb,2,3\n", "cannot be read as .csv: .*Row #2: Expected 2 .*got 3"),
        ("a.csv", "key,t,\na,1,2\n", "must have a name for each column. Column 3 has none"),
        ("a.csv", "key,t,t\na,1,2\n", "different names. Given twice: 't'"),
        ("a.csv", b"key,t\na,\xff\n", "cannot be read as .csv: 'utf-8' codec"),
        ("a.jsonl", "", "at least one sample. Got an empty table"),
        ("a.jsonl", '{"key": 1}\n\n{"key": \n', "'a.jsonl', line 3 is not JSON"),
        ("a.jsonl", '{"key": 1}\n[1]\n', r"line 2 must be a JSON object. Got \[1\]"),
        ("a.parquet", b"PAR1 not really", "cannot be read as .parquet"),
        ("a.parquet", b"", "cannot be read as .parquet"),
        ("a.xls", b"", r"one of the kinds \.parquet, \.csv, .* Got 'a.xls'"),
        ("a.xlsx", b"", "cannot be read as .xlsx: File is not a zip file"),
        ("a.feather", b"ARROW1 not really", "cannot be read as .feather"),
        ("a.json", '{"key": 1}', "must hold a JSON array of objects"),
        ("a.json", "[1]", "element 1 must be a JSON object. Got 1"),
        ("a.csv.gz", b"key,t\na,1\n", "'a.csv.gz' cannot be unpacked: Not a gzipped file"),
        ("a.parquet.gz", b"", "Got 'a.parquet.gz'"),
    ],
)
def test_a_file_that_holds_no_samples_is_refused_with_the_reason(tmp_path, name, content, message):
    with pytest.raises(DataError, match=message):
        lb.read_samples(written(tmp_path, name, content), id="key")


def test_a_file_that_is_not_there_comes_with_a_near_name(tmp_path):
    written(tmp_path, "comments.csv", "key\n1\n")
    with pytest.raises(DataError, match=r"no file '.*coments.csv'. Did you mean 'comments.csv'\?"):
        lb.read_samples(tmp_path / "coments.csv", id="key")
    with pytest.raises(DataError, match=r"no file '.*a.csv'\.$"):
        lb.read_samples(tmp_path / "nowhere" / "a.csv", id="key")


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path, kind):
    content = "key,text\na,hi\n" if kind == "csv" else lines({"key": "a", "text": "hi"})
    path = written(tmp_path, f"a.{kind}", b"\xef\xbb\xbf" + content.encode())
    assert lb.read_samples(path, id="key").index.tolist() == ["a"]


def test_a_stored_index_stays_a_column(tmp_path):
    frame = pd.DataFrame(
        {"other": ["x", "y"], "text": ["a", "b"]}, index=pd.Index([7, 8], name="id")
    )
    frame.to_parquet(tmp_path / "a.parquet")
    read = lb.read_samples(tmp_path / "a.parquet", id="other")
    assert (read.index.tolist(), read["id"].tolist()) == (["x", "y"], [7, 8])


@pytest.mark.parametrize(
    ("content", "texts"),
    [
        ("\n\nkey,t\n1,b\n", ["b"]),
        ("key,t\n1,b\n\n2,c\n", ["b", "c"]),
        ("key,t\n1," + "a" * 3_000_000 + "\n2,c\n", ["a" * 3_000_000, "c"]),
        ('key,t\r\n1,"b\r\nc"\r\n', ["b\r\nc"]),
        ('\ufeffkey,"t"\n1,b\n', ["b"]),
    ],
    ids=["leading lines", "a line between", "a long row", "windows", "a mark of byte order"],
)
def test_csv_of_any_shape_is_read(tmp_path, content, texts):
    frame = lb.read_samples(written(tmp_path, "a.csv", content.encode()), id="key")
    assert frame["t"].tolist() == texts


def test_a_header_that_is_no_header_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"cannot be read as \.csv"):
        lb.read_samples(written(tmp_path, "a.csv", "k" * 200_000), id="key")


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_a_text_of_another_encoding_is_told_to_be_saved_again(tmp_path, kind):
    content = "key,text\na,grün\n" if kind == "csv" else '{"key": "a", "text": "grün"}\n'
    path = written(tmp_path, f"a.{kind}", content.encode("latin-1"))

    with pytest.raises(DataError, match="It must be a text in UTF-8: save it again"):
        lb.read_samples(path, id="key")
