"""Regions of Label Studio are read at the offsets that their text says, or not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import labeling as lb
from labeling.errors import LabelingError, PlatformError
from labeling.label_studio.config_reader import read_interface
from labeling.label_studio.interface import NotCountedError
from labeling.label_studio.label_controls import CONTROLS
from labeling.label_studio.labeling_config import annotator_config, reviewer_config
from labeling.label_studio.span_interface import SpanInterface
from labeling.records import placed

SCHEMA = lb.LabelSchema(["PER", "ORG"], {"PER": "People, <not> gods."}, kind="spans")
SETS = lb.LabelSchema(["joy", "$anger"], kind="several")
ONE = lb.LabelSchema(["joy", "$anger"])
INTERFACE = SpanInterface("label", "text", "text", SCHEMA.labels, controls=frozenset({"label"}))
PIECES = [
    *("Ann", "Bob", " ", "  ", "\t", "\n", "\r\n", "\xa0", "e\u0301", "\U0001f600", "\\n"),
    *("\U0001f469\u200d\U0001f4bb", "\u05e9\u05dc\u05d5\u05dd", "\u202eabc\u202c", "\ufeff", "&"),
]
TEXTS = st.lists(st.sampled_from(PIECES), min_size=1, max_size=30).map("".join)


def region(start, end, text, labels=("PER",), **more):
    value = {"start": start, "end": end, "text": text, "labels": list(labels)}
    return {"from_name": "label", "to_name": "text", "type": "labels", "value": value, **more}


def read(text, *regions, interface=INTERFACE):
    return interface.read(regions, text, SCHEMA)[0]


def utf16(text, index):
    return len(text[:index].encode("utf-16-le")) // 2


@st.composite
def marked(draw):
    """Return a text and spans in it, of which none has the offsets of another."""
    text = draw(TEXTS)
    places = st.tuples(st.integers(0, len(text) - 1), st.integers(1, len(text)))
    pairs = draw(st.sets(places.filter(lambda place: place[0] < place[1]), max_size=4))
    labels = [draw(st.sampled_from(SCHEMA.labels)) for _ in pairs]
    spans = (lb.Span(*place, label) for place, label in zip(pairs, labels, strict=True))
    return text, tuple(sorted(spans))


@given(marked())
def test_spans_come_back_as_they_are_written(case):
    text, spans = case
    items = INTERFACE.result(spans, text)

    assert spans == read(text, *items)
    assert [text[span.start : span.end] for span in spans] == [
        item["value"]["text"] for item in items
    ]


@given(marked())
def test_line_breaks_may_come_as_the_page_stores_them(case):
    text, spans = case
    items = [
        region(
            *span[:2],
            text[span.start : span.end].replace("\r", "\n").replace("\n", "\\n"),
            [span.label],
        )
        for span in spans
    ]

    assert spans == read(text, *items)


@given(marked())
def test_offsets_in_utf16_units_are_read_if_the_text_is_there_and_never_moved_else(case):
    """Where the same text is at both places, the offsets in code points count."""
    text, spans = case
    for span in spans:
        words = text[span.start : span.end]
        start, end = utf16(text, span.start), utf16(text, span.end)
        found = placed(start, end, words, text)

        if text[start:end] == words:
            assert (start, end) == found
        elif found != span[:2]:
            assert found is None or text[slice(*found)] == words.replace("\\n", "\n")


def test_a_region_that_is_off_is_read_where_its_text_is_only_once_nearby():
    text = "Ann met Bob. " + "." * 40 + " Bob"

    assert (lb.Span(8, 11, "PER"),) == read(text, region(5, 8, "Bob"))
    assert (8, 11) == placed(24, 27, "Bob", text)
    assert None is placed(25, 28, "Bob", text)
    assert None is placed(1, 4, "Bob", "Bob Bob Bob")
    assert None is placed(1, 4, "", text)


def test_without_its_text_a_region_is_read_where_both_units_agree():
    text = "Ann met \U0001f600 Bob"

    assert (0, 3) == placed(0, 3, None, text)
    assert None is placed(10, 13, None, text)
    assert None is placed(0, 99, None, text)


@pytest.mark.parametrize(
    ("regions", "message"),
    [
        ([region(0, 3, "Ann", [])], "The region 'Ann' has none"),
        ([{"to_name": "text", "value": {"start": 0, "end": 3, "text": "Ann"}}], "'Ann' has none"),
        ([region(0, 3, "Ann", ["PER", "ORG"])], r"The region 'Ann' has \['PER', 'ORG'\]"),
        ([region(0, 3, "Ann"), region(0, 3, "Ann", ["ORG"])], "'Ann' has 'ORG', 'PER'"),
        ([region(0, 3, "Eve")], "'Eve' is said to be from 0 to 3, where the text has 'Ann'"),
        ([region(2, 2, "")], "from 2 is said to be from 2 to 2, where the text has ''"),
        ([region("0", 3, "Ann")], "said to be from '0' to 3"),
        ([region(0, 3, "Ann", ["PRE"])], "must be one of 'PER', 'ORG'. Got 'PRE'. Did you"),
        ([{**region(0, 3, "Ann"), "from_name": "old"}], "Got results of 'old': it was renamed"),
        ([{"from_name": "label", "type": "labels", "value": None}], "has none"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_text(regions, message):
    with pytest.raises(NotCountedError, match=message):
        read("Ann met Bob.", *regions)


def test_what_means_the_same_counts_once_and_what_overlaps_counts():
    text = "Ann met Bob."
    same = read(text, region(0, 3, "Ann"), region(0, 3, "Ann", id="other"))
    both = read(text, region(0, 11, text[:11]), region(8, 11, "Bob", ["ORG"]))

    assert (lb.Span(0, 3, "PER"),) == same
    assert (lb.Span(0, 11, "PER"), lb.Span(8, 11, "ORG")) == both
    assert () == read(text)
    relation = {"type": "relation", "from_id": "a", "to_id": "b", "direction": "right"}
    assert () == read(text, relation)


@pytest.mark.parametrize(
    ("origins", "expected"),
    [
        (("manual", "manual"), "manual"),
        (("prediction", "prediction"), "prediction"),
        (("prediction", "manual"), "prediction-changed"),
        (("prediction-changed", "prediction"), "prediction-changed"),
        (("", "manual"), "manual"),
    ],
)
def test_the_origin_is_that_of_all_regions(origins, expected):
    regions = [region(0, 3, "Ann", origin=origins[0]), region(8, 11, "Bob", origin=origins[1])]

    assert expected == INTERFACE.read(regions, "Ann met Bob.", SCHEMA)[1]


@pytest.mark.parametrize("schema", [ONE, SETS, SCHEMA])
@pytest.mark.parametrize("config", [annotator_config, reviewer_config])
def test_a_generated_config_is_read_as_its_own_kind_and_as_no_other(schema, config):
    interface = read_interface(config(schema), "mails", schema)

    assert (schema.kind, "label", "text", "text", schema.labels) == (
        *(interface.KIND, interface.control, interface.target, interface.text),
        interface.labels,
    )
    for other in {ONE, SETS, SCHEMA} - {schema}:
        with pytest.raises(PlatformError, match=f"there .kind='{schema.kind.value}'"):
            read_interface(config(schema), "mails", other)


def test_of_several_controls_the_one_of_the_kind_is_taken():
    config = """<View><Text name="t" value="$body"/><Text name="u" value="$other"/>
      <Choices name="c" toName="t" choice="multiple"><Choice value="a"/></Choices>
      <Labels name="wrong" toName="u"><Label value="X"/></Labels>
      <Labels name="l" toName="t"><Label value="PER" alias="P"/><Label value="$ORG"/></Labels>
      <Labels name="several" toName="t" choice="multiple"><Label value="X"/></Labels></View>"""
    interface = read_interface(config, "p", lb.LabelSchema(["P", "$ORG"], kind="spans"))

    assert ("l", "t", "body", ("P", "$ORG")) == (
        *(interface.control, interface.target, interface.text, interface.labels),
    )
    assert {"body", "other"} == interface.keys
    assert "c" == read_interface(config, "p", lb.LabelSchema(["a"], kind="several")).control


def test_labels_have_hotkeys_and_hints_and_words_are_marked_whole():
    config = annotator_config(SCHEMA)

    assert '<Label value="PER" hotkey="1" hint="People, &lt;not&gt; gods." />' in config
    assert '<Labels name="label" toName="text" choice="single">' in config
    assert 'granularity="word"' in config
    assert "white-space: pre-wrap" in config
    assert CONTROLS[SCHEMA.kind].question in config


@pytest.mark.parametrize("label", ["PER", frozenset({"PER"})])
def test_a_label_of_another_kind_is_an_error_of_the_caller(label):
    with pytest.raises(LabelingError, match="must be a tuple of spans"):
        INTERFACE.result(label, "Ann")
