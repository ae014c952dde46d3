"""Files that people bring: tables of several labels, CoNLL, texts with entities. No span moves."""

from __future__ import annotations

import csv
import json
import re
import tempfile
import warnings
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import labeling as lb
from labeling.annotation_files import read_annotations
from labeling.errors import DataError, MisalignedSpansWarning
from labeling.project.annotation_matching import ExistingLabels
from labeling.project.importing import Imported, ImportOptions, match_annotations
from labeling.records import Span, clean_text
from tests.support.span_sets import PER_ORG, given_spans

MOODS = lb.LabelSchema(["joy", "anger", "thanks"], kind="several")
TEXTS = {"s1": "Ann \U0001f600 left Acme Inc", "s2": "x  y\r\nz", "s3": "Bob"}


def imported(
    path: Path, schema: lb.LabelSchema, texts: dict[str, str] = TEXTS, **options: Any
) -> Imported:
    """Return what a file would bring to a project with these texts."""
    reading = {name: options.pop(name) for name in ("format", "delimiter") if name in options}
    source = read_annotations(path, labels=schema.labels, **reading)
    samples = pd.DataFrame({"text": pd.Series(texts, dtype=object)})
    samples.index.name = "id"
    existing = ExistingLabels(schema, samples, samples[:0], "text", (), {})
    return match_annotations(source, existing, ImportOptions(annotator="ann", **options))


def votes_of(found: Imported) -> dict[object, object]:
    return {vote.sample_id: vote.label for vote in found.votes}


def written(tmp_path: Path, text: str, name: str = "file.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(text.encode("utf-8"))
    return path


@pytest.mark.parametrize(
    "text",
    [
        "id,joy,anger,thanks\ns1,1,0,1\ns2,0,0,0\n",
        "id,label_joy,label_anger,label_thanks,p_joy\ns1,1,0,1,0.9\ns2,0,0,0,0.1\n",
        "id,joy,anger,thanks\ns1,x,,X\ns2,no,No,FALSE\n",
        "id,joy,anger,thanks\ns1,1.0,0.0,1.0\ns2,0.0,0.0,0.0\n",
        'id,labels\ns1,"[""joy"", ""thanks""]"\ns2,[]\n',
        "id,label\ns1,joy\ns2,\ns1,thanks\n",
    ],
)
def test_several_labels_in_tables(tmp_path, text):
    found = imported(written(tmp_path, text), MOODS)
    assert {"s1": frozenset({"joy", "thanks"}), "s2": frozenset()} == votes_of(found)
    assert {} == found.left_out


@pytest.mark.parametrize("delimiter", ["|", ";", " / "])
def test_labels_with_a_delimiter_between_them(tmp_path, delimiter):
    text = f"id,label\ns1,joy{delimiter}thanks\ns2,\ns3,anger{delimiter}\n"
    found = imported(written(tmp_path, text), MOODS, delimiter=delimiter)
    expected = {"s1": {"joy", "thanks"}, "s2": set(), "s3": {"anger"}}
    assert expected == votes_of(found)


def test_a_label_with_the_delimiter_or_a_bracket_in_its_name_stays_whole(tmp_path):
    schema = lb.LabelSchema(["a|b", "c", "[d]"], kind="several")
    found = imported(written(tmp_path, "id,label\ns1,a|b\ns2,c|a\ns3,[d]\n"), schema, delimiter="|")
    assert {"s1": {"a|b"}, "s3": {"[d]"}} == votes_of(found)
    assert {"annotations without a label of this project ('a')": 1} == found.left_out


def test_rows_of_a_wide_table_that_say_nothing_are_counted(tmp_path):
    text = "id,joy,anger,thanks\ns1,,,\ns2,0,,0\ns3,1,,0\n"
    found = imported(written(tmp_path, text), MOODS)
    assert {"s3": {"joy"}} == votes_of(found)
    assert {
        "rows with empty cells of labels beside zeros, and no label marked": 1,
        "rows without an answer (the cells of all labels are empty)": 1,
    } == found.left_out


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("id,joy,anger\ns1,1,0\n", "one column for each label.*'thanks'"),
        ("id,joy,label_joy,anger,thanks\ns1,1,0,0,0\n", "one column for each label.*'joy'"),
        ("id,joy,anger,thanks\ns1,2,0,0\n", "row 2: column 'joy' must hold 1.*'2'"),
        ("id,joy,anger,thanks\ns1,1,0,0\ns1,0,0,0\n", "row 2, 3.*say the same"),
        ("id,labels\ns1,\"['joy']\"\n", "row 2: a list must be JSON"),
        ('id,labels\ns1,"[1]"\n', "row 2: a list must be JSON"),
        ('id,labels\ns1,"[[0, 3]]"\n', "row 2: a list must be JSON"),
        ('id,labels\ns1,"[[0, 3, ""PER""], ""joy""]"\n', "row 2: a list must be JSON"),
        ("id,label,labels\ns1,joy,joy\n", "must have the columns"),
        ("joy,anger,thanks\n1,0,0\n", "must have the columns"),
    ],
)
def test_a_wrong_table_names_its_row(tmp_path, text, words):
    with pytest.raises(DataError, match=words):
        imported(written(tmp_path, text), MOODS)


def test_a_delimiter_is_for_tables_only(tmp_path):
    with pytest.raises(DataError, match=r"`delimiter` must be of the labels in a CSV table"):
        imported(written(tmp_path, "Ann B-PER\n", "a.conll"), PER_ORG, delimiter="|")


def test_a_table_without_ids_is_matched_by_its_texts(tmp_path):
    found = imported(written(tmp_path, "text,label\nBob,joy\nno,joy\n"), MOODS, by_text=True)
    assert {"s3": {"joy"}} == votes_of(found)
    assert {"annotations of no sample of this project": 1} == found.left_out


def test_marks_of_ground_truth_become_gold(tmp_path):
    text = "id,joy,anger,thanks,ground_truth\ns1,1,0,0,1\ns2,0,0,0,yes\ns3,1,0,0,0\n"
    found = imported(written(tmp_path, text), MOODS)
    assert {"s1": {"joy"}, "s2": frozenset()} == found.gold
    assert {"s3": {"joy"}} == votes_of(found)


def test_spans_as_json_in_cells(tmp_path):
    lee = [{"start": 6, "end": 10, "label": "PER", "text": "left"}]
    path = tmp_path / "spans.csv"
    rows = [("s1", json.dumps(lee)), ("s2", "[]"), ("s3", json.dumps([[0, 3, "PER"]]))]
    pd.DataFrame(rows, columns=["id", "spans"]).to_csv(path, index=False)
    expected = {"s1": (Span(6, 10, "PER"),), "s2": (), "s3": (Span(0, 3, "PER"),)}
    assert expected == votes_of(imported(path, PER_ORG))
    # Without its text it is unclear how an offset after an emoji counts.
    pd.DataFrame([("s1", '[[6, 10, "PER"]]')], columns=["id", "spans"]).to_csv(path, index=False)
    found = imported(path, PER_ORG)
    assert ({}, 1) == (votes_of(found), len(found.problems))


ENTITIES = [
    {"entities": [[0, 3, "PER"], [11, 15, "ORG"]]},
    {"spans": [{"start": 0, "end": 3, "label": "PER"}, {"start": 11, "end": 15, "label": "ORG"}]},
    {"ents": [{"start_char": 0, "end_char": 3, "label": "PER"}, (11, 15, "ORG")]},
    {"entities": [{"start": 0, "end": 3, "label": "PER", "text": "Ann"},
                  {"start": 12, "end": 16, "label": "ORG", "text": "Acme"}]},
]  # fmt: skip


@pytest.mark.parametrize("row", ENTITIES)
@pytest.mark.parametrize("by_text", [True, False])
def test_texts_with_entities(tmp_path, row, by_text):
    (name,) = row
    rows = [{"id": key, "text": text, name: []} for key, text in TEXTS.items()]
    rows[0] |= row
    rows[2] |= {name: [{"start": 0, "end": 4, "label": "PER"}]}  # ends after its text
    found = imported(
        written(tmp_path, "\n".join(map(json.dumps, rows)), "e.jsonl"), PER_ORG, by_text=by_text
    )
    expected = {"s1": (Span(0, 3, "PER"), Span(11, 15, "ORG")), "s2": ()}
    assert expected == votes_of(found)
    assert 1 == len(found.problems) == sum(found.left_out.values())


def test_pairs_of_a_text_and_its_entities(tmp_path):
    rows = [[text, {"entities": []}] for text in TEXTS.values()]
    rows[2][1]["entities"] = [[0, 3, "PER"]]
    found = imported(written(tmp_path, json.dumps(rows), "train.json"), PER_ORG, by_text=True)
    assert {"s1": (), "s2": (), "s3": (Span(0, 3, "PER"),)} == votes_of(found)


MALFORMED = [
    ["abc"], [[0, 3]], [[0, 3, "PER", 1]], [[0, 3, 5]], [None], [7], [{}], [{"label": 1}],
    [{"start": 0, "end": 3}], [{"start_offset": 0, "end_offset": 3}],
]  # fmt: skip


@pytest.mark.parametrize("name", ["entities", "spans"])
@pytest.mark.parametrize("items", MALFORMED)
def test_entities_of_another_form_are_counted_and_keep_nothing_back(tmp_path, name, items):
    rows = [{"id": "s3", "text": "Bob", name: items}, {"id": "s1", "text": "", name: []}]
    found = imported(written(tmp_path, "\n".join(map(json.dumps, rows)), "e.jsonl"), PER_ORG)
    assert {"s1": ()} == votes_of(found)
    assert ["line 1" in reason for reason in found.left_out] == [True]


@pytest.mark.parametrize("items", [MALFORMED[1], *MALFORMED[4:]])
def test_doccanos_spans_of_another_form_are_counted(tmp_path, items):
    rows = [{"id": "s3", "text": "Bob", "label": [[0, 3, "PER"]]}]
    rows += [{"id": "s1", "text": "x", "label": items}]
    found = imported(written(tmp_path, "\n".join(map(json.dumps, rows)), "e.jsonl"), PER_ORG)
    assert {"s3"} == set(votes_of(found))
    assert 1 == sum(found.left_out.values())


def test_entities_without_offsets_are_nowhere(tmp_path):
    row = {"id": "s3", "text": "Bob", "entities": [{"label": "PER"}]}
    found = imported(written(tmp_path, json.dumps(row), "e.jsonl"), PER_ORG)
    assert ({}, 1) == (votes_of(found), len(found.problems))


def test_prodigy_spans_beyond_their_text_are_not_cut_short(tmp_path):
    span = {"start": 0, "end": 99, "label": "PER"}
    row = {"id": "s3", "text": "Bob", "spans": [span], "answer": "accept"}
    found = imported(written(tmp_path, json.dumps(row), "p.jsonl"), PER_ORG)
    assert ({}, 1) == (votes_of(found), len(found.problems))


def test_doccanos_entities_and_relations(tmp_path):
    entity = {"id": 7, "label": "PER", "start_offset": 0, "end_offset": 3}
    row = {"id": 1, "key": "s3", "text": "Bob", "entities": [entity], "relations": []}
    path = written(tmp_path, json.dumps(row), "d.jsonl")
    assert {"s3": (Span(0, 3, "PER"),)} == votes_of(imported(path, PER_ORG, by="key"))
    both = {**row, "label": [[0, 3, "ORG"]], "relations": [{"id": 1}]}
    found = imported(written(tmp_path, json.dumps(both), "d.jsonl"), PER_ORG, by="key")
    assert {"entities": 1, "relations": 1} == found.left_out


PLAIN = {"a": "Ann Lee met Bob", "b": "Acme Inc .", "c": "none here"}
CONLL = {
    "IOB1": ["I-PER I-PER O B-PER", "I-ORG B-ORG O", "O O"],
    "BIO": ["B-PER I-PER O B-PER", "B-ORG B-ORG O", "O O"],
    "BIOES": ["B-PER E-PER O S-PER", "S-ORG S-ORG O", "O O"],
    "BILOU": ["B-PER L-PER O U-PER", "U-ORG U-ORG O", "O O"],
}
PLACES = {
    "a": (Span(0, 7, "PER"), Span(12, 15, "PER")),
    "b": (Span(0, 4, "ORG"), Span(5, 8, "ORG")),
    "c": (),
}


def conll(texts, tags, ids=True, separator="\t", columns=""):
    blocks = []
    for (key, text), names in zip(texts.items(), tags, strict=True):
        lines = [f"# id = {key}"] if ids else []
        pairs = zip(text.split(), names.split(), strict=True)
        lines += [f"{token}{separator}{columns}{tag}" for token, tag in pairs]
        blocks.append("\n".join(lines) + "\n")
    return "\n".join(blocks)


@pytest.mark.parametrize("scheme", CONLL)
@pytest.mark.parametrize("ids", [True, False])
def test_conll_files_of_every_scheme(tmp_path, scheme, ids):
    tags = CONLL[scheme] if scheme != "IOB1" else ["I-PER I-PER O I-PER", *CONLL[scheme][1:]]
    path = written(tmp_path, conll(PLAIN, tags, ids), "a.conll")
    found = imported(path, PER_ORG, PLAIN, by_text=not ids)
    assert (PLACES, {}) == (votes_of(found), found.left_out)
    long = conll(PLAIN, tags, ids, " ", "NN I-NP ").replace("\n", "\r\n")
    path = written(tmp_path, f"-DOCSTART- -X- -X- O\r\n\r\n{long}", "a.txt")
    found = imported(path, PER_ORG, PLAIN, by_text=not ids, format="conll")
    assert (PLACES, {}) == (votes_of(found), found.left_out)


@pytest.mark.parametrize(
    ("tags", "kept", "why"),
    [
        (["B-PER I-PER O B-PER", "I-ORG O O", "O O"], "ac", "begin with I-.*line 7"),
        (["B-PER E-PER O S-PER", "B-ORG O O", "O O"], "ac", "no whole spans.*line 7"),
        (["B-PER E-PER O S-PER", "E-ORG O O", "O B-PER"], "a", "no whole spans.*line 7.*line 12"),
        (["B-PER I-ORG O O", "O O O", "O O"], "bc", "begin with I-.*line 1"),
    ],
)
def test_tags_of_no_scheme_are_left_out_and_named(tmp_path, tags, kept, why):
    found = imported(written(tmp_path, conll(PLAIN, tags), "a.bio"), PER_ORG, PLAIN)
    assert set(kept) == set(votes_of(found))
    (reason,) = found.left_out
    assert re.search(why, reason)
    assert len(PLAIN) - len(kept) == found.left_out[reason]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Ann Lee met Rob", "Token 4 is 'Bob', and the text goes on with 'Rob'"),
        ("Ann Lee, met Bob", "Token 3 is 'met', and the text goes on with ', met Bob'"),
        ("Ann Lee met Bob!", "After the last of 4 the text goes on with '!'"),
    ],
)
def test_tokens_that_are_not_those_of_the_text_are_left_out_and_named(tmp_path, text, words):
    path = written(tmp_path, conll({"a": PLAIN["a"]}, CONLL["BIO"][:1]), "a.conll")
    found = imported(path, PER_ORG, {"a": text})
    assert {"annotations whose tokens are not those of the text": 1} == found.left_out
    assert ({}, True) == (votes_of(found), words in found.problems[0].what)
    assert {"annotations of no sample of this project": 1} == imported(
        path, PER_ORG, {"a": text}, by_text=True
    ).left_out


@pytest.mark.parametrize("line", ["Ann", "Ann PER", "Ann B-", "\tO", "Ann X-PER"])
def test_a_line_without_a_tag_is_named(tmp_path, line):
    path = written(tmp_path, f"Bob O\n{line}\n", "a.conll")
    with pytest.raises(DataError, match="line 2 must have a token and a tag"):
        imported(path, PER_ORG)


PARTS = ["a", "B", "é", "e\u0301", "\U0001f600", "\U0001f468\u200d\U0001f469\u200d\U0001f467",
         "\U0001f1e9\U0001f1ea", "\u05d0\u05d1", "\u0645", "\r\n", "\u00a0", "\u200b", " ", "\t",
         "\u2028", "\ufeff", "#", "-", '"', ",", "[", "\u202e", "\U0001f44d\U0001f3fd"]  # fmt: skip


@st.composite
def texts_with_spans(draw):
    text = clean_text("".join(draw(st.lists(st.sampled_from(PARTS), min_size=1, max_size=12))))
    edges = draw(st.lists(st.integers(0, len(text)), max_size=6, unique=True).map(sorted))
    pairs = zip(edges[::2], edges[1::2], strict=False)
    return text, [(start, end, draw(st.sampled_from(["PER", "ORG"]))) for start, end in pairs]


EMOJI = "\U0001f600"


@settings(max_examples=60, deadline=None)
@example([(f"{EMOJI} b\r\n{EMOJI}c", [(2, 3, "PER"), (6, 7, "ORG")])])
@given(st.lists(texts_with_spans(), min_size=1, max_size=3))
def test_no_span_moves_on_its_way_through_a_file(samples) -> None:
    texts = {f"s{number}": text for number, (text, _) in enumerate(samples)}
    wanted = {f"s{number}": sorted(spans) for number, (_, spans) in enumerate(samples)}
    with tempfile.TemporaryDirectory() as folder:
        for path in entity_files(Path(folder), texts, wanted):
            found = imported(path, PER_ORG, texts)
            assert {key: tuple(map(Span._make, spans)) for key, spans in wanted.items()} == (
                votes_of(found)
            ), path.name
        path = Path(folder) / "bare.csv"
        write_csv(path, {key: json.dumps(spans) for key, spans in wanted.items()})
        bare = imported(path, PER_ORG, texts)
        assert len(texts) - len(bare.votes) == sum(bare.left_out.values()) == len(bare.problems)
        for key, label in votes_of(bare).items():
            assert list(label) == wanted[key]
        check_conll(Path(folder), texts, wanted)


def entity_files(folder: Path, texts: dict[str, str], wanted: dict[str, list]) -> list[Path]:
    """Write the spans as entities, as Prodigy's spans, and as JSON in cells with their texts."""
    rows = [{"id": key, "text": texts[key], "entities": spans} for key, spans in wanted.items()]
    (folder / "e.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    items = {
        key: [
            {"start": start, "end": end, "label": label, "text": texts[key][start:end]}
            for start, end, label in spans
        ]
        for key, spans in wanted.items()
    }
    rows = [{"id": key, "text": texts[key], "spans": spans} for key, spans in items.items()]
    (folder / "p.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    write_csv(folder / "c.csv", {key: json.dumps(spans) for key, spans in items.items()})
    return sorted(folder.iterdir())


def write_csv(path: Path, cells: dict[str, str]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("id", "spans"), *cells.items()])


def check_conll(folder: Path, texts: dict[str, str], wanted: dict[str, list]) -> None:
    """Check that a CoNLL file of the aligned spans gives these, matched by its tokens."""
    keys = [key for key, text in texts.items() if text.split()]
    if not keys:
        return
    train = given_spans([texts[key] for key in keys], [wanted[key] for key in keys])
    for scheme in ("BIO", "BIOES", "BILOU"):
        path = folder / f"{scheme}.conll"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", MisalignedSpansWarning)
            dropped = train.to_conll(path, scheme=scheme)
        lost = {tuple(row) for row in dropped[["sample", "start", "end"]].to_numpy().tolist()}
        found = imported(path, PER_ORG, texts, by_text=True)
        shared = [key for key in keys if compact(texts).count("".join(texts[key].split())) > 1]
        expected = {
            key: tuple(Span(*span) for span in wanted[key] if (f"s{number}", *span[:2]) not in lost)
            for number, key in enumerate(keys)
            if key not in shared
        }
        assert expected == votes_of(found), scheme
        assert len(shared) == sum(found.left_out.values())


def compact(texts: dict[str, str]) -> list[str]:
    return ["".join(text.split()) for text in texts.values()]
